//! Columns → one wide time series frame, as Grafana's SQL data sources shape it.
//!
//! Long to wide by `frame::shape`, then gaps by its resampling. It deliberately sorts nothing: rows that go back in
//! time are told with the cure.

use graftwire_frame::shape::{Resample, SeriesSchema, SeriesShape, ShapeError, long_to_wide, resample};
use graftwire_frame::{
    Column, Field, Frame, FrameType, FrameTypeVersion, Notice, NoticeSeverity, Timestamp, ValueType, Values,
};
use graftwire_model::TimeRange;

use super::GroupFill;
use super::rows::texts;

/// Rows that are no time series. The user's query has to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// No column of times.
    #[error(
        "found no time column among {columns}, expected one for a time series: name it time (… AS time), or choose the format table"
    )]
    NoTime {
        /// The columns there are.
        columns: String,
    },
    /// No column of numbers.
    #[error(
        "found no column of numbers beside the time among {columns}, expected one for a time series; choose the format table for texts"
    )]
    NoValue {
        /// The columns there are.
        columns: String,
    },
    /// No column of texts.
    #[error(
        "found no column of texts among {columns}, expected one for log lines: name it body, or choose the format table"
    )]
    NoText {
        /// The columns there are.
        columns: String,
    },
    /// The rows can't be brought into that shape.
    #[error("the rows are no time series: {cause}{}", cure(cause))]
    Shape {
        /// Why.
        #[source]
        cause: ShapeError,
    },
}

const fn cure(cause: &ShapeError) -> &'static str {
    match cause {
        ShapeError::NotAscending { .. } => " (add ORDER BY time)",
        _ => "",
    }
}

impl From<ShapeError> for SeriesError {
    fn from(cause: ShapeError) -> Self {
        Self::Shape { cause }
    }
}

/// The names by which a column is the time column, before any column of type time.
const TIME_NAMES: [&str; 2] = ["time", "time_sec"];
/// The name of the column whose texts name the series.
const METRIC: &str = "metric";

/// Shapes rows as a time series: a field `Time`, then a field of numbers per series, whose texts became labels. A column
/// `metric` names the series if it is the only text. Rows without a time are left out with a notice. With a `fill` the
/// rows are brought to its interval over the whole range.
///
/// Frames without rows stay without fields, of type `timeseries-wide`.
///
/// # Errors
/// [`SeriesError`].
pub fn time_series(frame: Frame, fill: Option<GroupFill>, range: TimeRange) -> Result<Frame, SeriesError> {
    let mut frame = frame;
    if frame.fields.iter().all(Field::is_empty) {
        frame.fields.clear();
        return Ok(typed(frame));
    }
    let time = time_index(&frame).ok_or_else(|| SeriesError::NoTime { columns: names(&frame) })?;
    let mut frame = without_null_times(frame, time);
    if frame.fields.iter().all(Field::is_empty) {
        frame.fields.clear();
        return Ok(typed(frame));
    }
    let three_fields = frame.fields.len() == 3;
    for (index, field) in frame.fields.iter_mut().enumerate() {
        if index == time {
            "Time".clone_into(&mut field.name);
        } else {
            field.values =
                series_values(std::mem::replace(&mut field.values, Vec::<i64>::new().into()), &field.name);
        }
    }
    // The time column is the first of its type in every schema below.
    let moved = frame.fields.remove(time);
    frame.fields.insert(0, moved);
    let schema = SeriesSchema::of(&frame).ok_or_else(|| SeriesError::NoValue { columns: names(&frame) })?;
    let mut wide = if schema.shape == SeriesShape::Long {
        let mut wide = long_to_wide(&frame, fill.map(|group| group.fill))?;
        if three_fields {
            name_by_metric(&mut wide);
        }
        wide
    } else {
        ascending(&frame)?;
        typed(frame)
    };
    if let Some(group) = fill {
        wide = resample(&wide, &steps(group, range))?;
    }
    Ok(typed(wide))
}

fn typed(mut frame: Frame) -> Frame {
    let meta = frame.meta_mut();
    meta.frame_type = FrameType::TIMESERIES_WIDE;
    meta.type_version = FrameTypeVersion::new(0, 1);
    frame
}

pub(super) fn time_index(frame: &Frame) -> Option<usize> {
    let is_time = |field: &&Field| field.value_type() == ValueType::Time;
    let named = |name: &str| frame.fields.iter().position(|field| is_time(&field) && field.name == name);
    TIME_NAMES
        .iter()
        .find_map(|name| named(name))
        .or_else(|| frame.fields.iter().position(|field| is_time(&field)))
}

fn names(frame: &Frame) -> String {
    let shown: Vec<String> = frame.fields.iter().take(10).map(|field| format!("{:?}", field.name)).collect();
    let more = frame.fields.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// Bools are drawn as 0 and 1; JSON and a column that names series count as texts.
fn series_values(values: Values, name: &str) -> Values {
    match values {
        Values::Bool(column) => {
            Values::Float64(column.iter().map(|yes| yes.map(|yes| f64::from(u8::from(yes)))).collect())
        }
        Values::Json(_) => Values::String(texts(&values)),
        values if name == METRIC && values.value_type() != ValueType::String => {
            Values::String(texts(&values))
        }
        values => values,
    }
}

fn without_null_times(frame: Frame, time: usize) -> Frame {
    let Some(Values::Time(times)) = frame.fields.get(time).map(|field| &field.values) else { return frame };
    let nulls = times.null_count();
    let kept: Vec<usize> = (0..times.len()).filter(|row| !times.is_null(*row)).collect();
    let plain: Column<Timestamp> = times.iter().flatten().collect();
    let mut shorter = Frame { fields: Vec::with_capacity(frame.fields.len()), ..frame };
    for (index, field) in frame.fields.into_iter().enumerate() {
        let values = if index == time {
            Values::Time(plain.clone())
        } else if nulls == 0 {
            field.values
        } else {
            let mut values = Values::with_capacity(field.value_type(), true, kept.len());
            for row in &kept {
                values.push_from(&field.values, *row);
            }
            values
        };
        shorter.fields.push(Field { values, name: field.name, labels: field.labels, config: field.config });
    }
    if nulls > 0 {
        let text = format!("{nulls} row(s) without a time are left out");
        shorter.meta_mut().notices.push(Notice::new(NoticeSeverity::Info, text));
    }
    shorter
}

fn ascending(frame: &Frame) -> Result<(), ShapeError> {
    let Some(Values::Time(times)) = frame.fields.first().map(|field| &field.values) else { return Ok(()) };
    let mut last = Timestamp::MIN;
    for (row, time) in times.iter().flatten().enumerate() {
        if time < last {
            return Err(ShapeError::NotAscending { row });
        }
        last = time;
    }
    Ok(())
}

/// Before Grafana 8 the column `metric` was the series' name, and panels of that time go on looking as they did.
fn name_by_metric(wide: &mut Frame) {
    for field in &mut wide.fields {
        let Some(labels) = &field.labels else { continue };
        let name = labels.get(METRIC).filter(|_| labels.len() == 1).map(str::to_owned);
        if let Some(name) = name {
            field.name = name;
            field.labels = None;
        }
    }
}

/// The range with both ends rounded down to the interval, as group macros do with times.
fn steps(group: GroupFill, range: TimeRange) -> Resample {
    let step = group.interval.as_nanos().max(1);
    let align = |nanos: i64| Timestamp::from_nanos(nanos.div_euclid(step).saturating_mul(step));
    Resample {
        from: align(range.from.as_nanos()),
        to: align(range.to.as_nanos()),
        step: group.interval.to_duration(),
        fill: Some(group.fill),
    }
}

#[cfg(test)]
mod tests {
    use graftwire_frame::shape::Fill;
    use graftwire_model::EpochMillis;

    use super::*;
    use crate::interval::Interval;

    fn times(seconds: &[i64]) -> Values {
        seconds.iter().map(|second| Some(Timestamp::from_secs(*second))).collect::<Vec<_>>().into()
    }

    fn frame(fields: Vec<Field>) -> Frame {
        Frame { fields, ..Frame::default() }
    }

    fn range(from: i64, to: i64) -> TimeRange {
        TimeRange { from: EpochMillis(from * 1000), to: EpochMillis(to * 1000) }
    }

    #[test]
    fn rows_become_one_field_per_series() {
        let long = frame(vec![
            Field::new("host", vec![Some("a"), Some("b"), Some("a")]),
            Field::new("time", times(&[0, 0, 60])),
            Field::new("load", vec![Some(1.0), Some(2.0), Some(3.0)]),
        ]);
        let wide = time_series(long, None, TimeRange::default()).unwrap();
        let names: Vec<_> = wide.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["Time", "load", "load"]);
        assert_eq!(wide.fields[1].labels.as_ref().unwrap().get("host"), Some("a"));
        assert_eq!(wide.fields[2].values, vec![Some(2.0), None].into());
        let meta = wide.meta.unwrap();
        assert_eq!(
            (meta.frame_type, meta.type_version),
            (FrameType::TIMESERIES_WIDE, FrameTypeVersion::new(0, 1))
        );
    }

    #[test]
    fn a_metric_column_names_the_series() {
        let long = |extra: bool| {
            let mut fields = vec![
                Field::new("time", times(&[0])),
                Field::new("metric", vec![Some(7_i64)]),
                Field::new("value", vec![Some(1_i64)]),
            ];
            if extra {
                fields.push(Field::new("other", vec![Some(2_i64)]));
            }
            time_series(frame(fields), None, TimeRange::default()).unwrap()
        };
        assert_eq!((long(false).fields[1].name.as_str(), &long(false).fields[1].labels), ("7", &None));
        assert_eq!(long(true).fields[1].labels.as_ref().unwrap().get("metric"), Some("7"));
    }

    #[test]
    fn gaps_are_filled_over_the_whole_range() {
        let fill = GroupFill { interval: Interval::from_millis(60_000), fill: Fill::Value(0.0) };
        let sparse =
            frame(vec![Field::new("time", times(&[60, 180])), Field::new("v", vec![Some(1_i64), Some(2)])]);
        let filled = time_series(sparse.clone(), Some(fill), range(0, 245)).unwrap();
        assert_eq!(filled.fields[1].values, vec![Some(0_i64), Some(1), Some(0), Some(2), Some(0)].into());
        let previous =
            time_series(sparse, Some(GroupFill { fill: Fill::Previous, ..fill }), range(60, 240)).unwrap();
        assert_eq!(previous.fields[1].values, vec![Some(1_i64), Some(1), Some(2), Some(2)].into());
        assert_eq!(previous.meta.unwrap().frame_type, FrameType::TIMESERIES_WIDE);
    }

    #[test]
    fn bools_are_drawn_and_rows_without_time_are_told() {
        let mut with_null = times(&[0]);
        with_null.push_null();
        let odd = frame(vec![Field::new("time", with_null), Field::new("up", vec![Some(true), Some(false)])]);
        let series = time_series(odd, None, TimeRange::default()).unwrap();
        assert_eq!(series.fields[1].values, vec![Some(1.0)].into());
        assert_eq!(series.meta.unwrap().notices[0].text, "1 row(s) without a time are left out");
    }

    #[test]
    fn what_is_no_series_is_told_with_its_cure() {
        let error = |fields| time_series(frame(fields), None, TimeRange::default()).unwrap_err().to_string();
        let numbers = || Field::new("v", vec![Some(1.0), Some(2.0)]);
        assert!(error(vec![numbers()]).starts_with("found no time column among \"v\", expected one"));
        let texts = Field::new("host", vec![Some("a"), Some("b")]);
        assert!(
            error(vec![Field::new("time", times(&[0, 1])), texts.clone()]).contains("no column of numbers")
        );
        let back = error(vec![Field::new("time", times(&[1, 0])), numbers(), texts]);
        assert!(
            back.contains("row 1: the time is before") && back.ends_with("(add ORDER BY time)"),
            "{back}"
        );
        assert!(error(vec![Field::new("time", times(&[1, 0])), numbers()]).contains("ORDER BY time"));
    }

    #[test]
    fn no_rows_are_one_typed_frame_without_fields() {
        let empty =
            time_series(frame(vec![Field::new("v", Vec::<i64>::new())]), None, TimeRange::default()).unwrap();
        assert!(empty.fields.is_empty());
        assert_eq!(empty.meta.unwrap().frame_type, FrameType::TIMESERIES_WIDE);
    }
}
