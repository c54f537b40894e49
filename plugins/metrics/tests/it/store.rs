//! The store against a real kernel: a process that is killed in the middle of writing, and a disk that is full.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use graftwire_metrics::series::{Labels, METRIC_NAME, SelectLimits, SeriesSource};
use graftwire_metrics::store::{Problem, SeriesId, Store, StoreOptions};

const SERIES: usize = 20;

/// The folder that [`the_process_that_is_killed`] writes to, in a process of its own.
const FOLDER: &str = "GRAFTWIRE_TEST_STORE";

fn options() -> StoreOptions {
    let mut options = StoreOptions::default();
    // So that a kill hits commits to the database as well as the journal.
    options.cut_after = Duration::from_millis(40);
    options
}

fn ids(store: &Store) -> Vec<SeriesId> {
    let labels =
        |n: usize| Labels::new([(METRIC_NAME.into(), "m".into()), ("n".into(), n.to_string().into())]);
    (0..SERIES).map(|n| store.resolve(&labels(n)).unwrap()).collect()
}

fn value(at: i64, series: usize) -> f64 {
    (at % 100_000 * (series as i64 + 1)) as f64 / 8.0
}

fn append(store: &Store, ids: &[SeriesId], at: i64) {
    let batch: Vec<_> = ids.iter().enumerate().map(|(n, id)| (*id, value(at, n))).collect();
    assert_eq!(store.append(at, &batch).stored, SERIES as u64);
}

/// The times of every series' samples, which must be the same for all and carry the values that were stored.
fn times(store: &Store) -> Vec<i64> {
    let found = store.select(&[], i64::MIN, i64::MAX, SelectLimits::default()).unwrap();
    let mut times: Option<Vec<i64>> = None;
    for series in found {
        let n = series.labels.get("n").unwrap().parse().unwrap();
        assert!(series.samples.iter().all(|sample| sample.value == value(sample.at, n)));
        let of_this: Vec<i64> = series.samples.iter().map(|sample| sample.at).collect();
        assert_eq!(*times.get_or_insert_with(|| of_this.clone()), of_this);
    }
    times.unwrap_or_default()
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// Does nothing as a test. In a process of its own it writes until it is killed, and tells what must be there.
#[test]
fn the_process_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Store::open(Path::new(&folder), options()).unwrap();
    let ids = ids(&store);
    let mut at = store.stats().newest.unwrap_or_default().max(now());
    loop {
        for _ in 0..10 {
            at += 1;
            append(&store, &ids, at);
        }
        store.flush();
        println!("flushed {at}");
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_flushed() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = Vec::new();
    for round in 1..=8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::the_process_that_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let flushed = lines.filter_map(|line| line.unwrap().strip_prefix("flushed ")?.parse::<i64>().ok());
        let last = flushed.take(round * 9).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();

        let store = Store::open(folder.path(), options()).unwrap();
        assert!(store.health().is_ok(), "{:?}", store.health());
        let found = times(&store);
        assert!(found.starts_with(&before), "what earlier rounds stored is gone");
        assert!(
            found.last() >= Some(&last),
            "round {round}: {:?} is the last, {last} was flushed",
            found.last()
        );
        let of_this = found.get(before.len()..).unwrap();
        assert!(of_this.is_sorted_by(|a, b| a + 1 == *b), "round {round}: there are gaps");
        before = found;
    }
    assert!(before.len() > 3000);
}

/// A file system in memory of four megabytes, for root only.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "graftwire-test"])
            .arg(folder.path())
            .output()
            .map_err(|error| error.to_string())?;
        match mounted.status.success() {
            true => Ok(Self { folder }),
            false => Err(String::from_utf8_lossy(&mounted.stderr).trim().to_owned()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.folder.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// Fills a disk to the last byte.
fn fill(path: &Path) {
    let mut filler = fs::File::create(path).unwrap();
    for size in [64 << 10, 4096, 1] {
        while std::io::Write::write_all(&mut filler, &vec![1; size]).is_ok() {}
    }
}

#[test]
fn a_full_disk_is_told_and_passes() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(error) => return println!("NOT RUN: a small disk can't be mounted here: {error}"),
    };
    let filler = disk.folder.path().join("filler");
    let folder = disk.folder.path().join("store");
    let store = Store::open(&folder, options()).unwrap();
    let ids = ids(&store);
    let began = now();
    let mut at = began;
    let mut write = |store: &Arc<Store>, flushes: i64| {
        for _ in 0..flushes {
            for _ in 0..10 {
                at += 1;
                append(store, &ids, at);
            }
            store.flush();
        }
        at
    };
    write(&store, 20);
    assert!(store.health().is_ok());

    fill(&filler);
    let last = write(&store, 50);
    let problems = store.health().problems;
    let [Problem::NotWriting { cause, samples }] = &problems[..] else { panic!("{problems:?}") };
    assert!(cause.contains("No space left on device"), "{cause}");
    assert!(*samples >= 500 * SERIES as u64);
    assert_eq!(times(&store), (began + 1..=last).collect::<Vec<_>>(), "all is served from memory");

    fs::remove_file(&filler).unwrap();
    let last = write(&store, 1);
    assert!(store.health().is_ok(), "{:?}", store.health());
    drop(store);
    let store = Store::open(&folder, options()).unwrap();
    assert!(store.health().is_ok());
    assert_eq!(times(&store), (began + 1..=last).collect::<Vec<_>>());
}

#[test]
fn a_start_on_a_full_disk_collects_in_memory() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(error) => return println!("NOT RUN: a small disk can't be mounted here: {error}"),
    };
    let (filler, folder) = (disk.folder.path().join("filler"), disk.folder.path().join("store"));
    fs::create_dir(&folder).unwrap();
    fill(&filler);
    let store = Store::open(&folder, options()).unwrap();
    let ids = ids(&store);
    let at = now();
    append(&store, &ids, at);
    store.flush();
    assert!(matches!(store.health().problems[..], [Problem::NotWriting { .. }]), "{:?}", store.health());
    assert_eq!(times(&store), [at]);
    fs::remove_file(&filler).unwrap();
    store.flush();
    assert!(store.health().is_ok(), "{:?}", store.health());
    drop(store);
    assert_eq!(times(&Store::open(&folder, options()).unwrap()), [at]);
}
