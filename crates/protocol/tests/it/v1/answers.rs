//! Answers: frames → series and tables → frames.

use std::collections::BTreeMap;

use bytes::Bytes;
use graftwire_frame::{
    Column, Field, FieldConfig, Frame, FrameMeta, FrameType, FrameTypeVersion, Json, Notice, NoticeSeverity,
    Timestamp, ValueType, Values,
};
use graftwire_model::{DataResponse, EncodedFrame, ErrorSource, FrameFormat, QueryResponse};
use graftwire_protocol::v1::generated::row_value::Kind;
use graftwire_protocol::v1::{from_wire, generated as wire, to_wire};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message as _;

/// What the frames of one query become.
fn sent(frames: Vec<Frame>) -> wire::QueryResult {
    sent_in(frames, FrameFormat::Arrow)
}

fn sent_in(frames: Vec<Frame>, format: FrameFormat) -> wire::QueryResult {
    let frames = frames.into_iter().map(|frame| frame.into_encoded(format).unwrap()).collect();
    let responses = BTreeMap::from([("A".to_owned(), DataResponse::ok(frames))]);
    to_wire::query_response(QueryResponse { responses }).results.remove(0)
}

/// What one result becomes.
fn received(result: wire::QueryResult) -> (DataResponse, Vec<Frame>) {
    let ref_id = result.ref_id.clone();
    let message = wire::DatasourceResponse { results: vec![result] };
    let answer = from_wire::query_response(message, FrameFormat::Arrow).responses.remove(&ref_id).unwrap();
    let frames = answer.frames.iter().map(|frame| Frame::decode(frame).unwrap()).collect();
    (answer, frames)
}

fn times(millis: &[i64]) -> Field {
    Field::new("time", millis.iter().map(|at| Timestamp::from_millis(*at)).collect::<Column<Timestamp>>())
}

fn declared(frame: Frame, frame_type: FrameType) -> Frame {
    frame.with_meta(FrameMeta::of_type(frame_type, FrameTypeVersion::new(0, 1)))
}

/// The series of a result: names and points.
fn series(result: &wire::QueryResult) -> Vec<(&str, Vec<(i64, f64)>)> {
    let points = |series: &wire::TimeSeries| {
        series.points.iter().map(|point| (point.timestamp, point.value)).collect()
    };
    result.series.iter().map(|series| (series.name.as_str(), points(series))).collect()
}

#[test]
fn wide_frames_are_series_without_what_is_no_number() {
    let host = |name: &'static str| [("host", name)];
    let frame = Frame::new("cpu")
        .with_field(times(&[1, 2, 3]))
        .with_field(Field::new("usage", vec![Some(0.5), None, Some(f64::NAN)]).with_labels(host("a")))
        .with_field(Field::new("Value", vec![1_u64, 2, u64::MAX]).with_labels(host("b")))
        .with_field(Field::new("x", vec![7_i8, 8, 9]).with_config(FieldConfig {
            display_name_from_ds: "made".to_owned(),
            display_name: "other".to_owned(),
            ..FieldConfig::default()
        }));
    for format in [FrameFormat::Arrow, FrameFormat::Json] {
        let result = sent_in(vec![frame.clone()], format);
        assert_eq!(result.tables.len(), 0);
        assert_eq!(
            series(&result),
            [
                ("usage", vec![(1, 0.5)]),
                // `Value` says nothing, the frame's name does.
                ("cpu", vec![(1, 1.0), (2, 2.0), (3, 18_446_744_073_709_551_615.0)]),
                ("made", vec![(1, 7.0), (2, 8.0), (3, 9.0)]),
            ]
        );
        assert_eq!(result.series[0].tags["host"], "a");
        assert!(result.meta_json.contains("1 values are NaN or infinite"), "{}", result.meta_json);
    }
}

#[test]
fn what_a_frame_declares_decides() {
    let numbers = || Frame::new("n").with_field(times(&[1, 2])).with_field(Field::new("v", vec![1.0, 2.0]));
    let rows = || numbers().with_field(Field::new("host", vec!["a", "b"]));
    let text_only = || Frame::new("t").with_field(times(&[1])).with_field(Field::new("v", vec!["x"]));
    let preferring = |view: &str| {
        numbers().with_meta(FrameMeta { preferred_visualization: view.to_owned(), ..FrameMeta::default() })
    };
    for (what, frame, series, tables) in [
        ("nothing, times and numbers", numbers(), 1, 0),
        ("nothing, rows with a text", rows(), 0, 1),
        ("nothing, no number", text_only(), 0, 1),
        ("nothing, no time", Frame::new("n").with_field(Field::new("v", vec![1])), 0, 1),
        ("wide", declared(rows(), FrameType::TIMESERIES_WIDE), 1, 0),
        ("multi", declared(numbers(), FrameType::TIMESERIES_MULTI), 1, 0),
        ("many", declared(numbers(), FrameType::TIMESERIES_MANY), 1, 0),
        ("long", declared(rows(), FrameType::TIMESERIES_LONG), 2, 0),
        ("long without texts", declared(numbers(), FrameType::TIMESERIES_LONG), 1, 0),
        ("numbers at a time", declared(numbers(), FrameType::NUMERIC_MULTI), 1, 0),
        (
            "numbers without time",
            declared(Frame::new("n").with_field(Field::new("v", vec![1])), FrameType::NUMERIC_WIDE),
            0,
            1,
        ),
        ("rows of a heat map", declared(numbers(), FrameType::HEATMAP_ROWS), 1, 0),
        ("cells of a heat map", declared(numbers(), FrameType::HEATMAP_CELLS), 0, 1),
        ("log lines", declared(text_only(), FrameType::LOG_LINES), 0, 1),
        ("a table", declared(numbers(), FrameType::TABLE), 0, 1),
        ("a type of one's own", declared(numbers(), FrameType::new("mine")), 0, 1),
        ("shown as a table", preferring(FrameMeta::TABLE), 0, 1),
        ("shown as logs", preferring(FrameMeta::LOGS), 0, 1),
        ("shown as a graph", preferring(FrameMeta::GRAPH), 1, 0),
        ("no fields", Frame::new("empty"), 0, 0),
        (
            "no rows",
            Frame::new("n").with_field(times(&[])).with_field(Field::new("v", Vec::<f64>::new())),
            1,
            0,
        ),
    ] {
        let result = sent(vec![frame]);
        assert_eq!((result.series.len(), result.tables.len()), (series, tables), "{what}: {result:?}");
        assert_eq!(result.error, "", "{what}");
    }
}

#[test]
fn a_long_frame_has_a_series_per_combination() {
    let frame = declared(
        Frame::new("l")
            .with_field(times(&[1, 1, 2]))
            .with_field(Field::new("host", vec!["a", "b", "a"]))
            .with_field(Field::new("up", vec![true, true, true]))
            .with_field(Field::new("v", vec![1.0, 2.0, 3.0])),
        FrameType::TIMESERIES_LONG,
    );
    let result = sent(vec![frame.clone()]);
    assert_eq!(series(&result), [("v", vec![(1, 1.0), (2, 3.0)]), ("v", vec![(1, 2.0)])]);
    let tags: Vec<_> = result.series.iter().map(|series| series.tags["host"].as_str()).collect();
    assert_eq!(tags, ["a", "b"]);
    // Out of order it can't be made wide, but nothing of it is lost.
    let mut backwards = frame;
    backwards.fields[0] = times(&[3, 2, 1]);
    let result = sent(vec![backwards]);
    assert_eq!((result.series.len(), result.tables[0].rows.len()), (0, 3));
}

#[test]
fn every_type_has_its_cell() {
    let mut frame = Frame::new("t")
        .with_field(times(&[-1]))
        .with_field(Field::new("i", vec![i64::MIN]))
        .with_field(Field::new("u", vec![u64::MAX]))
        .with_field(Field::new("f", vec![0.1_f32]).with_labels([("a", "b")]))
        .with_field(Field::new("inf", vec![f64::NEG_INFINITY]))
        .with_field(Field::new("b", vec![true]))
        .with_field(Field::new("s", vec!["ü"]))
        .with_field(Field::new("none", vec![None::<i32>]))
        .with_field(Field::new("json", vec![Json::parse("{\"a\": 1.50}").unwrap()]))
        .with_field(
            Field::new("e", vec![graftwire_frame::EnumIndex(1)])
                .with_config(FieldConfig::with_enum(["x", "y"])),
        );
    frame.fields[5].name = "B".to_owned();
    let result = sent(vec![frame]);
    let table = &result.tables[0];
    let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["time", "i", "u", "f {a=b}", "inf", "B", "s", "none", "json", "e"]);
    let cells: Vec<_> = table.rows[0].values.iter().map(shown).collect();
    assert_eq!(
        cells,
        [
            "int -1",
            "int -9223372036854775808",
            "double 18446744073709552000",
            "double 0.10000000149011612",
            "null",
            "bool true",
            "text ü",
            "null",
            "text {\"a\": 1.50}",
            "text y"
        ]
    );
}

fn shown(cell: &wire::RowValue) -> String {
    match cell.kind() {
        Kind::TypeNull => "null".to_owned(),
        Kind::TypeDouble => format!("double {}", cell.double_value),
        Kind::TypeInt64 => format!("int {}", cell.int64_value),
        Kind::TypeBool => format!("bool {}", cell.bool_value),
        Kind::TypeString => format!("text {}", cell.string_value),
        Kind::TypeBytes => format!("bytes {:?}", cell.bytes_value),
    }
}

#[test]
fn meta_json_holds_what_panels_of_grafana_7_read() {
    let with = |meta: FrameMeta| Frame::default().with_meta(meta);
    let custom = |json: &str| FrameMeta { custom: Some(Json::parse(json).unwrap()), ..FrameMeta::default() };
    let notice = Notice::new(NoticeSeverity::Warning, "careful");
    let result = sent(vec![
        with(FrameMeta {
            notices: vec![notice.clone()],
            ..custom(r#"{"a":1.10,"b":{"c":12345678901234567890}}"#)
        }),
        with(FrameMeta {
            notices: vec![notice.clone()],
            executed_query_string: "SELECT 1".to_owned(),
            ..custom(r#"{"a":2}"#)
        }),
        with(custom("[1]")),
    ]);
    assert_eq!(
        result.meta_json,
        r#"{"a":1.10,"b":{"c":12345678901234567890},"custom":[1],"executedQueryString":"SELECT 1","notices":[{"severity":"warning","text":"careful"}]}"#
    );
    let (_, frames) = received(result);
    let meta = frames[0].meta.as_ref().unwrap();
    assert_eq!((meta.executed_query_string.as_str(), &meta.notices), ("SELECT 1", &vec![notice]));
    assert_eq!(
        meta.custom.as_ref().unwrap().as_str(),
        r#"{"a":1.10,"b":{"c":12345678901234567890},"custom":[1]}"#
    );
    assert_eq!(sent(vec![Frame::new("x")]).meta_json, "");
    // A key of the plugin's own comes first, whatever it is.
    assert_eq!(
        sent(vec![with(FrameMeta {
            executed_query_string: "q".to_owned(),
            ..custom(r#"{"executedQueryString":5}"#)
        })])
        .meta_json,
        r#"{"executedQueryString":5}"#
    );
}

#[test]
fn errors_keep_what_is_good() {
    let good = Frame::new("x").with_field(Field::new("v", vec![1])).into_encoded(FrameFormat::Arrow).unwrap();
    let broken = EncodedFrame::new(FrameFormat::Arrow, Bytes::from_static(b"ARROW1 no"));
    let responses = BTreeMap::from([
        ("A".to_owned(), DataResponse::failed(502, ErrorSource::Downstream, "it is down")),
        ("B".to_owned(), DataResponse::ok(vec![broken, good.clone()])),
        (
            "C".to_owned(),
            DataResponse { frames: vec![good], ..DataResponse::failed(400, ErrorSource::Plugin, "half") },
        ),
    ]);
    let message = to_wire::query_response(QueryResponse { responses });
    let errors: Vec<_> =
        message.results.iter().map(|result| (result.error.as_str(), result.tables.len())).collect();
    assert_eq!((errors[0], errors[2]), (("it is down", 0), ("half", 1)));
    assert!(
        errors[1].0.starts_with("frames[0] can't be sent in protocol version 1: arrow file: "),
        "{errors:?}"
    );
    assert_eq!(errors[1].1, 1);
    let answers = from_wire::query_response(message, FrameFormat::Json).responses;
    let half = &answers["C"];
    assert_eq!((half.error.as_str(), half.status, half.error_source), ("half", 500, None));
    assert_eq!((half.frames.len(), half.frames[0].format), (1, FrameFormat::Json));
}

fn cell(kind: Kind) -> wire::RowValue {
    wire::RowValue { kind: kind as i32, ..wire::RowValue::default() }
}

fn int(value: i64) -> wire::RowValue {
    wire::RowValue { int64_value: value, ..cell(Kind::TypeInt64) }
}

fn double(value: f64) -> wire::RowValue {
    wire::RowValue { double_value: value, ..cell(Kind::TypeDouble) }
}

fn string(value: &str) -> wire::RowValue {
    wire::RowValue { string_value: value.to_owned(), ..cell(Kind::TypeString) }
}

fn table(names: &[&str], rows: Vec<Vec<wire::RowValue>>) -> wire::QueryResult {
    let columns = names.iter().map(|name| wire::TableColumn { name: (*name).to_owned() }).collect();
    let rows = rows.into_iter().map(|values| wire::TableRow { values }).collect();
    wire::QueryResult { tables: vec![wire::Table { columns, rows }], ..wire::QueryResult::default() }
}

#[test]
fn columns_are_what_their_cells_say() {
    let null = || cell(Kind::TypeNull);
    let bytes = wire::RowValue { bytes_value: Bytes::from_static(&[1, 2, 255]), ..cell(Kind::TypeBytes) };
    let yes = wire::RowValue { bool_value: true, ..cell(Kind::TypeBool) };
    for (name, cells, expected) in [
        ("n", vec![null(), int(i64::MIN)], Values::from(vec![None, Some(i64::MIN)])),
        ("n", vec![int(1), double(0.5)], Values::from(vec![Some(1.0), Some(0.5)])),
        ("n", vec![double(f64::NAN), null()], Values::from(vec![Some(f64::NAN), None])),
        ("n", vec![yes.clone(), null()], Values::from(vec![Some(true), None])),
        ("n", vec![string("a"), null()], Values::from(vec![Some("a"), None])),
        ("n", vec![bytes.clone(), null()], Values::from(vec![Some("AQL/"), None])),
        ("n", vec![null(), null()], Values::from(vec![None::<&str>, None])),
        ("n", vec![int(1), yes], Values::from(vec![Some("1"), Some("true")])),
        ("n", vec![double(0.5), string("x")], Values::from(vec![Some("0.5"), Some("x")])),
        ("Time", vec![int(5), null()], Values::from(vec![Some(Timestamp::from_millis(5)), None])),
        (
            "time",
            vec![double(5.0), int(6)],
            Values::from(vec![Some(Timestamp::from_millis(5)), Some(Timestamp::from_millis(6))]),
        ),
        ("time", vec![double(5.5), null()], Values::from(vec![Some(5.5), None])),
        ("time", vec![int(i64::MAX), null()], Values::from(vec![Some(i64::MAX), None])),
        ("time", vec![string("now"), null()], Values::from(vec![Some("now"), None])),
    ] {
        let rows = cells.into_iter().map(|cell| vec![cell]).collect();
        let (answer, frames) = received(table(&[name], rows));
        assert_eq!((answer.status, answer.error.as_str()), (200, ""));
        assert_eq!(frames[0].fields, [Field::new(name, expected)], "{name}");
    }
}

#[test]
fn ragged_tables_are_filled_up_within_a_limit() {
    let (_, frames) =
        received(table(&["a", "b"], vec![vec![int(1)], vec![int(2), int(3), string("more")], vec![]]));
    let names: Vec<_> = frames[0].fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!((names, frames[0].rows().unwrap()), (vec!["a", "b", ""], 3));
    assert_eq!(frames[0].fields[2].values, Values::from(vec![None, Some("more"), None]));
    let mut rows = vec![vec![]; 2000];
    rows[7] = vec![int(1); 1000];
    let (answer, frames) = received(table(&[], rows));
    assert_eq!(
        answer.error,
        "tables[0]: 2000 rows of up to 1000 cells, but 1000 cells in all; at most 1048576 are filled in"
    );
    assert!(frames.is_empty());
}

#[test]
fn an_unknown_kind_is_that_tables_error() {
    let mut result =
        table(&["a"], vec![vec![int(1)], vec![wire::RowValue { kind: 9, ..Default::default() }]]);
    result.tables.push(table(&["b"], vec![vec![int(1)]]).tables.remove(0));
    let (answer, frames) = received(result);
    assert_eq!(
        (answer.status, answer.error.as_str()),
        (500, "tables[0].rows[1].values[0]: unknown kind 9; known are 0 (null) to 5 (bytes)")
    );
    assert_eq!(frames[0].fields[0].name, "b");
}

#[test]
fn series_become_frames_and_the_last_of_a_name_counts() {
    let points = |values: &[(i64, f64)]| {
        values.iter().map(|(timestamp, value)| wire::Point { timestamp: *timestamp, value: *value }).collect()
    };
    let one = |name: &str, values: &[(i64, f64)]| wire::TimeSeries {
        name: name.to_owned(),
        tags: BTreeMap::from([("host".to_owned(), "a".to_owned())]),
        points: points(values),
    };
    let result = |series| wire::QueryResult { ref_id: "A".to_owned(), series, ..Default::default() };
    let message = wire::DatasourceResponse {
        results: vec![
            result(vec![]),
            result(vec![one("cpu", &[(1, 0.5), (i64::MAX, f64::NAN)]), one("", &[])]),
        ],
    };
    let answer = from_wire::query_response(message, FrameFormat::Arrow).responses.remove("A").unwrap();
    let frames: Vec<_> = answer.frames.iter().map(|frame| Frame::decode(frame).unwrap()).collect();
    assert_eq!((frames.len(), frames[0].name.as_str()), (2, "cpu"));
    assert_eq!(frames[0].fields[0].value_type(), ValueType::Time);
    assert_eq!(frames[0].fields[1], Field::new("cpu", vec![0.5, f64::NAN]).with_labels([("host", "a")]));
    let late = Values::from(vec![Timestamp::from_millis(1), Timestamp::MAX]);
    assert_eq!(frames[0].fields[0].values, late, "beyond 2262 it is the latest time there is");
}

#[test]
fn meta_that_is_no_object_is_told_and_not_lost_with_the_data() {
    for text in ["{", "[]", "5"] {
        let mut result = table(&["a"], vec![vec![int(1)]]);
        result.meta_json = text.to_owned();
        let (answer, frames) = received(result);
        assert_eq!((answer.status, frames.len()), (200, 1));
        let notices = &frames[0].meta.as_ref().unwrap().notices;
        assert!(notices[0].text.starts_with("the plugin's metaJson is no JSON object"), "{notices:?}");
    }
    let alone = wire::QueryResult { meta_json: "{\"note\":1}".to_owned(), ..Default::default() };
    let (_, frames) = received(alone);
    assert_eq!((frames.len(), frames[0].fields.len()), (1, 0));
}

fn text() -> impl Strategy<Value = String> {
    "[a-zü]{0,6}"
}

/// Cells of one kind, or null: other columns change on the way.
fn column() -> impl Strategy<Value = (String, Vec<wire::RowValue>)> {
    let cells = prop_oneof![
        vec(any::<Option<i64>>().prop_map(|value| value.map_or(cell(Kind::TypeNull), int)), 3),
        vec(
            any::<Option<i32>>()
                .prop_map(|value| value.map_or(cell(Kind::TypeNull), |value| double(f64::from(value) / 3.0))),
            3
        ),
        vec(any::<bool>().prop_map(|value| wire::RowValue { bool_value: value, ..cell(Kind::TypeBool) }), 3),
        vec(text().prop_map(|value| string(&value)), 3),
    ];
    ("c[a-z]{0,4}", cells)
}

prop_compose! {
    fn result()(
        error in text(), ref_id in text(), series in vec((text(), btree_map(text(), text(), 0..2),
            vec((-9_000_000_000_000_i64..9_000_000_000_000, -1e300..1e300_f64), 0..4)), 0..3),
        tables in vec(vec(column(), 1..4), 0..3), meta in btree_map("[a-m]{1,3}", any::<i32>(), 0..2),
    ) -> wire::QueryResult {
        let any_data = !series.is_empty() || !tables.is_empty();
        wire::QueryResult {
            error, ref_id,
            meta_json: if any_data && !meta.is_empty() { serde_json::to_string(&meta).unwrap() } else { String::new() },
            series: series.into_iter().map(|(name, tags, points)| wire::TimeSeries {
                name, tags, points: points.into_iter().map(|(timestamp, value)| wire::Point { timestamp, value }).collect(),
            }).collect(),
            tables: tables.into_iter().map(|columns| {
                let rows = (0..3).map(|row| wire::TableRow { values: columns.iter().map(|(_, cells)| cells[row].clone()).collect() });
                wire::Table { rows: rows.collect(), columns: columns.iter().map(|(name, _)| wire::TableColumn { name: name.clone() }).collect() }
            }).collect(),
        }
    }
}

proptest! {
    #[test]
    fn answers_survive(result in result(), json in any::<bool>()) {
        let format = if json { FrameFormat::Json } else { FrameFormat::Arrow };
        let message = wire::DatasourceResponse { results: vec![result] };
        let back = to_wire::query_response(from_wire::query_response(message.clone(), format));
        prop_assert_eq!(back, message);
    }

    /// As the fuzz target `wire_v1` has it: what adapting puts right is right from then on.
    #[test]
    fn spoilt_answers_settle(result in result(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let message = wire::DatasourceResponse { results: vec![result] };
        let mut bytes = message.encode_to_vec();
        if !bytes.is_empty() {
            let place = at.index(bytes.len());
            bytes[place] = byte;
            if cut {
                bytes.truncate(place);
            }
        }
        if let Ok(spoilt) = wire::DatasourceResponse::decode(bytes.as_slice()) {
            let adapt = |message| to_wire::query_response(from_wire::query_response(message, FrameFormat::Arrow));
            let once = adapt(spoilt);
            prop_assert_eq!(adapt(once.clone()).encode_to_vec(), once.encode_to_vec());
        }
    }
}
