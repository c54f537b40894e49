//! The query's JSON, with the names of Grafana's SQL data sources.
//!
//! First step of a query. What it doesn't know it ignores; a known key of the wrong shape is an error that names it. It
//! deliberately expands nothing.

use graftwire_model::Query;
use serde_json::{Map, Value};

/// How the answer is shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Format {
    /// One wide frame over time.
    #[default]
    TimeSeries,
    /// The rows as they are.
    Table,
    /// Log lines.
    Logs,
}

/// A query as it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SqlQuery {
    /// The SQL text with its macros: `rawSql`, or as plugins for SQLite save it `rawQueryText`, `queryText`.
    pub sql: String,
    /// `format`: `time_series`, `timeseries`, `time series` or 0; `table` or 1; `logs` or 2. Absent: the query's type, else
    /// time series.
    pub format: Format,
    /// `timeColumns`: further columns that are times.
    pub time_columns: Vec<String>,
    /// `table`, for `$__table`.
    pub table: String,
    /// `column`, for `$__column`.
    pub column: String,
}

/// A query that can't be read. The user's to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlQueryError {
    /// The model is no JSON object.
    #[error("the query is no JSON object")]
    NotJson {
        /// What the parser says.
        #[source]
        cause: serde_json::Error,
    },
    /// A key of the wrong shape.
    #[error("query.{key}: found {found}, expected {expected}")]
    Key {
        /// Which key.
        key: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// No SQL.
    #[error("query.rawSql is empty; write a SELECT")]
    Empty,
}

impl SqlQuery {
    /// Reads a query.
    ///
    /// # Errors
    /// [`SqlQueryError`].
    pub fn read(query: &Query) -> Result<Self, SqlQueryError> {
        let text: &[u8] = if query.json.trim_ascii().is_empty() { b"{}" } else { &query.json };
        let model: Map<String, Value> =
            serde_json::from_slice(text).map_err(|cause| SqlQueryError::NotJson { cause })?;
        let sql = ["rawSql", "rawQueryText", "queryText"]
            .into_iter()
            .map(|key| string(&model, key))
            .find(|text| !matches!(text, Ok(text) if text.trim().is_empty()))
            .unwrap_or(Err(SqlQueryError::Empty))?;
        let format = match model.get("format") {
            None | Some(Value::Null) => format_of(&query.query_type).unwrap_or_default(),
            Some(value) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                format_of(&text).ok_or_else(|| SqlQueryError::Key {
                    key: "format",
                    found: value.to_string(),
                    expected: "time_series, table or logs",
                })?
            }
        };
        Ok(Self {
            sql,
            format,
            time_columns: strings(&model, "timeColumns")?,
            table: string(&model, "table")?,
            column: string(&model, "column")?,
        })
    }
}

fn format_of(text: &str) -> Option<Format> {
    match text.to_ascii_lowercase().as_str() {
        "" | "0" | "time_series" | "timeseries" | "time series" => Some(Format::TimeSeries),
        "1" | "table" => Some(Format::Table),
        "2" | "logs" => Some(Format::Logs),
        _ => None,
    }
}

fn string(model: &Map<String, Value>, key: &'static str) -> Result<String, SqlQueryError> {
    match model.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(SqlQueryError::Key { key, found: other.to_string(), expected: "a text" }),
    }
}

fn strings(model: &Map<String, Value>, key: &'static str) -> Result<Vec<String>, SqlQueryError> {
    let wrong =
        |found: &Value| SqlQueryError::Key { key, found: found.to_string(), expected: "a list of texts" };
    match model.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(|| wrong(item))).collect()
        }
        Some(other) => Err(wrong(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, query_type: &str) -> Result<SqlQuery, SqlQueryError> {
        let query =
            Query { json: json.to_owned().into(), query_type: query_type.to_owned(), ..Query::default() };
        SqlQuery::read(&query)
    }

    #[test]
    fn formats_by_name_and_number() {
        for (format, expected) in [
            ("\"time_series\"", Format::TimeSeries),
            ("0", Format::TimeSeries),
            ("\"Table\"", Format::Table),
            ("1", Format::Table),
            ("\"logs\"", Format::Logs),
            ("null", Format::TimeSeries),
        ] {
            assert_eq!(read(&format!(r#"{{"rawSql":"x","format":{format}}}"#), "").unwrap().format, expected);
        }
        let older =
            read(r#"{"queryText":"y","rawQueryText":"x","timeColumns":["ts"]}"#, "time series").unwrap();
        assert_eq!((older.sql.as_str(), older.format), ("x", Format::TimeSeries));
        assert_eq!(older.time_columns, ["ts"]);
        assert_eq!(read(r#"{"rawSql":"x"}"#, "table").unwrap().format, Format::Table);
    }

    #[test]
    fn wrong_shapes_are_named() {
        let error = |json: &str| read(json, "").unwrap_err().to_string();
        assert_eq!(error("{}"), "query.rawSql is empty; write a SELECT");
        assert_eq!(error(""), "query.rawSql is empty; write a SELECT");
        assert_eq!(error(r#"{"rawSql":5}"#), "query.rawSql: found 5, expected a text");
        assert!(error(r#"{"rawSql":"x","format":"pie"}"#).contains("found \"pie\", expected time_series"));
        assert!(error(r#"{"rawSql":"x","timeColumns":[1]}"#).contains("query.timeColumns"));
        assert_eq!(error("["), "the query is no JSON object");
    }
}
