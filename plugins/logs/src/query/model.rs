//! The query's JSON, as the editor of Loki's data source writes it.
//!
//! What it doesn't know it ignores (`editorMode`, `datasource`, …); a known field of the wrong shape is an error that
//! names it. It deliberately resolves no variables.

use graftwire_sdk::model::Query;
use serde_json::{Map, Value};

use super::QueryFailure;
use crate::read::{Direction, Window};

/// What is asked for.
#[derive(Debug)]
pub(super) struct QueryModel {
    pub(super) expr: String,
    pub(super) kind: Kind,
    pub(super) direction: Direction,
    pub(super) max_lines: Option<usize>,
    pub(super) legend: String,
    /// The step as written; may be a variable.
    pub(super) step: String,
    /// Milliseconds; 0 = not said.
    pub(super) interval: i64,
    /// 0 = not said.
    pub(super) max_data_points: i64,
    /// Nanoseconds: finer than the range of the request, for pages that end between two lines of one millisecond.
    from_ns: Option<i64>,
    to_ns: Option<i64>,
}

/// Which question is asked of the expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Lines, or series over time.
    #[default]
    Range,
    /// Series at the end of the range.
    Instant,
    /// How many lines there are over time, by level.
    Volume,
}

impl QueryModel {
    pub(super) fn read(query: &Query) -> Result<Self, QueryFailure> {
        let text = query.json.trim_ascii();
        let object: Map<String, Value> = match text {
            b"" | b"null" => Map::new(),
            _ => serde_json::from_slice(text).map_err(QueryFailure::Json)?,
        };
        let fields = Fields(&object);
        let kind = match fields.text("queryType")? {
            "" => query.query_type.as_str(),
            kind => kind,
        };
        let kind = match kind {
            "instant" => Kind::Instant,
            "volume" => Kind::Volume,
            // `stream` was Loki's word for live queries, which are asked as ranges here.
            "" | "range" | "stream" | "randomWalk" => match fields.boolean("instant")? {
                Some(true) => Kind::Instant,
                _ => Kind::Range,
            },
            other => {
                return Err(QueryFailure::Field {
                    field: "queryType",
                    found: format!("{other:?}"),
                    expected: "range, instant or volume",
                });
            }
        };
        let direction = match fields.text("direction")? {
            "" | "backward" | "scan" => Direction::Backward,
            "forward" => Direction::Forward,
            other => {
                return Err(QueryFailure::Field {
                    field: "direction",
                    found: format!("{other:?}"),
                    expected: "backward or forward",
                });
            }
        };
        let or_query =
            |found: Option<i64>, query: i64| found.filter(|found| *found > 0).unwrap_or(query).max(0);
        let lines = fields.integer("maxLines")?.filter(|lines| *lines > 0);
        Ok(Self {
            expr: fields.text("expr")?.to_owned(),
            kind,
            direction,
            max_lines: lines.map(|lines| usize::try_from(lines).unwrap_or(usize::MAX)),
            legend: fields.text("legendFormat")?.to_owned(),
            step: fields.text("step")?.trim().to_owned(),
            interval: or_query(fields.integer("intervalMs")?, query.interval.0),
            max_data_points: or_query(fields.integer("maxDataPoints")?, query.max_data_points),
            from_ns: fields.nanos("fromNs")?,
            to_ns: fields.nanos("toNs")?,
        })
    }

    /// The window in nanoseconds: the query's range, narrowed by what it says in nanoseconds.
    pub(super) fn window(&self, query: &Query) -> Result<Window, QueryFailure> {
        let (from, to) = (query.time_range.from.0, query.time_range.to.0);
        if from > to {
            return Err(QueryFailure::TimeRange { from, to });
        }
        let from = from.saturating_mul(1_000_000).max(self.from_ns.unwrap_or(i64::MIN));
        let to = to.saturating_mul(1_000_000).min(self.to_ns.unwrap_or(i64::MAX));
        Ok(Window { from, to })
    }
}

/// Reads fields; absent ones and `null` are as if not there.
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn value(&self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    fn text(&self, field: &'static str) -> Result<&'a str, QueryFailure> {
        match self.value(field) {
            None => Ok(""),
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(wrong(field, other, "a text")),
        }
    }

    fn boolean(&self, field: &'static str) -> Result<Option<bool>, QueryFailure> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(wrong(field, other, "true or false")),
        }
    }

    /// A whole number; fractions are cut off, and a number in quotes counts too.
    fn integer(&self, field: &'static str) -> Result<Option<i64>, QueryFailure> {
        let Some(value) = self.value(field) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number as i64)),
            None => Err(wrong(field, value, "a number")),
        }
    }

    /// Nanoseconds come as text, since JavaScript has no numbers that large.
    fn nanos(&self, field: &'static str) -> Result<Option<i64>, QueryFailure> {
        let Some(value) = self.value(field) else { return Ok(None) };
        let found = match value {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        found.map(Some).ok_or_else(|| wrong(field, value, "nanoseconds since 1970 as text"))
    }
}

fn wrong(field: &'static str, found: &Value, expected: &'static str) -> QueryFailure {
    let found = match found {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    QueryFailure::Field { field, found, expected }
}
