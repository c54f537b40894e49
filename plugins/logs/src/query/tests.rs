use std::path::Path;
use std::sync::Arc;

use graftwire_sdk::frame::{Values, contract};
use graftwire_sdk::model::{EpochMillis, Millis, TimeRange};

use super::*;
use crate::read::files::{FileSource, Format, Reading};
use crate::read::index::Index;
use crate::read::roots::Roots;
use crate::read::zone::Zone;

/// 2026-11-25T01:02:03Z in seconds.
const AT: i64 = 1_795_568_523;
const SETTINGS: QuerySettings = QuerySettings { max_lines: 1_000 };

fn sources(root: &Path) -> Sources {
    let reading = Reading {
        roots: Arc::new(Roots::new([root.to_owned()]).unwrap()),
        index: Arc::new(Index::new(None)),
        zone: Zone::utc(),
    };
    let pattern = root.join("*.log").display().to_string();
    let files = FileSource::new("app", vec![pattern], Format::Text, Vec::new(), &reading).unwrap();
    Sources { files: vec![files], ..Sources::default() }
}

/// Ten minutes of lines, one a second, every tenth an error.
fn written() -> (tempfile::TempDir, Sources) {
    let dir = tempfile::tempdir().unwrap();
    let line = |at: i64| {
        let level = if at % 10 == 0 { "error" } else { "info" };
        format!("{} level={level} path=/p{} took={}ms\n", AT + at, at % 3, at)
    };
    std::fs::write(dir.path().join("app.log"), (0..600).map(line).collect::<String>()).unwrap();
    let sources = sources(dir.path());
    (dir, sources)
}

fn query(json: serde_json::Value) -> Query {
    Query {
        ref_id: "A".to_owned(),
        json: json.to_string().into(),
        time_range: TimeRange { from: EpochMillis(AT * 1_000), to: EpochMillis((AT + 600) * 1_000) },
        interval: Millis(1_000),
        max_data_points: 1_000,
        ..Query::default()
    }
}

fn ask(sources: &Sources, json: serde_json::Value) -> Result<Vec<Frame>, String> {
    frames(sources, &query(json), SETTINGS, &|| false).map_err(|error| error.to_string())
}

fn texts(frame: &Frame, name: &str) -> Vec<String> {
    let field = frame.field(name).unwrap();
    (0..field.len()).map(|row| field.text(row).unwrap().into_owned()).collect()
}

fn notices(frame: &Frame) -> Vec<&str> {
    frame.meta.iter().flat_map(|meta| &meta.notices).map(|notice| notice.text.as_str()).collect()
}

#[test]
fn lines_come_as_the_contract_wants_them_newest_first() {
    let (_dir, sources) = written();
    let json = serde_json::json!({"expr": r#"{job="app"} |= "error" | logfmt"#, "maxLines": 5});
    let frames = ask(&sources, json).unwrap();
    assert_eq!(contract::check(&frames), []);
    let [frame] = frames.as_slice() else { panic!("{frames:?}") };
    assert_eq!(frame.ref_id, "A");
    let names: Vec<_> = frame.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["timestamp", "body", "severity", "id", "labels", "labelTypes"]);
    let Values::Time(times) = &frame.field("timestamp").unwrap().values else { panic!() };
    let seconds: Vec<i64> = times.iter().map(|at| at.unwrap().as_nanos() / 1_000_000_000 - AT).collect();
    assert_eq!(seconds, [590, 580, 570, 560, 550]);
    assert_eq!(texts(frame, "severity")[0], "error");
    assert!(texts(frame, "labels")[0].contains(r#""path":"/p2""#), "{}", texts(frame, "labels")[0]);
    assert!(
        texts(frame, "labelTypes")[0].contains(r#""job":"I""#)
            && texts(frame, "labelTypes")[0].contains(r#""path":"P""#)
    );
    assert_eq!(notices(frame), ["Only the newest 5 lines that match are shown; there are more."]);
    let stats = &frame.meta.as_ref().unwrap().stats;
    assert!(
        stats.iter().any(|stat| stat.config.display_name == "Bytes read" && stat.value > 0.0),
        "{stats:?}"
    );
}

#[test]
fn pages_by_nanoseconds_meet_without_gap_or_overlap() {
    let (_dir, sources) = written();
    let all = ask(&sources, serde_json::json!({"expr": "{}", "direction": "forward"})).unwrap();
    let all = texts(&all[0], "id");
    assert_eq!(all.len(), 600);
    let border = ((AT + 300) * 1_000_000_000).to_string();
    let before =
        ask(&sources, serde_json::json!({"expr": "{}", "direction": "forward", "toNs": border})).unwrap();
    let after =
        ask(&sources, serde_json::json!({"expr": "{}", "direction": "forward", "fromNs": border})).unwrap();
    let pages: Vec<String> = texts(&before[0], "id").into_iter().chain(texts(&after[0], "id")).collect();
    assert_eq!(pages, all);
    let mut backward = texts(&ask(&sources, serde_json::json!({"expr": "{}"})).unwrap()[0], "id");
    backward.reverse();
    assert_eq!(backward, all, "names of rows don't depend on the direction");
}

#[test]
fn equal_rows_have_names_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.log"), format!("{AT} same\n{AT} same\n{AT} same\n")).unwrap();
    let frames = ask(&sources(dir.path()), serde_json::json!({"expr": "{}"})).unwrap();
    let ids: std::collections::BTreeSet<String> = texts(&frames[0], "id").into_iter().collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(ids.iter().any(|id| id.ends_with("_2")), "{ids:?}");
}

#[test]
fn counts_are_series_by_label() {
    let (_dir, sources) = written();
    let json = serde_json::json!({
        "expr": "sum by (level) (count_over_time({job=\"app\"} | logfmt [$__interval]))",
        "step": "1m", "legendFormat": "is {{level}}",
    });
    let frames = ask(&sources, json).unwrap();
    assert_eq!(contract::check(&frames), []);
    assert_eq!(frames.len(), 2);
    let total: f64 = frames
        .iter()
        .flat_map(|frame| {
            let Values::Float64(values) = &frame.field("Value").unwrap().values else { panic!() };
            values.iter().map(Option::unwrap).collect::<Vec<_>>()
        })
        .sum();
    // The line at the very end of the last whole step is in the window, what follows the last step is not.
    assert!((540.0..=600.0).contains(&total), "{total}");
    let names: Vec<_> = frames
        .iter()
        .map(|frame| frame.field("Value").unwrap().config.as_ref().unwrap().display_name_from_ds.as_str())
        .collect();
    assert_eq!(names, ["is error", "is info"]);

    let json =
        serde_json::json!({"expr": "sum(count_over_time({job=\"app\"}[10m]))", "queryType": "instant"});
    let frames = ask(&sources, json).unwrap();
    assert_eq!(contract::check(&frames), []);
    let Values::Float64(values) = &frames[0].field("Value").unwrap().values else { panic!() };
    // A window leaves out its first instant.
    assert_eq!(values.get(0), Some(599.0));
}

#[test]
fn the_volume_counts_by_level() {
    let (_dir, sources) = written();
    let frames =
        ask(&sources, serde_json::json!({"expr": "{job=\"app\"}", "queryType": "volume", "step": "1m"}))
            .unwrap();
    assert_eq!(contract::check(&frames), []);
    let levels: Vec<_> = frames
        .iter()
        .map(|frame| {
            frame
                .field("Value")
                .unwrap()
                .labels
                .as_ref()
                .unwrap()
                .iter()
                .map(|(_, value)| value.to_owned())
                .collect::<String>()
        })
        .collect();
    assert_eq!(levels, ["error", "info"]);
}

#[test]
fn what_can_not_be_asked_is_told() {
    let (_dir, sources) = written();
    let table = [
        (serde_json::json!({"expr": "{job="}), "expr: "),
        (serde_json::json!({"expr": 5}), "query.expr: found the number 5, expected a text"),
        (
            serde_json::json!({"expr": "{}", "direction": "up"}),
            "query.direction: found \"up\", expected backward or forward",
        ),
        (serde_json::json!({"expr": "{}", "queryType": "trace"}), "query.queryType: found \"trace\""),
        (serde_json::json!({"expr": "{}", "fromNs": "soon"}), "query.fromNs: found the text \"soon\""),
        (serde_json::json!({"expr": "rate({}[1m])", "step": "often"}), "query.step: found \"often\""),
        (serde_json::json!({"expr": "rate({}[1m])", "queryType": "volume"}), "found a query of numbers"),
        (serde_json::json!({"expr": "{$unknown}"}), "expr: "),
    ];
    for (json, expected) in table {
        let error = ask(&sources, json.clone()).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
    let mut backwards = query(serde_json::json!({"expr": "{}"}));
    backwards.time_range.to = EpochMillis(0);
    let error = frames(&sources, &backwards, SETTINGS, &|| false).unwrap_err();
    assert!(error.to_string().contains("expected from before to"), "{error}");
    assert_eq!(ask(&sources, serde_json::json!({})).unwrap(), []);
}

#[test]
fn a_query_that_was_given_up_ends() {
    let (_dir, sources) = written();
    let error = frames(&sources, &query(serde_json::json!({"expr": "{}"})), SETTINGS, &|| true).unwrap_err();
    assert_eq!(error.status(), 504);
}

#[test]
fn bytes_that_are_no_text_and_long_lines_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = format!("{AT} caf\u{e9}").into_bytes();
    bytes.extend(b" \xff\xfe\n");
    bytes.extend(format!("{AT} ").into_bytes());
    bytes.extend(std::iter::repeat_n(b'x', 1_000_000));
    bytes.push(b'\n');
    std::fs::write(dir.path().join("a.log"), bytes).unwrap();
    let frames =
        ask(&sources(dir.path()), serde_json::json!({"expr": "{}", "direction": "forward"})).unwrap();
    let bodies = texts(&frames[0], "body");
    assert!(bodies[0].ends_with("\u{e9} \u{fffd}\u{fffd}"), "{}", bodies[0]);
    assert!(bodies[1].ends_with("… (cut)") && bodies[1].len() < 300_000, "{}", bodies[1].len());
}
