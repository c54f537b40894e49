//! Arrow files made by arrow-rs rather than by a plugin: several batches, views, types that frames don't have.

use std::sync::Arc;

use arrow_array::types::{Int32Type, TimestampMillisecondType};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array,
    LargeStringArray, NullArray, PrimitiveArray, RecordBatch, StringArray, StringViewArray, UInt16Array,
};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{Field as ArrowField, Schema};
use graftwire_frame::{
    Column, DecodeLimits, EnumIndex, Field, Frame, FrameError, Json, Timestamp, Values, arrow,
};

/// A file of batches, which must have the same columns.
fn file(batches: &[Vec<ArrayRef>]) -> Vec<u8> {
    let field = |(index, array): (usize, &ArrayRef)| {
        ArrowField::new(format!("c{index}"), array.data_type().clone(), array.is_nullable())
    };
    file_of(Schema::new(batches[0].iter().enumerate().map(field).collect::<Vec<_>>()), batches)
}

fn file_of(schema: Schema, batches: &[Vec<ArrayRef>]) -> Vec<u8> {
    let schema = Arc::new(schema);
    let mut writer = FileWriter::try_new(Vec::new(), &schema).unwrap();
    for columns in batches {
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns.clone()).unwrap()).unwrap();
    }
    writer.into_inner().unwrap()
}

fn read(file: &[u8]) -> Result<Frame, FrameError> {
    arrow::read(file, &DecodeLimits::default())
}

fn values(file: &[u8]) -> Vec<Values> {
    read(file).unwrap().fields.into_iter().map(|field| field.values).collect()
}

#[test]
fn every_batch_adds_its_rows() {
    let batch = |ints: Vec<Option<i64>>, bools: Vec<Option<bool>>, texts: Vec<&str>| -> Vec<ArrayRef> {
        vec![
            Arc::new(Int64Array::from(ints)),
            Arc::new(BooleanArray::from(bools)),
            Arc::new(StringArray::from(texts)),
        ]
    };
    let schema = Schema::new(vec![
        ArrowField::new("n", arrow_schema::DataType::Int64, true),
        ArrowField::new("b", arrow_schema::DataType::Boolean, true),
        ArrowField::new("t", arrow_schema::DataType::Utf8, false),
    ]);
    let batches = [
        batch(vec![Some(1), None, Some(3)], vec![None, Some(true), Some(false)], vec!["a", "", "ccc"]),
        batch(vec![], vec![], vec![]),
        batch(vec![Some(4)], vec![Some(true)], vec!["日本"]),
    ];
    assert_eq!(
        values(&file_of(schema, &batches)),
        [
            Values::from(vec![Some(1i64), None, Some(3), Some(4)]),
            Values::from(vec![None, Some(true), Some(false), Some(true)]),
            Values::from(vec!["a", "", "ccc", "日本"]),
        ]
    );
}

#[test]
fn names_and_metadata_may_be_missing() {
    let frame = read(&file(&[vec![Arc::new(Float64Array::from(vec![1.5])) as ArrayRef]])).unwrap();
    assert_eq!(frame, Frame::new("").with_field(Field::new("c0", vec![1.5])));
}

#[test]
fn views_are_read_as_strings() {
    let long = "longer than the twelve bytes that fit the view itself";
    let texts = vec![Some("short"), None, Some(long), Some(""), Some("exactly12byt"), Some("thirteen byte")];
    let array = StringViewArray::from_iter(texts.clone());
    // A slice keeps buffers that no view of it looks into.
    let columns: Vec<ArrayRef> = vec![Arc::new(array.clone()), Arc::new(Int64Array::from(vec![7; 6]))];
    assert_eq!(values(&file(&[columns])), [Values::from(texts), Values::from(vec![7i64; 6])]);
    let columns: Vec<ArrayRef> = vec![Arc::new(array.slice(4, 2))];
    assert_eq!(values(&file(&[columns])), [Values::from(vec!["exactly12byt", "thirteen byte"])],);
}

#[test]
fn slices_are_read_from_their_own_offset() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["zero", "one", "two", "three"]));
    let bools: ArrayRef = Arc::new(BooleanArray::from((0..20).map(|n| Some(n % 3 == 0)).collect::<Vec<_>>()));
    assert_eq!(values(&file(&[vec![texts.slice(1, 2)]])), [Values::from(vec!["one", "two"])]);
    let expected: Vec<bool> = (5..18).map(|n| n % 3 == 0).collect();
    assert_eq!(values(&file(&[vec![bools.slice(5, 13)]])), [Values::from(expected)]);
}

#[test]
fn times_count_as_nanoseconds_whatever_their_unit() {
    let times = PrimitiveArray::<TimestampMillisecondType>::from(vec![5]).with_timezone("Europe/Prague");
    assert_eq!(
        values(&file(&[vec![Arc::new(times) as ArrayRef]])),
        [Values::from(vec![Timestamp::from_nanos(5)])]
    );
}

#[test]
fn an_enum_is_one_only_by_its_metadata() {
    let column: ArrayRef = Arc::new(UInt16Array::from(vec![1]));
    assert_eq!(values(&file(&[vec![Arc::clone(&column)]])), [Values::from(vec![1u16])]);
    let field = ArrowField::new("e", column.data_type().clone(), false)
        .with_metadata([("tstype".to_owned(), "enum".to_owned()), ("unknown".to_owned(), "x".to_owned())]);
    assert_eq!(
        values(&file_of(Schema::new(vec![field]), &[vec![column]])),
        [Values::from(vec![EnumIndex(1)])]
    );
}

#[test]
fn binary_is_json() {
    let column: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"{\"a\":1}"[..]), Some(b"")]));
    let mut expected = Column::<Json>::new();
    expected.push("{\"a\":1}");
    expected.push("");
    assert_eq!(values(&file(&[vec![column]])), [Values::from(expected.clone())]);
}

#[test]
fn other_types_are_refused_by_name() {
    let dictionary: DictionaryArray<Int32Type> = ["a", "b"].into_iter().collect();
    let columns: [(ArrayRef, &str); 4] = [
        (Arc::new(Date32Array::from(vec![1])), "Date"),
        (Arc::new(LargeStringArray::from(vec!["a"])), "LargeUtf8"),
        (Arc::new(dictionary), "Dictionary"),
        (Arc::new(NullArray::new(1)), "Null"),
    ];
    for (column, name) in columns {
        let first: ArrayRef = Arc::new(Int64Array::from(vec![1; column.len()]));
        let error = read(&file(&[vec![first, column]])).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("field 1 (\"c1\"): arrow type {name} has no counterpart in a data frame")
        );
    }
}

#[test]
fn columns_that_share_memory_count_each_time() {
    // What a hostile file may do with one large text, a generous reader would have to copy a thousand times.
    let text = "x".repeat(100_000);
    let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(&text, 1)));
    let one = StringViewArray::from_iter_values([&text]);
    let views = one.views().first().copied().unwrap();
    let repeated = StringViewArray::try_new(
        std::iter::repeat_n(views, 1_000).collect::<Vec<_>>().into(),
        one.data_buffers().to_vec(),
        None,
    )
    .unwrap();
    let file_of_one = file(&[vec![column]]);
    let file = file(&[vec![Arc::new(repeated) as ArrayRef]]);
    assert!(file.len() < 2 * file_of_one.len());
    let limits = DecodeLimits::default().with_bytes(1 << 20);
    assert_eq!(
        arrow::read(&file, &limits).unwrap_err().to_string(),
        "decoded bytes of a frame: found 100004, the limit is 1048576"
    );
}
