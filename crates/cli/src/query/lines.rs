//! A frame of log lines → lines of a log: time, level, line, and the labels in which the lines differ.
//!
//! It deliberately shows no ids and no kinds of labels: those are what `--output table` is for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use graftwire_frame::{Frame, FrameType};

use crate::series::printable;

/// Lines that are shown; the rest is told by number.
const MOST: usize = 1_000;

type Labels = BTreeMap<String, String>;

/// The lines of a frame; `None` if it declares itself to be something else.
pub(super) fn render(frame: &Frame) -> Option<String> {
    let meta = frame.meta.as_ref().filter(|meta| meta.frame_type == FrameType::LOG_LINES)?;
    let (times, bodies) = (frame.field("timestamp")?, frame.field("body")?);
    let (levels, labels) = (frame.field("severity"), frame.field("labels"));
    let rows = bodies.len();
    let read =
        |row| labels.and_then(|field| serde_json::from_str(&field.text(row)?).ok()).unwrap_or_default();
    let all: Vec<Labels> = (0..rows.min(MOST)).map(read).collect();
    let common = common(&all);

    let plural = if rows == 1 { "line" } else { "lines" };
    let mut text = format!("({}): {rows} {plural}", printable(&frame.ref_id));
    let _ = writeln!(text, "{}", said(&common));
    for notice in &meta.notices {
        let _ = writeln!(text, "note: {}", printable(&notice.text));
    }
    let widest = |field| (0..rows.min(MOST)).map(|row| cell(field, row).len()).max().unwrap_or_default();
    let (moment, width) = (widest(Some(times)), widest(levels));
    for (row, labels) in all.iter().enumerate() {
        let own: Labels = labels.iter().filter(|(name, _)| !common.contains_key(*name)).map(owned).collect();
        let (time, level) = (cell(Some(times), row), cell(levels, row));
        let _ = writeln!(text, "{time:<moment$}  {level:<width$}  {}{}", cell(Some(bodies), row), said(&own));
    }
    if rows > MOST {
        let _ = writeln!(text, "… {} more lines", rows - MOST);
    }
    Some(text)
}

fn cell(field: Option<&graftwire_frame::Field>, row: usize) -> String {
    printable(&field.and_then(|field| field.text(row)).unwrap_or_default())
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

/// Labels that all lines have with the same value.
fn common(all: &[Labels]) -> Labels {
    let Some((first, others)) = all.split_first() else { return Labels::new() };
    let everywhere = |name: &str, value: &str| {
        others.iter().all(|labels| labels.get(name).is_some_and(|own| own == value))
    };
    first.iter().filter(|(name, value)| everywhere(name, value)).map(owned).collect()
}

fn said(labels: &Labels) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{}={:?}", printable(name), value)).collect();
    format!("  {{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use graftwire_frame::{Field, FrameMeta, FrameTypeVersion, Json, Timestamp};

    use super::*;

    fn lines(bodies: &[&str], labels: &[&str]) -> Frame {
        let times: Vec<Timestamp> = (0..bodies.len() as i64).map(Timestamp::from_millis).collect();
        let labels: Vec<Json> = labels
            .iter()
            .map(|text| Json::from(serde_json::from_str::<serde_json::Value>(text).unwrap()))
            .collect();
        let mut frame = Frame::new("")
            .with_meta(FrameMeta::of_type(FrameType::LOG_LINES, FrameTypeVersion::new(0, 0)))
            .with_field(Field::new("timestamp", times))
            .with_field(Field::new("body", bodies.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()))
            .with_field(Field::new("severity", vec!["info".to_owned(); bodies.len()]))
            .with_field(Field::new("labels", labels));
        frame.ref_id = "A".to_owned();
        frame
    }

    #[test]
    fn labels_that_all_lines_share_are_said_once() {
        let frame = lines(&["one", "two"], &[r#"{"job":"x","unit":"a"}"#, r#"{"job":"x","unit":"b"}"#]);
        let text = render(&frame).unwrap();
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[0], r#"(A): 2 lines  {job="x"}"#);
        assert!(
            rows[1].starts_with("1970-01-01T00:00:00Z ") && rows[1].ends_with(r#"  info  one  {unit="a"}"#),
            "{text}"
        );
        assert!(rows[2].ends_with(r#"  info  two  {unit="b"}"#), "{text}");
    }

    #[test]
    fn a_line_steers_no_terminal() {
        let text = render(&lines(&["a\u{1b}[2Jb"], &["{}"])).unwrap();
        assert!(text.contains(r"a\u{1b}[2Jb"), "{text}");
    }

    #[test]
    fn other_frames_are_no_lines() {
        assert_eq!(render(&Frame::new("x")), None);
    }
}
