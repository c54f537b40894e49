use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::*;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged(level: Level, work: impl FnOnce()) -> Vec<Value> {
    let sink = Sink::default();
    let subscriber = tracing_subscriber::registry().with(HclogLayer::new(sink.clone(), level));
    tracing::subscriber::with_default(subscriber, work);
    let bytes = sink.0.lock().unwrap().clone();
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() < 64 * 1024));
    String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_three_fields_of_the_format_are_texts_whatever_is_logged() {
    let lines = logged(Level::TRACE, || {
        tracing::warn!(
            message = 5,
            "@level" = 1,
            "@timestamp" = 2,
            n = -3,
            big = u64::MAX,
            f = f64::NAN,
            ok = true
        );
        tracing::error!(error = "x\ny", "quote \" and {{brace}}");
    });
    for line in &lines {
        for key in ["@level", "@message", "@timestamp", "@module"] {
            assert!(line[key].is_string(), "{key} in {line}");
        }
    }
    assert_eq!((&lines[0]["@message"], &lines[0]["@level"]), (&Value::from("5"), &Value::from("warn")));
    assert_eq!((&lines[0]["n"], &lines[0]["big"]), (&Value::from(-3), &Value::from(u64::MAX)));
    assert_eq!((&lines[0]["f"], &lines[0]["ok"]), (&Value::from("NaN"), &Value::from(true)));
    assert_eq!(lines[1]["@message"], "quote \" and {brace}");
}

#[test]
fn fields_of_the_spans_around_come_along() {
    let lines = logged(Level::DEBUG, || {
        let _outer =
            tracing::info_span!("call", endpoint = "queryData", dsUid = Some("u1"), traceId = None::<&str>)
                .entered();
        tracing::info!(rows = 3, "done");
    });
    assert_eq!((&lines[0]["endpoint"], &lines[0]["dsUid"]), (&Value::from("queryData"), &Value::from("u1")));
    assert!(lines[0].get("traceId").is_none());
}

#[test]
fn long_values_are_cut_and_too_many_are_left_out() {
    let long = "é".repeat(20_000);
    let lines = logged(Level::DEBUG, || {
        tracing::info!(
            a = long,
            b = long,
            c = long,
            d = long,
            e = long,
            f = long,
            g = long,
            h = long,
            "{long}"
        );
    });
    assert!(lines[0]["@message"].as_str().unwrap().ends_with("(cut: 40000 bytes in all)"));
    assert!(lines[0]["@warn"].as_str().unwrap().contains("left out"));
}

#[test]
fn levels_and_chatty_libraries_are_filtered() {
    let lines = logged(Level::DEBUG, || {
        tracing::trace!("no");
        tracing::debug!(target: "h2::codec", "no");
        tracing::warn!(target: "hyper", "yes");
        tracing::debug!(target: "h2o", "yes");
    });
    assert_eq!(lines.len(), 2);
}

#[test]
fn timestamps_have_six_decimals() {
    let time = std::time::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_007);
    assert_eq!(timestamp(time), "2023-11-14T22:13:20.000007Z");
}
