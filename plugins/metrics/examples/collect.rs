//! Collects this machine's metrics into a store for a while and tells what that took: memory, processor time, bytes.
//!
//! `cargo run --profile embedded --example collect -- <folder> [seconds] [series made up in addition]`
//!
//! It deliberately has no queries and no gRPC, so that it shows what collecting and storing take by themselves.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use graftwire_metrics::collect::{CollectOptions, Collector, Ticker};
use graftwire_metrics::series::{Labels, METRIC_NAME};
use graftwire_metrics::store::{Keeper, SeriesId, Store, StoreOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: collect <folder> [seconds] [made-up series]")?;
    let seconds: u64 = arguments.next().unwrap_or("120".to_owned()).parse()?;
    let made_up: usize = arguments.next().unwrap_or("0".to_owned()).parse()?;

    let store = Store::open(Path::new(&folder), StoreOptions::default())?;
    let collector = Collector::new(store.clone(), CollectOptions::default())?;
    let health = collector.health();
    let _keeper = Keeper::start(store.clone())?;
    let _ticker = Ticker::start(collector)?;
    let ids: Vec<SeriesId> = (0..made_up).filter_map(|n| store.resolve(&labels(n))).collect();

    let began = processor_time()?;
    let mut ticks = store.ticks();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    for second in 1..=seconds {
        // Made-up series follow the collector's ticks.
        runtime.block_on(ticks.changed())?;
        let at = *ticks.borrow_and_update();
        let batch: Vec<_> = ids.iter().enumerate().map(|(n, id)| (*id, value(n, at))).collect();
        store.append(at, &batch);
        ticks.mark_unchanged();
        if second % 30 == 0 || second == seconds {
            report(&store, second, processor_time()? - began)?;
        }
    }
    for source in health.sources() {
        println!("{}: {}", source.name, source.problem.as_deref().unwrap_or("fine"));
    }
    Ok(())
}

fn report(store: &Store, seconds: u64, spent: Duration) -> Result<(), Box<dyn Error>> {
    let stats = store.stats();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let wanted = ["VmRSS", "VmHWM", "RssAnon", "Threads"];
    let memory: Vec<_> =
        status.lines().filter(|line| wanted.iter().any(|field| line.starts_with(field))).collect();
    println!(
        "{seconds} s: {} series, {} samples, {} bytes in {} chunks' heads, {} on disk, {:?} a second; {}",
        stats.series,
        stats.appended.stored,
        stats.head_bytes,
        stats.open_series,
        stats.disk_bytes,
        spent / u32::try_from(seconds)?,
        memory.join(", ").replace('\t', " "),
    );
    Ok(())
}

fn labels(n: usize) -> Labels {
    let of = |value: usize| value.to_string().into();
    Labels::new([
        (METRIC_NAME.into(), "made_up_total".into()),
        ("disk".into(), of(n / 8)),
        ("place".into(), of(n % 8)),
    ])
}

/// A counter that grows unevenly.
fn value(n: usize, at: i64) -> f64 {
    let second = at / 1000;
    let noise = (second.wrapping_mul(7919).wrapping_add(n as i64 * 104_729)) % 1013;
    (second * (n as i64 + 1) * 100 + noise) as f64
}

/// What all threads of this process have taken, from the kernel's ticks.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let mut total = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        total += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(total))
}
