//! Entries → one frame of log lines, by the data plane contract.
//!
//! Fields: `timestamp`, `body`, `severity`, `id`, `labels`, `labelTypes`. It deliberately makes no field of a label:
//! Grafana does, where a user asks for it.

use std::collections::HashMap;

use graftwire_sdk::frame::{Column, Field, Frame, FrameMeta, FrameType, FrameTypeVersion, Json, Timestamp};
use serde_json::{Map, Value};

use super::ids::Ids;
use crate::logql::{Entry, EntryLabels, Labels, Level, Origin};
use crate::read::Direction;

/// Rows of an answer.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    /// The labels of streams as JSON: most lines have no others.
    streams: HashMap<Labels, (Json, Json)>,
}

#[derive(Debug)]
struct Row {
    at: i64,
    line: String,
    severity: &'static str,
    labels: Json,
    types: Json,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes an entry of a stream. Bytes that are no UTF-8 are shown as `�`.
    pub(crate) fn push(&mut self, entry: &Entry<'_>, stream: &Labels, cut: bool) {
        let severity = Level::of_entry(entry).map_or("", Level::name);
        let (labels, types) = if entry.labels.are_the_streams() {
            let known = self.streams.entry(stream.clone());
            known.or_insert_with(|| json_of(entry.labels)).clone()
        } else {
            json_of(entry.labels)
        };
        let mut line = String::from_utf8_lossy(entry.line).into_owned();
        if cut {
            line.push_str("… (cut)");
        }
        self.rows.push(Row { at: entry.timestamp, line, severity, labels, types });
    }

    /// The frame, in order of time.
    pub(crate) fn into_frame(mut self, direction: Direction) -> Frame {
        match direction {
            Direction::Forward => self.rows.sort_by_key(|row| row.at),
            Direction::Backward => self.rows.sort_by_key(|row| std::cmp::Reverse(row.at)),
        }
        let mut ids = Ids::default();
        // Equal rows are numbered from the oldest on, so that both directions give them the same names.
        let mut names = vec![String::new(); self.rows.len()];
        let numbered = names.iter_mut().zip(&self.rows);
        let name = |(name, row): (&mut String, &Row)| {
            *name = ids.of(row.at, row.line.as_bytes(), row.labels.as_str())
        };
        match direction {
            Direction::Forward => numbered.for_each(name),
            Direction::Backward => numbered.rev().for_each(name),
        }
        let mut times = Column::<Timestamp>::with_capacity(self.rows.len());
        let mut bodies = Column::<String>::with_capacity(self.rows.len());
        let mut severities = Column::<String>::with_capacity(self.rows.len());
        let mut labels = Vec::with_capacity(self.rows.len());
        let mut types = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            times.push(Timestamp::from_nanos(row.at));
            bodies.push(&row.line);
            severities.push(row.severity);
            labels.push(row.labels);
            types.push(row.types);
        }
        let meta = FrameMeta {
            preferred_visualization: FrameMeta::LOGS.to_owned(),
            ..FrameMeta::of_type(FrameType::LOG_LINES, FrameTypeVersion::default())
        };
        Frame::default()
            .with_meta(meta)
            .with_field(Field::new("timestamp", times))
            .with_field(Field::new("body", bodies))
            .with_field(Field::new("severity", severities))
            .with_field(Field::new("id", names))
            .with_field(Field::new("labels", labels))
            .with_field(Field::new("labelTypes", types))
    }
}

/// Labels and where they come from: `I` for those of the stream, `P` for those that stages gave, as Loki marks them.
fn json_of(labels: EntryLabels<'_>) -> (Json, Json) {
    let (mut values, mut types) = (Map::new(), Map::new());
    for (name, value, origin) in labels.iter() {
        let kind = match origin {
            Origin::Stream => "I",
            Origin::Parsed => "P",
        };
        values.insert(name.to_owned(), Value::from(value));
        types.insert(name.to_owned(), Value::from(kind));
    }
    (Value::Object(values).into(), Value::Object(types).into())
}
