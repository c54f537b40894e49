//! Call metadata ⇄ [`CallContext`]: what travels in HTTP/2 headers beside the message.
//!
//! Binary metadata (`…-bin`) is deliberately not carried: no host sends any to plugins.

use std::time::{Duration, Instant};

use graftwire_model::CallContext;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, KeyAndValueRef, MetadataMap};

const TIMEOUT: &str = "grpc-timeout";
/// Headers of the transport itself, which mean nothing to a plugin.
const TRANSPORT: [&str; 4] = ["te", "content-type", "grpc-accept-encoding", "grpc-encoding"];

/// Reads the metadata of a received call; `now` anchors its timeout.
#[must_use]
pub fn from_wire(metadata: &MetadataMap, now: Instant) -> CallContext {
    let mut cx = CallContext::new();
    for entry in metadata.iter() {
        let KeyAndValueRef::Ascii(key, value) = entry else { continue };
        let (key, Ok(value)) = (key.as_str(), value.to_str()) else { continue };
        if key == TIMEOUT {
            if let Some(deadline) = parse_timeout(value).and_then(|timeout| now.checked_add(timeout)) {
                cx = cx.with_deadline(deadline);
            }
        } else if !TRANSPORT.contains(&key) {
            cx.add_metadata(key, value);
        }
    }
    cx
}

/// Writes a context into the metadata of a call about to be made. What can't be a header is left out.
pub fn to_wire(cx: &CallContext, metadata: &mut MetadataMap, now: Instant) {
    for (key, values) in cx.iter_metadata() {
        // `user-agent` is the transport's own business on the way out.
        if key == "user-agent" || key.starts_with("grpc-") {
            continue;
        }
        let Ok(key) = AsciiMetadataKey::from_bytes(key.as_bytes()) else { continue };
        for value in values {
            if let Ok(value) = AsciiMetadataValue::try_from(value.as_str()) {
                metadata.append(key.clone(), value);
            }
        }
    }
    if let Some(deadline) = cx.deadline()
        && let Ok(value) =
            AsciiMetadataValue::try_from(format_timeout(deadline.saturating_duration_since(now)))
    {
        metadata.insert(TIMEOUT, value);
    }
}

/// At most eight digits and a unit, as gRPC over HTTP/2 has it; anything else counts as no timeout.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// The finest unit in which eight digits suffice.
fn format_timeout(timeout: Duration) -> String {
    const MOST: u128 = 99_999_999;
    let units = [(1, "n"), (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M")];
    let nanos = timeout.as_nanos();
    units
        .iter()
        .map(|(size, unit)| (nanos.div_ceil(*size), unit))
        .find(|(count, _)| *count <= MOST)
        .map_or_else(|| format!("{MOST}H"), |(count, unit)| format!("{count}{unit}"))
}

#[cfg(test)]
mod tests;
