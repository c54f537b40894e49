//! Frames as record batches of arrow-rs and back.

use std::sync::Arc;

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, Int64Array, NullArray, PrimitiveArray, RecordBatch, StringViewArray};
use graftwire_frame::arrow::interop::{from_record_batch, to_record_batch};
use graftwire_frame::{Field, Frame, Timestamp};

use crate::frames::{read_arrow, write_arrow};
use crate::golden::cases;

#[test]
fn golden_frames_become_batches_and_frames_again() {
    for case in cases("frame") {
        let frame = read_arrow(&case.name, &case.bytes(&["arrow"]));
        let batch = to_record_batch(frame.clone()).unwrap();
        assert_eq!(batch.num_rows(), frame.rows().unwrap());
        let back = from_record_batch(batch).unwrap();
        assert_eq!(write_arrow(&case.name, &back), write_arrow(&case.name, &frame), "{}", case.name);
    }
}

#[test]
fn numbers_move_both_ways() {
    let numbers: Vec<i64> = (0..100).collect();
    let address = numbers.as_ptr();
    let batch = to_record_batch(Frame::new("f").with_field(Field::new("n", numbers))).unwrap();
    let array = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
    assert_eq!(array.values().as_ptr(), address);
    let frame = from_record_batch(batch).unwrap();
    let graftwire_frame::Values::Int64(column) = &frame.fields[0].values else { panic!("other type") };
    assert_eq!(column.as_slice().as_ptr(), address);
}

#[test]
fn batches_of_others() {
    let times = PrimitiveArray::<TimestampMicrosecondType>::from(vec![Some(1), None, Some(i64::MAX)]);
    let texts =
        StringViewArray::from_iter([Some("a"), None, Some("long enough to stand outside of the view")]);
    let batch =
        RecordBatch::try_from_iter([("t", Arc::new(times) as ArrayRef), ("s", Arc::new(texts) as ArrayRef)])
            .unwrap();
    let expected = Frame::new("")
        .with_field(Field::new("t", vec![Some(Timestamp::from_nanos(1000)), None, Some(Timestamp::MAX)]))
        .with_field(Field::new("s", vec![Some("a"), None, Some("long enough to stand outside of the view")]));
    assert_eq!(from_record_batch(batch).unwrap(), expected);
    let sliced = to_record_batch(expected.clone()).unwrap().slice(1, 2);
    assert_eq!(from_record_batch(sliced).unwrap().fields[0].values.null_count(), 1);

    let other = RecordBatch::try_from_iter([("n", Arc::new(NullArray::new(1)) as ArrayRef)]).unwrap();
    assert_eq!(
        from_record_batch(other).unwrap_err().to_string(),
        "field 0 (\"n\"): arrow type Null has no counterpart in a data frame"
    );
}
