//! The query's JSON, as the editor of Prometheus' data source writes it.
//!
//! First step of a query. What it doesn't know it ignores (`exemplar`, `editorMode`, `datasource`, …); a known
//! field of the wrong shape is an error that names it. It deliberately resolves no variables.

use graftwire_model::Query;
use serde_json::{Map, Value};

use super::QueryFailure;
use super::filters;
use crate::series::Matcher;

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct QueryModel {
    pub(super) expr: String,
    pub(super) range: bool,
    pub(super) instant: bool,
    pub(super) format: Format,
    pub(super) legend: String,
    /// The least step as written; may be a variable.
    pub(super) min_step: String,
    /// Milliseconds; 0 = not said.
    pub(super) interval: i64,
    /// At least 1.
    pub(super) interval_factor: i64,
    /// 0 = not said.
    pub(super) max_data_points: i64,
    /// Milliseconds.
    pub(super) utc_offset: i64,
    /// Conditions that a dashboard adds to every selector.
    pub(super) filters: Vec<Matcher>,
    /// The same as text.
    pub(super) filters_text: String,
}

/// The shape of the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    TimeSeries,
    Table,
    Heatmap,
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
        let instant = fields.boolean("instant")?.unwrap_or(kind == "instant");
        // Dashboards older than the two switches have neither: they are range queries.
        let range = fields.boolean("range")?.unwrap_or(!instant) || !instant;
        let or_query =
            |found: Option<i64>, query: i64| found.filter(|found| *found > 0).unwrap_or(query).max(0);
        let (filters, filters_text) = filters::read(fields.list("adhocFilters")?)?;
        Ok(Self {
            expr: fields.text("expr")?.to_owned(),
            range,
            instant,
            format: fields.format()?,
            legend: fields.text("legendFormat")?.to_owned(),
            min_step: fields.text("interval")?.trim().to_owned(),
            interval: or_query(fields.integer("intervalMs")?, query.interval.0),
            interval_factor: fields.integer("intervalFactor")?.unwrap_or(1).clamp(1, 1000),
            max_data_points: or_query(fields.integer("maxDataPoints")?, query.max_data_points),
            // No zone is more than a day away from UTC.
            utc_offset: fields.integer("utcOffsetSec")?.unwrap_or(0).clamp(-86_400, 86_400) * 1000,
            filters,
            filters_text,
        })
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

    fn list(&self, field: &'static str) -> Result<&'a [Value], QueryFailure> {
        match self.value(field) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(other) => Err(wrong(field, other, "a list")),
        }
    }

    fn format(&self) -> Result<Format, QueryFailure> {
        match self.value("format") {
            // Numbers were written by mistake for a while; all of them meant time series.
            None | Some(Value::Number(_)) => Ok(Format::TimeSeries),
            Some(Value::String(text)) => match text.as_str() {
                "" | "time_series" => Ok(Format::TimeSeries),
                "table" => Ok(Format::Table),
                "heatmap" => Ok(Format::Heatmap),
                _ => Err(QueryFailure::Field {
                    field: "format",
                    found: format!("{text:?}"),
                    expected: "time_series, table or heatmap",
                }),
            },
            Some(other) => Err(wrong("format", other, "a text")),
        }
    }
}

pub(super) fn wrong(field: &'static str, found: &Value, expected: &'static str) -> QueryFailure {
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
