//! The log: `tracing` events as the JSON lines that go-plugin hosts read from standard error.
//!
//! Every line is one JSON object with `@level`, `@message`, `@module` and `@timestamp`, which are always texts (a
//! number there brings a Grafana server down), and the fields of the event and of the spans around it. A line is at
//! most 60 KiB: hosts read lines of 64 KiB. It deliberately has no rotation, colours or files: the host keeps the log.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The longest value; longer ones are cut and say so.
const MAX_VALUE: usize = 8 * 1024;
/// The longest line.
const MAX_LINE: usize = 60 * 1024;
/// Libraries whose debug lines would drown the plugin's own.
const QUIET: [&str; 5] = ["h2", "hyper", "tonic", "tower", "rustls"];

/// Writes events as hclog JSON lines.
pub struct HclogLayer<W> {
    out: Mutex<W>,
    level: Level,
}

impl<W: Write + Send + 'static> HclogLayer<W> {
    /// A layer that writes events of `level` and above.
    pub const fn new(out: W, level: Level) -> Self {
        Self { out: Mutex::new(out), level }
    }
}

impl<W> fmt::Debug for HclogLayer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HclogLayer").field("level", &self.level).finish_non_exhaustive()
    }
}

/// Makes the process' log go to standard error. Does nothing where a subscriber is set already.
pub(crate) fn init(level: Level) {
    let subscriber = tracing_subscriber::registry().with(HclogLayer::new(std::io::stderr(), level));
    // A plugin that set a subscriber of its own keeps it.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The fields of a span, as JSON texts.
struct SpanFields(Fields);

impl<S, W> Layer<S> for HclogLayer<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: Write + Send + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _cx: Context<'_, S>) -> bool {
        let is_quiet = QUIET.iter().any(|name| {
            metadata.target().strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        });
        *metadata.level() <= if is_quiet { Level::WARN.min(self.level) } else { self.level }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = cx.span(id) {
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut()
        {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in cx.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(SpanFields(of_span)) = span.extensions().get() {
                fields.pairs.extend(of_span.pairs.iter().map(|(key, value)| (*key, value.clone())));
            }
        }
        event.record(&mut fields);
        let line = line_of(event.metadata(), fields, SystemTime::now());
        // A line goes out whole or not at all; a host that is gone is no reason to fail.
        let _ = self.out.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line);
    }
}

/// Names and values of one event or span; values are JSON texts.
#[derive(Default)]
struct Fields {
    message: String,
    pairs: BTreeMap<&'static str, String>,
}

impl Fields {
    fn text(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            text.clone_into(&mut self.message);
        } else {
            self.raw(field, json_text(text));
        }
    }

    fn raw(&mut self, field: &Field, json: String) {
        // Keys with @ belong to the format itself.
        self.pairs.insert(field.name().trim_start_matches('@'), json);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "message" {
            self.text(field, &value.to_string())
        } else {
            self.raw(field, value.to_string())
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "message" {
            self.text(field, &value.to_string())
        } else {
            self.raw(field, value.to_string())
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "message" {
            self.text(field, &value.to_string())
        } else {
            self.raw(field, value.to_string())
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match serde_json::Number::from_f64(value) {
            Some(number) if field.name() != "message" => self.raw(field, number.to_string()),
            // NaN and infinities are no JSON numbers.
            _ => self.text(field, &value.to_string()),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, &value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }
}

fn line_of(metadata: &Metadata<'_>, fields: Fields, now: SystemTime) -> Vec<u8> {
    let head = format!(
        "{{\"@level\":\"{}\",\"@message\":{},\"@module\":{},\"@timestamp\":\"{}\"",
        level_name(*metadata.level()),
        json_text(&fields.message),
        json_text(metadata.target()),
        timestamp(now),
    );
    let mut line = head.into_bytes();
    let mut left_out = 0_usize;
    for (key, value) in &fields.pairs {
        let key = json_text(key);
        if line.len() + key.len() + value.len() > MAX_LINE {
            left_out += 1;
            continue;
        }
        line.push(b',');
        line.extend_from_slice(key.as_bytes());
        line.push(b':');
        line.extend_from_slice(value.as_bytes());
    }
    if left_out > 0 {
        line.extend_from_slice(
            format!(",\"@warn\":\"{left_out} fields left out: the line was too long\"").as_bytes(),
        );
    }
    line.extend_from_slice(b"}\n");
    line
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO => "info",
        Level::WARN => "warn",
        Level::ERROR => "error",
    }
}

/// A text as a JSON text, cut to [`MAX_VALUE`].
fn json_text(text: &str) -> String {
    let end = text.char_indices().find(|(at, c)| at + c.len_utf8() > MAX_VALUE).map(|(at, _)| at);
    let cut =
        end.map(|at| format!("{}… (cut: {} bytes in all)", text.get(..at).unwrap_or_default(), text.len()));
    // A text always is JSON.
    serde_json::to_string(cut.as_deref().unwrap_or(text)).unwrap_or_else(|_| "\"\"".to_owned())
}

/// `YYYY-MM-DDThh:mm:ss.ffffffZ`: hosts know no other form.
fn timestamp(time: SystemTime) -> String {
    let utc = time::OffsetDateTime::from(time);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        utc.year(),
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second(),
        utc.microsecond()
    )
}

#[cfg(test)]
mod tests;
