//! Part `peers`: our bench plugin next to the same contract on the Go SDK, as processes of one Go host.

use std::fmt::Write as _;

use super::report::{self, Report, Subject, Workload};
use super::subjects::{Build, Workshop};
use super::{machine, units};

const GO: &str = "go";
const RUST: &str = "rust";

pub(super) fn measure(scale: f64) -> anyhow::Result<String> {
    let workshop = Workshop::open()?;
    let host = workshop.go_host()?;
    let go = workshop.go_plugin()?;
    let rust = workshop.rust_plugin(RUST, Build::RELEASE)?;
    let report = report::measure(&host, &[(GO, &go), (RUST, &rust)], scale, &[])?;
    Ok(text(&report))
}

fn text(report: &Report) -> String {
    let [go, rust] = report.plugins.as_slice() else { return "no figures".to_owned() };
    let mut text = format!(
        "{}; {}; {}; {}; {} starts, workloads in {} turns.\n\n",
        machine::described(),
        machine::version("rustc", "--version"),
        machine::version("go", "version"),
        report.about.load(),
        report.about.starts,
        report.about.rounds,
    );
    text.push_str("| | Go SDK | Graftwire | ratio |\n|---|---:|---:|---:|\n");
    let kib = |kib: f64| units::bytes(kib * 1024.0);
    let micros = |micros: f64| units::time(micros * 1_000.0);
    line(&mut text, "executable", [go.file_bytes, rust.file_bytes], units::bytes);
    line(&mut text, "start to handshake line", [go, rust].map(|s| s.start_to_line.median_micros), micros);
    line(&mut text, "resident when idle", [go, rust].map(|s| s.idle.resident), kib);
    line(&mut text, "resident at most, over all workloads", [go, rust].map(|s| s.after.peak), kib);
    line(&mut text, "threads at the end", [go, rust].map(|s| f64::from(s.after.threads)), |n| format!("{n}"));
    line(&mut text, "shutdown to exit", [go, rust].map(|s| s.stop_ms * 1_000.0), micros);
    for workload in &go.workloads {
        lines_of(&mut text, workload, rust, micros);
    }
    text
}

/// Latency and processor time of one workload.
fn lines_of(text: &mut String, of_go: &Workload, rust: &Subject, micros: impl Fn(f64) -> String + Copy) {
    let name = &of_go.name;
    let Some(of_rust) = rust.workload(name).filter(|_| of_go.missing.is_empty()) else {
        let _ = writeln!(text, "| {name} | not measured | not measured | |");
        return;
    };
    let both = [of_go, of_rust];
    let calls = of_rust.latency.count;
    line(text, &format!("{name}: median of {calls}"), both.map(|w| w.latency.median_micros), micros);
    line(text, "· 99th percentile", both.map(|w| w.latency.p99_micros), micros);
    line(text, "· plugin's processor time a call", both.map(|w| w.plugin_cpu_micros_per_call), micros);
    line(text, "· plugin's memory at most", both.map(|w| w.peak * 1024.0), units::bytes);
}

fn line(text: &mut String, name: &str, [go, rust]: [f64; 2], show: impl Fn(f64) -> String) {
    let _ = writeln!(text, "| {name} | {} | {} | {} |", show(go), show(rust), units::ratio(go, rust));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str, bytes: u32, health: u32, chunked: &str) -> String {
        format!(
            r#"{{"name":"{name}","fileBytes":{bytes},"startToLine":{{"count":2,"medianMicros":1000,"p99Micros":2000}},
            "idle":{{"vmRssKiB":1024,"vmHwmKiB":1024,"threads":1}},"after":{{"vmRssKiB":1024,"vmHwmKiB":2048,"threads":2}},
            "stopMs":1.5,"workloads":[
              {{"name":"health","latency":{{"count":10,"medianMicros":{health},"p99Micros":900}},"pluginCpuMicrosPerCall":20,"vmRssKiBAfter":1024}},
              {{"name":"chunked",{chunked}"latency":{{}}}}]}}"#
        )
    }

    #[test]
    fn the_table_has_both_sides_and_their_ratio() {
        let (go, rust) =
            (subject("go", 4096, 300, ""), subject("rust", 1024, 100, r#""missing":"no such call","#));
        let report = format!(
            r#"{{"about":{{"loadBefore":"0.10 0.2 0.3 1/2 3","loadAfter":"1.5 1 1 1/2 3","starts":21,"rounds":10}},"plugins":[{go},{rust}]}}"#
        );
        let text = text(&serde_json::from_str(&report).unwrap());
        assert!(text.contains("load 0.10 before, 1.5 after"), "{text}");
        assert!(text.contains("| executable | 4.00 KiB | 1.00 KiB | 4.0× |"), "{text}");
        assert!(text.contains("| health: median of 10 | 300 µs | 100 µs | 3.0× |"), "{text}");
        assert!(text.contains("| chunked | not measured | not measured | |"), "{text}");
    }
}
