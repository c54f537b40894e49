//! Debian's Prometheus: fetched without being installed, started on a free loopback port, stopped with the test.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use graftwire_metrics::series::SeriesData;

use super::compare::{Outcome, When};

/// A running server; dropped, it is gone.
pub(crate) struct Prometheus {
    child: Child,
    port: u16,
    directory: PathBuf,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Prometheus {
    /// The error says why there is none.
    pub(super) fn start() -> Result<Self, String> {
        Self::start_with("global: {}\n")
    }

    /// The same with a configuration.
    pub(crate) fn start_with(configuration: &str) -> Result<Self, String> {
        let program = program()?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|error| format!("no free port: {error}"))?
            .port();
        let directory = cache().join(format!("data-{port}"));
        std::fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
        let config = directory.join("prometheus.yml");
        std::fs::write(&config, configuration).map_err(|error| error.to_string())?;
        let child = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.join("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--web.enable-remote-write-receiver", "--log.level=error"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("it doesn't start: {error}"))?;
        let mut server = Self { child, port, directory };
        let begun = Instant::now();
        while server.request("GET", "/-/ready", "", b"").is_none_or(|(status, _)| status != 200) {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("it ended with {status}"));
            }
            if begun.elapsed() > Duration::from_secs(60) {
                return Err("it isn't ready after 60 s".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Where its own metrics are.
    pub(crate) fn metrics_url(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.port)
    }

    /// Sends samples by remote write, half an hour at a time since the head takes nothing much older than its
    /// newest sample.
    pub(super) fn write(&self, series: &[SeriesData], from: i64, to: i64) {
        const SLICE: i64 = 1_800_000;
        for begin in (from..to).step_by(SLICE as usize) {
            let message = write_request(series, begin, begin + SLICE);
            let kind = "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n";
            let (status, body) =
                self.request("POST", "/api/v1/write", kind, &snappy(&message)).expect("it answers");
            assert_eq!(status / 100, 2, "{}", String::from_utf8_lossy(&body));
        }
    }

    pub(crate) fn query(&self, expr: &str, when: When) -> Outcome {
        let seconds = |millis: i64| format!("{}.{:03}", millis / 1000, millis % 1000);
        let (path, rest) = match when {
            When::At(at) => ("/api/v1/query", format!("time={}", seconds(at))),
            When::Range(start, end, step) => (
                "/api/v1/query_range",
                format!("start={}&end={}&step={}", seconds(start), seconds(end), seconds(step)),
            ),
        };
        let body = format!("query={}&{rest}", escaped(expr));
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        let (_, body) = self.request("POST", path, kind, body.as_bytes()).expect("it answers");
        let json: serde_json::Value = serde_json::from_slice(&body).expect("it answers with JSON");
        outcome(&json)
    }

    /// Status and body; HTTP/1.0, so that the body ends with the connection.
    fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.0\r\nContent-Length: {length}\r\n{headers}\r\n").ok()?;
        stream.write_all(body).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let head = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
        Some((status, answer.split_off(head + 4)))
    }
}

fn outcome(json: &serde_json::Value) -> Outcome {
    if json["status"] != "success" {
        return Outcome::Refused(json["error"].as_str().unwrap_or_default().to_owned());
    }
    let (kind, result) = (json["data"]["resultType"].as_str().unwrap_or_default(), &json["data"]["result"]);
    let point = |pair: &serde_json::Value| {
        let millis = (pair[0].as_f64().expect("a time") * 1000.0).round() as i64;
        (millis, number(pair[1].as_str().expect("a number as text")))
    };
    if kind == "string" {
        return Outcome::Text(result[1].as_str().expect("a text").to_owned());
    }
    if kind == "scalar" {
        return Outcome::Series(kind.to_owned(), [(BTreeMap::new(), vec![point(result)])].into());
    }
    let series = result.as_array().expect("a list").iter().map(|series| {
        let labels = series["metric"].as_object().expect("labels").iter();
        let labels = labels.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let points = match &series["values"] {
            serde_json::Value::Array(points) => points.iter().map(point).collect(),
            _ => vec![point(&series["value"])],
        };
        (labels, points)
    });
    Outcome::Series(kind.to_owned(), series.collect())
}

pub(super) fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The program: named by `GRAFTWIRE_PROMETHEUS`, fetched before, or fetched now.
fn program() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("GRAFTWIRE_PROMETHEUS") {
        return Ok(named.into());
    }
    let root = cache();
    let program = root.join("root/usr/bin/prometheus");
    if !program.exists() {
        std::fs::create_dir_all(&root).map_err(|error| error.to_string())?;
        run(&root, "apt-get", &["download", "prometheus"])?;
        let package = package(&root).ok_or("apt-get download left no package")?;
        run(&root, "dpkg", &["-x", &package, "root"])?;
    }
    Ok(program)
}

fn package(directory: &Path) -> Option<String> {
    let mut names =
        std::fs::read_dir(directory).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.find(|name| name.starts_with("prometheus_") && name.ends_with(".deb"))
}

fn run(directory: &Path, program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new("timeout")
        .arg("120")
        .arg(program)
        .args(args)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            Err(format!("{program} {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
        }
    }
}

fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("prometheus")
}

/// `prometheus.WriteRequest`: series (1) of labels (1: name 1, value 2) and samples (2: value 1, time 2).
fn write_request(series: &[SeriesData], from: i64, to: i64) -> Vec<u8> {
    let mut request = Vec::new();
    for series in series {
        let mut message = Vec::new();
        for (name, value) in series.labels.iter() {
            let mut label = Vec::new();
            field(&mut label, 1, name.as_bytes());
            field(&mut label, 2, value.as_bytes());
            field(&mut message, 1, &label);
        }
        let labels = message.len();
        for sample in series.samples.iter().filter(|sample| (from..to).contains(&sample.at)) {
            let mut encoded = vec![0x09];
            encoded.extend_from_slice(&sample.value.to_bits().to_le_bytes());
            encoded.push(0x10);
            varint(&mut encoded, sample.at as u64);
            field(&mut message, 2, &encoded);
        }
        if message.len() > labels {
            field(&mut request, 1, &message);
        }
    }
    request
}

fn field(into: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    into.push(number << 3 | 2);
    varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

fn varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Snappy's block format, all literals.
fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    varint(&mut block, bytes.len() as u64);
    for chunk in bytes.chunks(1 << 16) {
        block.push(61 << 2);
        block.extend_from_slice(&((chunk.len() - 1) as u16).to_le_bytes());
        block.extend_from_slice(chunk);
    }
    block
}
