//! Columns → a table, with the type that alerting and SQL expressions read.
//!
//! It deliberately changes no value and no name: a table shows what the query gave.

use graftwire_frame::{Field, Frame, FrameMeta, FrameType, FrameTypeVersion, ValueType, Values};

/// Declares what a table is in the data plane contract, where it follows it: `numeric-long` for numbers told apart by
/// texts, `timeseries-long` for numbers over ascending times, else nothing.
#[must_use]
pub fn table(mut frame: Frame) -> Frame {
    let frame_type = contract_type(&frame);
    let meta = frame.meta_mut();
    FrameMeta::TABLE.clone_into(&mut meta.preferred_visualization);
    if let Some(frame_type) = frame_type {
        meta.frame_type = frame_type;
        meta.type_version = FrameTypeVersion::new(0, 1);
    }
    frame
}

fn contract_type(frame: &Frame) -> Option<FrameType> {
    let has = |test: &dyn Fn(&Field) -> bool| frame.fields.iter().any(test);
    let rows = frame.fields.first().map_or(0, Field::len);
    let values = has(&|field| field.value_type().is_numeric() || field.value_type() == ValueType::Bool);
    if rows == 0 || !values || has(&|field| field.value_type() == ValueType::Json) {
        return None;
    }
    let first_time = frame.fields.iter().find_map(|field| match &field.values {
        Values::Time(column) => Some(column),
        _ => None,
    });
    match first_time {
        Some(times) => {
            let ascending = times.iter().is_sorted_by(|left, right| left.is_some() && left <= right);
            (ascending && !times.is_null(0)).then_some(FrameType::TIMESERIES_LONG)
        }
        None => {
            let texts = has(&|field| field.value_type() == ValueType::String);
            (texts || rows == 1).then_some(FrameType::NUMERIC_LONG)
        }
    }
}

#[cfg(test)]
mod tests {
    use graftwire_frame::Timestamp;

    use super::*;

    fn kind(fields: Vec<Field>) -> String {
        table(Frame { fields, ..Frame::default() }).meta.unwrap().frame_type.as_str().to_owned()
    }

    #[test]
    fn numbers_told_apart_by_texts_can_alert() {
        let host = || Field::new("host", vec![Some("a"), Some("b")]);
        let load = || Field::new("load", vec![Some(1.0), Some(2.0)]);
        assert_eq!(kind(vec![host(), load()]), "numeric-long");
        assert_eq!(kind(vec![Field::new("n", vec![Some(1_i64)])]), "numeric-long");
        assert_eq!(kind(vec![load()]), "", "two numbers that nothing tells apart");
        assert_eq!(kind(vec![host()]), "");
        assert_eq!(kind(vec![Field::new("n", Vec::<Option<i64>>::new())]), "");
    }

    #[test]
    fn numbers_over_ascending_times_are_a_series() {
        let times = |a: i64, b: i64| Field::new("t", vec![Timestamp::from_secs(a), Timestamp::from_secs(b)]);
        let load = || Field::new("load", vec![Some(1.0), Some(2.0)]);
        assert_eq!(kind(vec![times(1, 2), load()]), "timeseries-long");
        assert_eq!(kind(vec![times(2, 1), load()]), "");
        let with_null = Field::new("t", vec![None, Some(Timestamp::EPOCH)]);
        assert_eq!(kind(vec![with_null, load()]), "");
    }
}
