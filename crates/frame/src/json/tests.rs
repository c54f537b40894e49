use super::*;
use crate::{
    DecodeLimits, EnumIndex, Field, FieldConfig, Frame, FrameError, FrameMeta, Json, QueryStat, Timestamp,
    ValueType, Values,
};

fn from(json: &str) -> Result<Frame, FrameError> {
    read(json.as_bytes(), &DecodeLimits::default())
}

fn to(frame: &Frame) -> String {
    String::from_utf8(write(frame, Include::All).unwrap().into_bytes().to_vec()).unwrap()
}

/// A frame of one column, read from its type and list.
fn column(kind: &str, list: &str) -> Result<Values, FrameError> {
    from(&document(kind, &format!(r#""values":[{list}]"#))).map(|mut frame| frame.fields.remove(0).values)
}

fn document(kind: &str, data: &str) -> String {
    format!(r#"{{"schema":{{"fields":[{{"name":"f","typeInfo":{{{kind}}}}}]}},"data":{{{data}}}}}"#)
}

fn message(result: Result<impl std::fmt::Debug, FrameError>) -> String {
    let error = result.unwrap_err();
    let cause = std::error::Error::source(&error).map(|cause| format!(" <- {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[test]
fn floats_are_spelled_as_go_spells_them() {
    let numbers = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        100.0,
        1e15,
        1e16,
        1.5e17,
        123456789012345680000.0,
        1e20,
        1e21,
        1.5e21,
        1e100,
        0.1,
        1e-5,
        1e-6,
        1.25e-6,
        9.99e-7,
        1e-7,
        1.5e-10,
        5e-324,
        f64::MAX,
    ];
    let frame = Frame::new("").with_field(Field::new("", numbers.to_vec()));
    assert!(to(&frame).contains(
        "[[0,-0,1,-1.5,100,1000000000000000,10000000000000000,150000000000000000,123456789012345680000,\
         100000000000000000000,1e+21,1.5e+21,1e+100,0.1,0.00001,0.000001,0.00000125,9.99e-07,1e-07,1.5e-10,\
         5e-324,1.7976931348623157e+308]]"
    ));
    let singles = Frame::new("").with_field(Field::new("", vec![0.1f32, 16_777_216.0, 1e21, 1e-7, f32::MAX]));
    assert!(to(&singles).contains("[[0.1,16777216,1e+21,1e-07,3.4028235e+38]]"));
}

#[test]
fn texts_are_escaped_for_pages_and_scripts() {
    let frame =
        Frame::new("").with_field(Field::new("", vec!["<a href=\"x\">&\\\n\u{1}\u{2028}\u{2029}é\u{e2}‰"]));
    assert!(
        to(&frame).contains(r#"[["\u003ca href=\"x\"\u003e\u0026\\\n\u0001\u2028\u2029é"#),
        "{}",
        to(&frame)
    );
    assert_eq!(from(&to(&frame)).unwrap(), frame);
}

#[test]
fn json_cells_are_compact_and_checked() {
    let cells =
        vec![Json::parse(" { \"a b\" : [ 1 , \"<x \\\" y>\" ] }\n").unwrap(), Json::parse("1E400").unwrap()];
    let frame = Frame::new("").with_field(Field::new("", cells));
    assert!(to(&frame).contains(r#"[[{"a b":[1,"\u003cx \" y\u003e"]},1E400]]"#), "{}", to(&frame));

    let mut column = crate::Column::<Json>::new();
    column.push("");
    column.push("{");
    let frame = Frame::new("").with_field(Field::new("j", column));
    let mut out = b"kept".to_vec();
    assert_eq!(
        message(write_to(&mut out, &frame, Include::All)),
        r#"field 0 ("j"), row 1: found {, expected json.RawMessage"#
    );
    assert_eq!(out, b"kept");
}

#[test]
fn what_json_numbers_cannot_be_is_refused_in_config_and_meta() {
    let stats = FrameMeta { stats: vec![QueryStat::new("rows", "", f64::NAN)], ..FrameMeta::default() };
    assert_eq!(
        message(write(&Frame::new("").with_meta(stats), Include::Schema)),
        "meta of the frame: not the expected json <- value of a statistic: found NaN, expected a finite number"
    );
    let config = FieldConfig { interval: f64::INFINITY, ..FieldConfig::default() };
    let frame = Frame::new("").with_field(Field::new("v", vec![1i8]).with_config(config));
    assert_eq!(
        message(write(&frame, Include::Schema)),
        "config of field 0 (\"v\"): not the expected json <- interval of a field config: found inf, expected a finite number"
    );
}

#[test]
fn free_json_keeps_every_digit() {
    let custom = r#"{"z":9007199254740993,"a":0.1000000000000000055511151231257827,"big":1e400}"#;
    let text = format!(
        r#"{{"schema":{{"meta":{{"typeVersion":[0,0],"custom":{custom},"stats":[{{"displayName":"n","custom":{custom},"value":1}}]}},"fields":[]}},"data":{{"values":[]}}}}"#
    );
    assert_eq!(to(&from(&text).unwrap()), text);
}

#[test]
fn numbers_of_config_are_rounded_correctly() {
    let json = r#"{"schema":{"fields":[{"typeInfo":{"frame":"int8"},"config":{"min":2.2250738585072011e-308,"max":0.1}}]}}"#;
    let config = from(json).unwrap().fields.remove(0).config.unwrap();
    assert_eq!((config.min, config.max), (Some(2.225_073_858_507_201e-308), Some(0.1)));
    assert!(
        message(from(&json.replace("0.1", "1e999"))).contains("found 1e999, which no 64-bit float can hold")
    );
}

#[test]
fn integers_may_stand_in_quotes_or_be_whole_floats() {
    assert_eq!(
        column(r#""frame":"uint64""#, r#"["18446744073709551615",18446744073709551615,1e3,2.0,null]"#)
            .unwrap(),
        Values::from(vec![u64::MAX, u64::MAX, 1000, 2, 0])
    );
    assert_eq!(
        column(r#""frame":"int64","nullable":true"#, r#"["-9223372036854775808",-0,null]"#).unwrap(),
        Values::from(vec![Some(i64::MIN), Some(0), None])
    );
    assert_eq!(column(r#""frame":"enum""#, "[3]").unwrap(), Values::from(vec![EnumIndex(3)]));
    for (kind, cell) in [
        ("int8", "128"),
        ("uint8", "-1"),
        ("int32", "1.5"),
        ("uint64", "1e30"),
        ("int64", "true"),
        ("uint16", "\"\""),
    ] {
        assert_eq!(
            message(column(&format!(r#""frame":"{kind}""#), &format!("[1,{cell}]"))),
            format!(r#"field 0 ("f"), row 1: found {cell}, expected {kind}"#)
        );
    }
}

#[test]
fn floats_may_stand_in_quotes_but_not_overflow() {
    assert_eq!(
        column(r#""frame":"float64""#, r#"["1.5",1e-400,"NaN","-Infinity",-0]"#).unwrap(),
        Values::from(vec![1.5, 0.0, f64::NAN, f64::NEG_INFINITY, -0.0])
    );
    for cell in ["1e400", "\"inf\"", "\"\"", "[1]", "true"] {
        assert_eq!(
            message(column(r#""frame":"float32""#, &format!("[{cell}]"))),
            format!(r#"field 0 ("f"), row 0: found {cell}, expected float32"#)
        );
    }
    // Rounded once, from the digits to single precision: through double precision it would be 1.
    assert_eq!(
        column(r#""frame":"float32""#, "[1.00000005960464477540]").unwrap(),
        Values::from(vec![1.000_000_1f32])
    );
}

#[test]
fn strings_are_unescaped_and_halves_of_pairs_replaced() {
    assert_eq!(
        column(
            r#""frame":"string""#,
            r#"["a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","\ud83d x","\ude00\ud83d","\ud83d\u0041",null]"#
        )
        .unwrap(),
        Values::from(vec!["a\"\\/\u{8}\u{c}\n\r\té😀", "\u{fffd} x", "\u{fffd}\u{fffd}", "\u{fffd}A", ""])
    );
    assert_eq!(
        message(column(r#""frame":"string""#, "[1]")),
        r#"field 0 ("f"), row 0: found 1, expected string"#
    );
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced_one_by_one() {
    let mut json = document(r#""frame":"string""#, r#""values":[["ab"]]"#).into_bytes();
    let at = json.windows(2).position(|pair| pair == b"ab").unwrap();
    json[at..at + 2].copy_from_slice(b"\xe2\x82");
    let frame = read(&json, &DecodeLimits::default()).unwrap();
    assert_eq!(frame.fields[0].values, Values::from(vec!["\u{fffd}\u{fffd}"]));
}

#[test]
fn times_are_milliseconds_and_nanoseconds() {
    let read = |data: &str| from(&document(r#""frame":"time.Time","nullable":true"#, data));
    let expected = Values::from(vec![
        Some(Timestamp::from_nanos(-999_999)),
        None,
        Some(Timestamp::from_nanos(2_500_000)),
    ]);
    for data in [
        r#""values":[[-1,null,2.5]],"nanos":[[1,0,0]]"#,
        r#""nanos":[[1,0,null]],"values":[[-1,null,2.5]]"#,
        r#""unknown":{"nanos":[[7]]},"nanos":[["1"]],"values":[["-1",null,2.5]],"entities":null"#,
    ] {
        assert_eq!(read(data).unwrap().fields[0].values, expected, "{data}");
    }
    // Out of range: as far as 64 bits go.
    assert_eq!(
        read(r#""values":[[253402300799000,-9e18]]"#).unwrap().fields[0].values,
        Values::from(vec![Some(Timestamp::MAX), Some(Timestamp::MIN)])
    );
    assert_eq!(
        message(read(r#""values":[[1]],"nanos":[[0,0]]"#)),
        "frame json: data.nanos[0]: found more entries than the 1 rows, expected one integer per row"
    );
    assert_eq!(
        message(read(r#""values":[[1]],"nanos":[[0.5]]"#)),
        "frame json: data.nanos[0]: found a wrong entry in row 0, expected one integer per row"
    );
}

#[test]
fn entities_come_before_or_after_the_values() {
    let expected =
        Values::from(vec![Some(f64::NAN), Some(1.0), Some(f64::INFINITY), Some(f64::NEG_INFINITY), None]);
    let entities = r#""entities":[{"NaN":[0],"Inf":[2],"NegInf":[3],"later":[9]}]"#;
    let values = r#""values":[[null,1,null,null,null]]"#;
    for data in [format!("{values},{entities}"), format!("{entities},{values}")] {
        let frame = from(&document(r#""frame":"float64","nullable":true"#, &data)).unwrap();
        assert_eq!(frame.fields[0].values, expected);
    }
    assert_eq!(
        message(from(&document(r#""frame":"float64""#, r#""values":[[null]],"entities":[{"NaN":[1]}]"#))),
        "frame json: data.entities[0]: found row 1, expected one of the column's 1"
    );
    assert_eq!(
        message(from(&document(r#""frame":"int8""#, r#""values":[[1]],"entities":[{"NaN":[0]}]"#))),
        "frame json: data.entities[0]: found rows, expected none for type int8"
    );
}

#[test]
fn types_have_aliases_and_may_be_the_front_ends_alone() {
    for (name, expected, nullable) in [
        ("*int16", ValueType::Int16, true),
        ("int", ValueType::Int64, false),
        ("float", ValueType::Float64, false),
        ("double", ValueType::Float64, false),
        ("boolean", ValueType::Bool, false),
        ("time", ValueType::Time, false),
        ("json", ValueType::Json, false),
        ("*time.Time", ValueType::Time, true),
    ] {
        let values = column(&format!(r#""frame":"{name}""#), "[]").unwrap();
        assert_eq!((values.value_type(), values.is_nullable()), (expected, nullable), "{name}");
    }
    for (name, expected) in [
        ("number", ValueType::Float64),
        ("string", ValueType::String),
        ("boolean", ValueType::Bool),
        ("time", ValueType::Time),
        ("enum", ValueType::Enum),
        ("other", ValueType::Json),
        ("nestedFrames", ValueType::Json),
    ] {
        let json = format!(r#"{{"schema":{{"fields":[{{"type":"{name}"}}]}},"data":{{"values":[[null]]}}}}"#);
        let values = from(&json).unwrap().fields.remove(0).values;
        assert_eq!((values.value_type(), values.null_count()), (expected, 1), "{name}");
    }
    for kind in [r#""frame":"decimal""#, r#""frame":"*json""#, r#""nullable":true"#] {
        assert!(
            message(column(kind, "[]"))
                .starts_with("frame json: field 0 (\"f\"): found type \"\" and typeInfo.frame")
        );
    }
}

#[test]
fn documents_that_are_no_frames_are_refused() {
    let schema = r#""schema":{"fields":[{"name":"a","typeInfo":{"frame":"int8"}},{"name":"b","typeInfo":{"frame":"int8"}}]}"#;
    for (json, expected) in [
        (r#"{"data":{},"schema":{}}"#.to_owned(), "frame json: document <- found data before schema"),
        (r#"{"schema":{},"more":1}"#.to_owned(), "frame json: document <- unknown field `more`"),
        ("[]".to_owned(), "frame json: document <- invalid type: sequence, expected a frame"),
        ("{".to_owned(), "frame json: document <- EOF while parsing"),
        (
            r#"{"data":{"values":[[1]]}}"#.to_owned(),
            "frame json: data.values: found 1 entries, expected at most the 0 fields of the schema",
        ),
        (
            format!(r#"{{{schema},"data":{{"values":[[1],[2],[3]]}}}}"#),
            "frame json: data.values: found 3 entries, expected at most the 2 fields of the schema",
        ),
        (
            format!(r#"{{{schema},"data":{{"values":[[1],[2,3]]}}}}"#),
            "field 1 (\"b\"): found 2 rows, expected 1 as in field 0",
        ),
        (
            format!(r#"{{{schema},"data":{{"values":[[1]]}}}}"#),
            "field 1 (\"b\"): found 0 rows, expected 1 as in field 0",
        ),
        (
            format!(r#"{{{schema},"data":{{"values":[{{}}]}}}}"#),
            "frame json: data.values[0]: found {}, expected a list",
        ),
        (
            r#"{"schema":{"meta":{"notices":[{"severity":"fatal"}]}}}"#.to_owned(),
            "frame json: schema <- unknown variant `fatal`, expected one of `info`, `warning`, `error`",
        ),
        (
            r#"{"schema":{"fields":[{"typeInfo":{"frame":"int8"},"config":{"mappings":[{"type":"odd","options":{}}]}}]}}"#
                .to_owned(),
            "frame json: schema <- unknown variant `odd`, expected one of `value`, `range`, `special`",
        ),
    ] {
        let found = message(from(&json));
        assert!(found.starts_with(expected), "{json}\n{found}");
    }
}

#[test]
fn nulls_and_absent_parts_are_empty() {
    for json in [
        "{}",
        r#"{"schema":null}"#,
        r#"{"schema":{},"data":null}"#,
        r#"{"schema":{"name":null,"refId":null,"meta":null,"fields":null},"data":{"values":null,"nanos":null}}"#,
    ] {
        assert_eq!(from(json).unwrap(), Frame::default(), "{json}");
    }
    let field = from(
        r#"{"schema":{"fields":[{"name":null,"type":null,"typeInfo":{"frame":"int8","nullable":null},"labels":null,"config":null}]}}"#,
    )
    .unwrap()
    .fields
    .remove(0);
    assert_eq!(field, Field::new("", Vec::<i8>::new()));
    let config = from(
        r#"{"schema":{"fields":[{"typeInfo":{"frame":"int8"},"config":{"unit":null,"min":null,"mappings":null,"thresholds":null,"links":null,"color":null,"type":null,"more":1}}]}}"#,
    )
    .unwrap()
    .fields
    .remove(0)
    .config;
    assert_eq!(config, Some(FieldConfig { min: Some(f64::NEG_INFINITY), ..FieldConfig::default() }));
}

#[test]
fn limits_are_named() {
    let limits = DecodeLimits::default().with_rows(2).with_fields(1).with_bytes(300);
    let read = |json: &str| super::read(json.as_bytes(), &limits);
    let three = document(r#""frame":"int8""#, r#""values":[[1,2,3]]"#);
    assert_eq!(message(read(&three)), "rows of a frame: found 3, the limit is 2");
    let two_fields = r#"{"schema":{"fields":[{"type":"number"},{"type":"number"}]}}"#;
    assert_eq!(message(read(two_fields)), "fields of a frame: found 2, the limit is 1");
    assert_eq!(message(read(&" ".repeat(301))), "bytes of a frame: found 301, the limit is 300");

    let mut frame = read(&document(r#""frame":"int8""#, r#""values":[[1,2]]"#)).unwrap();
    let error = append(&mut frame, br#"{"data":{"values":[[3]]}}"#, &limits);
    assert_eq!(message(error), "rows of a frame: found 3, the limit is 2");
    assert_eq!(frame.rows().unwrap(), 2);
}

#[test]
fn rows_are_appended_without_a_schema() {
    let limits = DecodeLimits::default();
    let mut frame = Frame::new("f").with_field(Field::new("v", vec![1i64]));
    append(&mut frame, br#"{"data":{"values":[["2",3]]}}"#, &limits).unwrap();
    append(&mut frame, b"{}", &limits).unwrap();
    assert_eq!(frame.fields[0].values, Values::from(vec![1i64, 2, 3]));
    assert_eq!(
        message(append(&mut frame, br#"{"schema":{"fields":[]}}"#, &limits)),
        "frame json: found a schema, expected data alone"
    );
    assert_eq!(frame.rows().unwrap(), 3);
}

#[test]
fn lists_of_frames() {
    let frames = vec![Frame::new("a"), Frame::new("b").with_field(Field::new("v", vec![1i64]))];
    let json = write_list(&frames).unwrap();
    assert_eq!(read_list(&json, &DecodeLimits::default()).unwrap(), frames);
    assert_eq!(read_list(b"[]", &DecodeLimits::default()).unwrap(), []);
}
