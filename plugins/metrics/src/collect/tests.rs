//! The collector over a tree of files such as the kernel's, whole and broken, and over this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::series::{MatchOp, Matcher, SelectLimits, SeriesSource};
use crate::store::{MetricType, StoreOptions};

const STAT: &str = "cpu  30 0 20 5000 10 0 5 0 0 0\n\
    cpu0 10 0 10 2500 5 0 5 0 7 0\n\
    cpu1 20 0 10 2500 5 0 0 0 0 0\n\
    intr 123456 1 2 3 4\n\
    ctxt 987654\n\
    btime 1700000000\n\
    processes 4321\n\
    procs_running 3\n\
    procs_blocked 1\n\
    softirq 55 1 2 3\n";

const FILES: &[(&str, &str)] = &[
    ("proc/stat", STAT),
    ("proc/loadavg", "0.31 0.42 1.05 2/345 6789\n"),
    ("proc/meminfo", "MemTotal:  1024 kB\nMemAvailable: 512 kB\nActive(anon): 4 kB\nHugePages_Total:   7\n"),
    (
        "proc/diskstats",
        " 179 0 mmcblk0 100 2 2000 1500 50 1 800 2500 1 3000 4000 5 0 16 250 9 75\n \
         8 1 sda1 1 1 1 1 1 1 1 1 1 1 1\n 7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n \
         8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n",
    ),
    (
        "proc/net/dev",
        "Inter-|   Receive |  Transmit\n face |bytes packets|bytes\n    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n\
         eth0:1000 20 0 0 0 0 0 0 2000 30 0 0 0 0 0 0\n",
    ),
    (
        "proc/net/netstat",
        "TcpExt: SyncookiesSent TCPTimeouts Unwanted\nTcpExt: 1 2 3\nIpExt: InOctets OutOctets\nIpExt: 100 200\n",
    ),
    ("proc/net/snmp", "Tcp: MaxConn CurrEstab\nTcp: -1 12\n"),
    ("proc/net/snmp6", "Ip6InOctets                     \t77\nUdpLite6InErrors\t5\nIp6Unwanted\t1\n"),
    ("proc/net/sockstat", "sockets: used 200\nTCP: inuse 12 orphan 0 tw 3 alloc 14 mem 2\n"),
    ("proc/vmstat", "pgpgin 5\npgfault 6\npgmajfault 7\noom_kill 0\nnr_free_pages 99\n"),
    ("proc/sys/fs/file-nr", "1216\t0\t98765\n"),
    ("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n"),
    (
        "proc/pressure/io",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=3\n",
    ),
    (
        "proc/pressure/memory",
        "some avg10=0 avg60=0 avg300=0 total=0\nfull avg10=0 avg60=0 avg300=0 total=0\n",
    ),
    ("proc/sys/kernel/hostname", "board\n"),
    ("proc/sys/kernel/ostype", "Linux\n"),
    ("proc/sys/kernel/osrelease", "6.6.1\n"),
    ("proc/sys/kernel/version", "1 SMP\n"),
    ("proc/sys/kernel/domainname", "(none)\n"),
    ("proc/sys/kernel/pid_max", "32768\n"),
    ("proc/sys/kernel/threads-max", "7000\n"),
    ("proc/mounts", "/dev/root / ext4 rw 0 0\nproc /proc proc rw 0 0\n"),
    ("proc/self/stat", "1 (me) R 0 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 4 0 10 8192 3 0\n"),
    ("proc/self/fd/0", ""),
    ("proc/self/fd/1", ""),
    ("proc/12/stat", "12 (grafana) S 1 1 1 0 -1 0 0 0 0 0 300 100 0 0 20 0 9 0 10 8192 5 0\n"),
    ("proc/13/stat", "13 (grafana) R 1 1 1 0 -1 0 0 0 0 0 10 0 0 0 20 0 1 0 11 8192 2 0\n"),
    ("proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 9 0 0 20 0 1 0 1 0 0 0\n"),
    ("sys/class/net/eth0/operstate", "up\n"),
    ("sys/class/net/eth0/mtu", "1500\n"),
    ("sys/class/net/eth0/speed", "1000\n"),
    ("sys/class/net/eth0/carrier", "1\n"),
    ("sys/class/net/lo/operstate", "unknown\n"),
    ("sys/class/net/lo/speed", "-1\n"),
    ("sys/class/hwmon/hwmon0/name", "cpu_thermal\n"),
    ("sys/class/hwmon/hwmon0/temp1_input", "48312\n"),
    ("sys/class/hwmon/hwmon0/temp1_label", "Package\n"),
    ("sys/class/hwmon/hwmon0/fan1_input", "2100\n"),
    ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
    ("sys/class/thermal/thermal_zone0/temp", "47774\n"),
    ("sys/class/thermal/cooling_device0/type", "fan\n"),
];

struct Fixture {
    roots: TempDir,
    _folder: TempDir,
    store: Arc<Store>,
    collector: Collector,
    at: i64,
}

impl Fixture {
    fn new() -> Self {
        let (roots, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        FILES.iter().for_each(|(path, text)| put(roots.path(), path, text));
        let store = Store::open(folder.path(), StoreOptions::default()).unwrap();
        let options = CollectOptions {
            proc_root: roots.path().join("proc"),
            sys_root: roots.path().join("sys"),
            slow_every: 1,
            ..CollectOptions::default()
        };
        let collector = Collector::new(store.clone(), options).unwrap();
        Self { roots, _folder: folder, store, collector, at: 1_700_000_000_000 }
    }

    fn put(&self, path: &str, text: &str) {
        put(self.roots.path(), path, text);
    }

    fn remove(&self, path: &str) {
        let path = self.roots.path().join(path);
        fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path)).unwrap();
    }

    fn collect(&mut self) -> BTreeMap<String, f64> {
        self.at += 1000;
        self.collector.collect(self.at);
        let found = self.store.select(&[], self.at, self.at, SelectLimits::default()).unwrap();
        let live = found.into_iter().filter(|series| !series.samples[0].is_stale_marker());
        live.map(|series| (brief(&series.labels.to_string()), series.samples[0].value)).collect()
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let sources = self.collector.health().sources();
        sources.into_iter().filter_map(|source| Some((source.name, source.problem?))).collect()
    }
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A series without the labels that all have.
fn brief(series: &str) -> String {
    let series = series.replace("instance=\"board\", ", "").replace("instance=\"board\"", "");
    let series =
        series.replace(", job=\"node\"", "").replace("job=\"node\", ", "").replace("job=\"node\"", "");
    series.replace("{}", "")
}

#[test]
fn every_source_gives_what_the_kernel_says() {
    let mut fixture = Fixture::new();
    let samples = fixture.collect();
    assert_eq!(fixture.problems(), []);
    let page = host::page_size() as f64;
    let expected = [
        (r#"node_cpu_seconds_total{cpu="1", mode="user"}"#, 0.2),
        (r#"node_cpu_seconds_total{cpu="0", mode="idle"}"#, 25.0),
        (r#"node_cpu_guest_seconds_total{cpu="0", mode="user"}"#, 0.07),
        ("node_intr_total", 123_456.0),
        ("node_context_switches_total", 987_654.0),
        ("node_forks_total", 4321.0),
        ("node_boot_time_seconds", 1_700_000_000.0),
        ("node_procs_running", 3.0),
        ("node_procs_blocked", 1.0),
        ("node_load1", 0.31),
        ("node_load15", 1.05),
        ("node_memory_MemTotal_bytes", 1_048_576.0),
        ("node_memory_Active_anon_bytes", 4096.0),
        ("node_memory_HugePages_Total", 7.0),
        (r#"node_disk_read_bytes_total{device="mmcblk0"}"#, 1_024_000.0),
        (r#"node_disk_read_time_seconds_total{device="mmcblk0"}"#, 1.5),
        (r#"node_disk_io_time_weighted_seconds_total{device="sda"}"#, 0.011),
        (r#"node_disk_flush_requests_time_seconds_total{device="mmcblk0"}"#, 0.075),
        (r#"node_network_receive_bytes_total{device="eth0"}"#, 1000.0),
        (r#"node_network_transmit_carrier_total{device="lo"}"#, 15.0),
        ("node_netstat_TcpExt_SyncookiesSent", 1.0),
        ("node_netstat_IpExt_OutOctets", 200.0),
        ("node_netstat_Tcp_CurrEstab", 12.0),
        ("node_netstat_Ip6_InOctets", 77.0),
        ("node_netstat_UdpLite6_InErrors", 5.0),
        ("node_sockstat_sockets_used", 200.0),
        ("node_sockstat_TCP_tw", 3.0),
        ("node_vmstat_pgmajfault", 7.0),
        ("node_filefd_allocated", 1216.0),
        ("node_filefd_maximum", 98_765.0),
        ("node_pressure_cpu_waiting_seconds_total", 1.5),
        ("node_pressure_io_stalled_seconds_total", 0.000_003),
        (r#"node_network_up{device="eth0"}"#, 1.0),
        (r#"node_network_up{device="lo"}"#, 0.0),
        (r#"node_network_speed_bytes{device="eth0"}"#, 125_000_000.0),
        (r#"node_hwmon_temp_celsius{chip="cpu_thermal", sensor="temp1"}"#, 48.312),
        (r#"node_hwmon_fan_rpm{chip="cpu_thermal", sensor="fan1"}"#, 2100.0),
        (r#"node_hwmon_sensor_label{chip="cpu_thermal", label="Package", sensor="temp1"}"#, 1.0),
        (r#"node_thermal_zone_temp{type="cpu-thermal", zone="0"}"#, 47.774),
        ("node_processes_pids", 3.0),
        ("node_processes_threads", 11.0),
        (r#"node_processes_state{state="S"}"#, 2.0),
        ("node_processes_max_processes", 32_768.0),
        (r#"namedprocess_namegroup_cpu_seconds_total{groupname="grafana", mode="user"}"#, 3.1),
        (r#"namedprocess_namegroup_memory_bytes{groupname="grafana", memtype="resident"}"#, 7.0 * page),
        (r#"namedprocess_namegroup_num_procs{groupname="grafana"}"#, 2.0),
        (
            r#"node_uname_info{domainname="(none)", machine="x", nodename="board", release="6.6.1", sysname="Linux", version="1 SMP"}"#,
            1.0,
        ),
        (r#"process_cpu_seconds_total{job="graftwire"}"#, 2.0),
        (r#"process_open_fds{job="graftwire"}"#, 2.0),
        (r#"graftwire_collector_success{collector="stat"}"#, 1.0),
        ("up", 1.0),
    ];
    for (series, value) in expected {
        let series = series.replace("machine=\"x\"", &format!("machine=\"{}\"", std::env::consts::ARCH));
        assert_eq!(samples.get(&series), Some(&value), "{series}");
    }
    for absent in ["loop0", "sda1", "Unwanted", "nr_free_pages", "kthreadd", r#"speed_bytes{device="lo"}"#] {
        assert!(!samples.keys().any(|series| series.contains(absent)), "{absent}");
    }
    assert!(
        samples.keys().any(|series| series.starts_with("node_filesystem_size_bytes{device=\"/dev/root\""))
    );
}

#[test]
fn every_metric_has_a_type_and_a_help_text() {
    let mut fixture = Fixture::new();
    let names: std::collections::BTreeSet<String> =
        fixture.collect().keys().map(|series| series.split('{').next().unwrap().to_owned()).collect();
    let metadata: BTreeMap<String, _> =
        fixture.store.metadata().into_iter().map(|(name, metadata)| (name.to_string(), metadata)).collect();
    for name in names {
        let metadata = &metadata[&name];
        assert!(
            metadata.help.ends_with('.') || metadata.help.ends_with("always 1."),
            "{name}: {}",
            metadata.help
        );
        let is_counter = metadata.kind == MetricType::Counter;
        assert_eq!(is_counter, name.ends_with("_total"), "{name} is a {:?}", metadata.kind);
    }
    assert_eq!(&*metadata["node_cpu_seconds_total"].unit, "seconds");
}

#[test]
fn a_source_that_is_gone_or_odd_costs_only_itself() {
    for (path, text) in [
        ("proc/stat", Some("cpu0 1 2 x 4\ncpu1 20 0 10 2500\nctxt\nintr 5 1\n")),
        ("proc/stat", Some("cpu0 1 2\ncpu99999999999 1 2 3 4 5\n")),
        ("proc/stat", Some("")),
        ("proc/loadavg", Some("NaN x")),
        ("proc/loadavg", Some("0.1 0.2")),
        ("proc/meminfo", Some("MemTotal: 5 MB\nno colon\nMem Free: 4 kB\nx: -\nMemFree: 4 kB\n")),
        ("proc/diskstats", Some("8 0 sda 1 2 3\n\n8 16 sdb 1 2 3 4 5 6 7 8 9 10 99999999999999999999\n")),
        ("proc/net/dev", Some("a|b\neth0: 1 2 3\nnothing\nlo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n")),
        ("proc/net/snmp", Some("Tcp: A B\nTcp: 1\nUdp: InDatagrams\nUdp: 4\nlonely: x\n")),
        ("proc/net/snmp6", Some("Ip6InOctets\n")),
        ("proc/net/sockstat", Some("TCP: inuse\nTCP inuse 4\n")),
        ("proc/vmstat", Some("pgpgin\npgpgout x\n")),
        ("proc/sys/fs/file-nr", Some("1 2")),
        ("proc/pressure/cpu", Some("some\n")),
        ("proc/pressure/io", Some("some total=x\nfull\n")),
        ("proc/mounts", Some("x\n")),
        ("proc/12/stat", Some("(")),
        ("proc/self/stat", Some(")")),
        ("proc/meminfo", Some("\u{0}\u{0}\u{0}")),
    ] {
        let mut fixture = Fixture::new();
        match text {
            Some(text) => fixture.put(path, text),
            None => fixture.remove(path),
        }
        let samples = fixture.collect();
        let problems = fixture.problems();
        if text != Some("") {
            assert_eq!(problems.len(), 1, "{path}: {text:?}: {problems:?}");
            let failed: Vec<_> = samples
                .iter()
                .filter(|(series, value)| series.starts_with("graftwire_collector_success") && **value == 0.0)
                .collect();
            assert_eq!(failed.len(), 1, "{failed:?}");
            assert!(failed[0].0.contains(problems[0].0));
            assert!(problems[0].1.contains(path.trim_start_matches("proc/")), "{problems:?}");
            assert!(problems[0].1.contains("expected"), "{problems:?}");
        }
        assert_eq!(samples.get("up"), Some(&1.0));
        assert!(samples.len() > 60, "{path}: {} samples", samples.len());
    }
}

#[test]
fn what_can_be_read_of_an_odd_file_is_used() {
    let mut fixture = Fixture::new();
    fixture.put("proc/stat", &STAT.replace("cpu0 10", "cpu0 ten"));
    let samples = fixture.collect();
    assert_eq!(samples.get(r#"node_cpu_seconds_total{cpu="1", mode="user"}"#), Some(&0.2));
    assert_eq!(samples.get("node_forks_total"), Some(&4321.0));
    assert!(fixture.problems()[0].1.contains("line 2"), "{:?}", fixture.problems());
    // Bytes that are no text don't matter either.
    fs::write(fixture.roots.path().join("proc/meminfo"), b"Mem\xffTotal: 1 kB\nMemFree: 8 kB\n").unwrap();
    assert_eq!(fixture.collect().get("node_memory_MemFree_bytes"), Some(&8192.0));
}

#[test]
fn what_a_machine_lacks_is_no_problem() {
    let mut fixture = Fixture::new();
    for path in ["proc/pressure", "sys/class/hwmon", "sys/class/thermal", "proc/net/snmp6", "proc/diskstats"]
    {
        fixture.remove(path);
    }
    let samples = fixture.collect();
    assert_eq!(fixture.problems(), []);
    assert_eq!(samples.get(r#"graftwire_collector_success{collector="hwmon"}"#), Some(&0.0));
    assert_eq!(samples.get(r#"graftwire_collector_success{collector="netstat"}"#), Some(&1.0));
}

#[test]
fn a_folder_that_isnt_there_at_all_stops_nothing() {
    let mut fixture = Fixture::new();
    fixture.remove("proc");
    fixture.remove("sys");
    let samples = fixture.collect();
    assert_eq!(samples.get("up"), Some(&1.0));
    assert!(samples.contains_key("node_time_seconds"));
}

#[test]
fn series_that_are_gone_end() {
    let mut fixture = Fixture::new();
    assert!(fixture.collect().contains_key(r#"node_network_receive_bytes_total{device="eth0"}"#));
    let dev = FILES.iter().find(|(path, _)| *path == "proc/net/dev").unwrap().1;
    fixture.put("proc/net/dev", dev.split_once("eth0").unwrap().0);
    let samples = fixture.collect();
    assert!(!samples.contains_key(r#"node_network_receive_bytes_total{device="eth0"}"#));
    assert!(samples.contains_key(r#"node_network_receive_bytes_total{device="lo"}"#));
    let eth0 = [Matcher { name: "device".into(), op: MatchOp::Equal("eth0".into()) }];
    let ended = fixture.store.select(&eth0, fixture.at, fixture.at, SelectLimits::default()).unwrap();
    assert_eq!(ended.iter().filter(|series| series.samples[0].is_stale_marker()).count(), 16);
    // It comes back as the same series.
    fixture.put("proc/net/dev", dev);
    let samples = fixture.collect();
    assert_eq!(samples.get(r#"node_network_receive_bytes_total{device="eth0"}"#), Some(&1000.0));
}

#[test]
fn a_counter_that_wavers_stands_and_one_that_was_reset_falls() {
    let mut fixture = Fixture::new();
    let idle = r#"node_cpu_seconds_total{cpu="0", mode="idle"}"#;
    assert_eq!(fixture.collect()[idle], 25.0);
    fixture.put("proc/stat", &STAT.replace("cpu0 10 0 10 2500", "cpu0 10 0 10 2450"));
    assert_eq!(fixture.collect()[idle], 25.0);
    fixture.put("proc/stat", &STAT.replace("cpu0 10 0 10 2500", "cpu0 10 0 10 7"));
    assert_eq!(fixture.collect()[idle], 0.07);
}

#[test]
fn a_group_keeps_what_its_ended_processes_took() {
    let mut fixture = Fixture::new();
    let seconds = r#"namedprocess_namegroup_cpu_seconds_total{groupname="grafana", mode="user"}"#;
    assert_eq!(fixture.collect()[seconds], 3.1);
    fixture.remove("proc/12");
    let samples = fixture.collect();
    assert_eq!(samples[seconds], 3.1);
    assert_eq!(samples[r#"namedprocess_namegroup_num_procs{groupname="grafana"}"#], 1.0);
    // The number is given to another process of the name: it counts from its own start.
    fixture.put("proc/12/stat", "12 (grafana) S 1 1 1 0 -1 0 0 0 0 0 40 0 0 0 20 0 9 0 9999 8192 5 0\n");
    assert_eq!(fixture.collect()[seconds], 3.5);
}

#[test]
fn only_so_many_groups_are_told() {
    let mut fixture = Fixture::new();
    for pid in 100..400 {
        let line = format!("{pid} (name{pid}) S 1 1 1 0 -1 0 0 0 0 0 {pid} 0 0 0 20 0 1 0 1 8192 1 0\n");
        fixture.put(&format!("proc/{pid}/stat"), &line);
    }
    let samples = fixture.collect();
    let groups = samples.keys().filter(|series| series.starts_with("namedprocess_namegroup_num_procs"));
    assert_eq!(groups.count(), 20);
    assert!(samples.contains_key(r#"namedprocess_namegroup_num_procs{groupname="name399"}"#));
    assert!(samples.contains_key(r#"namedprocess_namegroup_num_procs{groupname="grafana"}"#));
}

#[test]
fn slow_sources_take_turns() {
    let mut fixture = Fixture::new();
    fixture.collector.options.slow_every = 10;
    let mut counts = Vec::new();
    for _ in 0..21 {
        counts.push(fixture.collect().len());
    }
    assert!(counts[1..11].iter().all(|count| *count < counts[0]), "{counts:?}");
    assert!(
        counts[1..11] == counts[11..21] && counts[1..11].iter().any(|count| *count != counts[1]),
        "{counts:?}"
    );
    // None of them counts as ended between its turns.
    let found = fixture.store.select(&[], 0, i64::MAX, SelectLimits::default()).unwrap();
    assert!(found.iter().all(|series| series.samples.iter().all(|sample| !sample.is_stale_marker())));
}

#[test]
fn this_machine_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), StoreOptions::default()).unwrap();
    let mut collector = Collector::new(store.clone(), CollectOptions::default()).unwrap();
    collector.collect(1_700_000_000_000);
    let names = store.label_values("__name__", &[], i64::MIN, i64::MAX);
    for name in [
        "node_cpu_seconds_total",
        "node_memory_MemTotal_bytes",
        "node_load1",
        "process_resident_memory_bytes",
    ] {
        assert!(names.iter().any(|known| &**known == name), "{name}");
    }
}
