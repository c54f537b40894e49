//! Columns → log lines of the data plane contract.
//!
//! It deliberately sorts nothing: the order of lines is the query's.

use graftwire_frame::{
    Column, Field, Frame, FrameMeta, FrameType, FrameTypeVersion, Json, Timestamp, ValueType, Values,
};
use serde_json::{Map, Value};

use super::SeriesError;
use super::rows::texts;
use super::series::time_index;

const BODY: [&str; 6] = ["body", "message", "msg", "line", "content", "text"];
const SEVERITY: [&str; 3] = ["severity", "level", "lvl"];

/// Shapes rows as log lines: `timestamp` is the time column, `body` the column of that name or `message`, `msg`, `line`,
/// `content`, `text`, else the first text; `severity` is the column of that name or `level`, `lvl`; `id` that of its name.
/// Other texts become `labels`, other columns follow. Rows without a time get that of the row before.
///
/// # Errors
/// [`SeriesError`] without a column of times or of texts.
pub fn log_lines(frame: Frame) -> Result<Frame, SeriesError> {
    let mut fields = frame.fields;
    let mut logs = Frame { fields: Vec::new(), ..frame };
    let meta = logs.meta_mut();
    meta.frame_type = FrameType::LOG_LINES;
    meta.type_version = FrameTypeVersion::default();
    FrameMeta::LOGS.clone_into(&mut meta.preferred_visualization);
    if fields.iter().all(Field::is_empty) {
        return Ok(logs);
    }
    let columns: Vec<String> = fields.iter().map(|field| format!("{:?}", field.name)).collect();
    let columns = columns.join(", ");
    let all = Frame { fields, ..Frame::default() };
    let time = time_index(&all).ok_or_else(|| SeriesError::NoTime { columns: columns.clone() })?;
    fields = all.fields;
    let time = fields.remove(time);
    let first_text = fields.iter().position(|field| field.value_type() == ValueType::String);
    let body = named(&fields, &BODY).or(first_text).ok_or(SeriesError::NoText { columns })?;
    let body = fields.remove(body);
    logs.fields.push(Field::new("timestamp", whole_times(&time.values)));
    logs.fields.push(Field::new("body", plain(&body.values)));
    if let Some(severity) = named(&fields, &SEVERITY) {
        logs.fields.push(Field::new("severity", plain(&fields.remove(severity).values)));
    }
    if let Some(id) = fields.iter().position(|field| field.name == "id") {
        logs.fields.push(Field::new("id", plain(&fields.remove(id).values)));
    }
    let (dimensions, others): (Vec<Field>, Vec<Field>) =
        fields.into_iter().partition(|field| field.value_type() == ValueType::String);
    if !dimensions.is_empty() {
        logs.fields.push(Field::new("labels", labels(&dimensions, time.len())));
    }
    logs.fields.extend(others);
    Ok(logs)
}

fn named(fields: &[Field], names: &[&str]) -> Option<usize> {
    let of = |name: &&str| fields.iter().position(|field| field.name.eq_ignore_ascii_case(name));
    names.iter().find_map(of)
}

fn whole_times(values: &Values) -> Values {
    let Values::Time(column) = values else { return values.clone() };
    let mut last = Timestamp::EPOCH;
    let whole: Column<Timestamp> = column
        .iter()
        .map(|time| {
            last = time.unwrap_or(last);
            last
        })
        .collect();
    Values::Time(whole)
}

/// Texts without nulls.
fn plain(values: &Values) -> Values {
    let column: Column<String> = texts(values).iter().map(Option::unwrap_or_default).collect();
    Values::String(column)
}

fn labels(dimensions: &[Field], rows: usize) -> Values {
    let columns: Vec<(&str, Column<String>)> =
        dimensions.iter().map(|field| (field.name.as_str(), texts(&field.values))).collect();
    let of = |row: usize| {
        let pairs = columns.iter().filter_map(|(name, column)| {
            column.get(row).map(|text| ((*name).to_owned(), Value::String(text.to_owned())))
        });
        Json::from(Value::Object(pairs.collect::<Map<_, _>>()))
    };
    (0..rows).map(of).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use graftwire_frame::contract;

    use super::*;

    #[test]
    fn rows_become_log_lines_of_the_contract() {
        let times = vec![Some(Timestamp::from_secs(1)), None];
        let rows = Frame {
            fields: vec![
                Field::new("unit", vec![Some("ssh"), None]),
                Field::new("Message", vec![Some("hello"), None]),
                Field::new("ts", times),
                Field::new("level", vec![Some("info"), Some("error")]),
                Field::new("id", vec![Some(7_i64), Some(8)]),
                Field::new("bytes", vec![Some(10_i64), Some(20)]),
            ],
            ..Frame::default()
        };
        let logs = log_lines(rows).unwrap();
        let names: Vec<_> = logs.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["timestamp", "body", "severity", "id", "labels", "bytes"]);
        assert_eq!(logs.fields[1].values, vec!["hello", ""].into());
        assert_eq!(logs.fields[3].values, vec!["7", "8"].into());
        let labels = vec![Json::parse(r#"{"unit":"ssh"}"#).unwrap(), Json::parse("{}").unwrap()];
        assert_eq!(logs.fields[4].values, labels.into());
        let problems = contract::check(std::slice::from_ref(&logs));
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn lines_need_a_time_and_a_text() {
        let error = |fields| log_lines(Frame { fields, ..Frame::default() }).unwrap_err().to_string();
        assert!(error(vec![Field::new("m", vec!["x"])]).contains("no time column"));
        assert!(error(vec![Field::new("t", vec![Timestamp::EPOCH])]).contains("no column of texts"));
    }
}
