//! What was seen of a plugin, as text and as JSON.
//!
//! It deliberately shows no setting and no environment: there may be secrets in both.

use graftwire_host::{GrpcHealth, LogRecord, StopReport, Usage};
use graftwire_protocol::handshake::CORE_VERSION;
use serde_json::{Value, json};

use super::{Inspection, stop_text};
use crate::health;
use crate::progress::log_line;
use crate::series::printable;

/// How many lines of the log are shown; JSON has all that were kept.
const SHOWN_LINES: usize = 20;

pub(super) fn to_text(seen: &Inspection, stopped: &StopReport) -> String {
    let mut text = Text::default();
    heading(&mut text, seen);
    handshake(&mut text, seen);
    process(&mut text, seen, stopped);
    health_lines(&mut text, seen);
    capabilities(&mut text, seen);
    log(&mut text, seen);
    text.0
}

/// Lines of a name and a value.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, name: &str, value: &str) {
        self.0.push_str(format!("{name:<14} {}", printable(value)).trim_end());
        self.0.push('\n');
    }

    fn raw(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

fn heading(text: &mut Text, seen: &Inspection) {
    let spec = &seen.spec;
    text.line("plugin", &format!("{} {}", spec.id(), spec.version()));
    if spec.name() != spec.id() {
        text.line("name", spec.name());
    }
    if !spec.kind().is_empty() {
        text.line("type", spec.kind());
    }
    let size = seen.file_size.map(|size| format!(" ({})", mebibytes(size))).unwrap_or_default();
    if !seen.attached {
        text.line("executable", &format!("{}{size}", spec.executable().display()));
    }
}

fn handshake(text: &mut Text, seen: &Inspection) {
    let (offer, agreed) = (&seen.offer, &seen.negotiated);
    let ports = format!("{}-{}", offer.ports.min, offer.ports.max);
    let tls = if agreed.server_cert.is_some() { "TLS" } else { "no TLS" };
    if seen.attached {
        text.line("offered", "nothing: it ran already");
    } else {
        text.line(
            "offered",
            &format!("protocol {:?}, go-plugin {CORE_VERSION}, ports {ports}, {tls}", offer.versions),
        );
    }
    text.line("negotiated", &format!("protocol {}", agreed.version));
    text.line("address", &format!("{} {}", agreed.network, agreed.address));
    text.line("tls", if agreed.server_cert.is_some() { "yes" } else { "no" });
    text.line("multiplexing", multiplex(seen));
}

const fn multiplex(seen: &Inspection) -> &'static str {
    match seen.negotiated.announced_multiplex {
        None => "not said (no seventh field, as without a request for it)",
        Some(true) => "announced",
        Some(false) => "denied",
    }
}

fn process(text: &mut Text, seen: &Inspection, stopped: &StopReport) {
    let millis = seen.start_time.as_secs_f64() * 1000.0;
    if !seen.attached {
        text.line("start", &format!("{millis:.1} ms to the handshake line"));
    }
    match (seen.usage_at_start, seen.usage) {
        (Some(start), Some(now)) => {
            let (start, now, peak) =
                (mebibytes(start.resident), mebibytes(now.resident), mebibytes(now.resident_peak));
            text.line(
                "memory",
                &format!("{start} resident when started, {now} after these calls, {peak} at most"),
            );
        }
        _ => text.line("memory", "not known on this system"),
    }
    if let Some(usage) = seen.usage {
        text.line("threads", &usage.threads.to_string());
    }
    text.line("end", &stop_text(stopped));
    if seen.discarded_stdout > 0 {
        let bytes = seen.discarded_stdout;
        text.line(
            "warning",
            &format!("{bytes} bytes on stdout after the handshake line; Grafana throws them away"),
        );
    }
}

fn health_lines(text: &mut Text, seen: &Inspection) {
    match &seen.health {
        Err(error) => text.line("health", error),
        Ok(health) => {
            text.line("health", &format!("{} {}", health.status.as_str(), health.message));
            if let Some(details) = health::to_json(health).get("details") {
                text.line("  details", &details.to_string());
            }
        }
    }
    text.line("grpc health", &grpc_health(&seen.capabilities.grpc_health));
}

fn grpc_health(health: &GrpcHealth) -> String {
    match health {
        GrpcHealth::Serving => "serving".to_owned(),
        GrpcHealth::NotServing => "not serving".to_owned(),
        GrpcHealth::Absent => "absent (Grafana does not ask)".to_owned(),
        GrpcHealth::Failed(error) => format!("failed: {error}"),
    }
}

fn capabilities(text: &mut Text, seen: &Inspection) {
    text.raw("capabilities");
    for (capability, support) in &seen.capabilities.support {
        let (word, why) = crate::capabilities::words(support);
        text.raw(format!("  {:<18} {word} {}", capability.endpoint(), printable(why)).trim_end());
    }
}

fn log(text: &mut Text, seen: &Inspection) {
    let left_out = seen.log.len().saturating_sub(SHOWN_LINES);
    let of = if left_out > 0 { format!(", the last {SHOWN_LINES}") } else { String::new() };
    text.raw(&format!("log ({} lines{of})", seen.log.len()));
    for record in seen.log.iter().skip(left_out) {
        text.raw(&format!("  {}", printable(&log_line(record))));
    }
    if seen.log.iter().any(|record| record.crashes_grafana) {
        text.line(
            "warning",
            "a log line has @level, @message or @timestamp that is no text: it crashes Grafana",
        );
    }
}

/// Bytes as people read the size of a process.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.2} MiB", bytes as f64 / 1024.0 / 1024.0)
}

pub(super) fn to_json(seen: &Inspection, stopped: &StopReport) -> Value {
    let (spec, agreed) = (&seen.spec, &seen.negotiated);
    json!({
        "plugin": {
            "id": spec.id(), "name": spec.name(), "type": spec.kind(), "version": spec.version(),
            "executable": spec.executable().to_string_lossy(), "fileSize": seen.file_size,
        },
        "offered": {
            "coreVersion": CORE_VERSION, "protocolVersions": seen.offer.versions,
            "minPort": seen.offer.ports.min, "maxPort": seen.offer.ports.max, "tls": agreed.server_cert.is_some(),
        },
        "negotiated": {
            "protocolVersion": agreed.version.to_string(), "network": agreed.network.to_string(),
            "address": agreed.address, "tls": agreed.server_cert.is_some(),
            "multiplexAnnounced": agreed.announced_multiplex,
        },
        "attached": seen.attached,
        "startMillis": seen.start_time.as_secs_f64() * 1000.0,
        "memory": {"atStart": seen.usage_at_start.map(usage), "afterCalls": seen.usage.map(usage)},
        "end": {
            "orderly": stopped.orderly, "exit": stopped.exit.map(|exit| exit.to_string()),
            "millis": stopped.took.as_secs_f64() * 1000.0,
        },
        "health": match &seen.health {
            Ok(health) => health::to_json(health),
            Err(error) => json!({"error": error}),
        },
        "grpcHealth": grpc_health(&seen.capabilities.grpc_health),
        "capabilities": crate::capabilities::to_json(&seen.capabilities),
        "discardedStdoutBytes": seen.discarded_stdout,
        "log": seen.log.iter().map(|record| record_json(record)).collect::<Vec<_>>(),
    })
}

fn usage(usage: Usage) -> Value {
    json!({"residentBytes": usage.resident, "peakBytes": usage.resident_peak, "threads": usage.threads})
}

fn record_json(record: &LogRecord) -> Value {
    let pairs: serde_json::Map<String, Value> =
        record.pairs.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    json!({
        "level": record.level.as_str(), "message": record.message, "pairs": pairs,
        "crashesGrafana": record.crashes_grafana,
    })
}
