//! Arbitrary frames through both codecs and back: nothing changes, and both agree.

use graftwire_frame::{
    Column, DataLink, EnumConfig, EnumIndex, Field, FieldConfig, FieldLabels, FieldTypeConfig, Frame,
    FrameFormat, FrameMeta, FrameType, FrameTypeVersion, InspectTab, InternalLink, Json, LinkTimeRange,
    LinkTransformation, MappingResult, Notice, NoticeSeverity, QueryStat, SpecialValue, Threshold,
    Thresholds, ThresholdsMode, Timestamp, ValueMapping, Values,
};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

use crate::frames::with_plain_json;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z]{1,6}", any::<String>(), "[<>&\"\\\\\u{2028}\u{0}\u{1f}é日]{1,4}"]
}

/// Compact, and without characters that a writer escapes: such JSON comes back as the same text.
fn json() -> impl Strategy<Value = Json> {
    const TEXTS: [&str; 9] = [
        "0",
        "-0",
        "1.50",
        "9007199254740993",
        "1e400",
        "\"x y\"",
        "{}",
        "{\"b\":[1,null],\"a\":{}}",
        "true",
    ];
    prop::sample::select(&TEXTS[..]).prop_map(|text| Json::parse(text).unwrap())
}

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), (-1000i32..1000).prop_map(|n| f64::from(n) / 8.0)]
        .prop_filter("finite", |number| number.is_finite())
}

/// A bound: absent, finite, or minus infinity, which is what `null` reads as.
fn bound() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![Just(None), Just(Some(f64::NEG_INFINITY)), finite().prop_map(Some)]
}

fn result() -> impl Strategy<Value = MappingResult> {
    (text(), text(), any::<i8>()).prop_map(|(text, color, index)| MappingResult {
        text,
        color,
        index: index.into(),
    })
}

fn mapping() -> impl Strategy<Value = ValueMapping> {
    let special = prop_oneof![
        Just(SpecialValue::True),
        Just(SpecialValue::NaN),
        Just(SpecialValue::NullOrNaN),
        Just(SpecialValue::Empty),
        Just(SpecialValue::Other("later".to_owned())),
    ];
    prop_oneof![
        btree_map(text(), result(), 0..3).prop_map(ValueMapping::Value),
        (bound(), bound(), result()).prop_map(|(from, to, result)| ValueMapping::Range { from, to, result }),
        (special, result()).prop_map(|(matches, result)| ValueMapping::Special { matches, result }),
    ]
}

fn thresholds() -> impl Strategy<Value = Thresholds> {
    let mode = prop_oneof![
        Just(ThresholdsMode::Absolute),
        Just(ThresholdsMode::Percentage),
        Just(ThresholdsMode::Other(String::new())),
    ];
    let value = prop_oneof![Just(f64::NEG_INFINITY), finite()];
    let step = (value, text(), text()).prop_map(|(value, color, state)| Threshold { value, color, state });
    (mode, of(vec(step, 0..3))).prop_map(|(mode, steps)| Thresholds { mode, steps })
}

fn link() -> impl Strategy<Value = DataLink> {
    let transformation = (text(), text()).prop_map(|(field, expression)| LinkTransformation {
        kind: "regex".to_owned(),
        field,
        expression,
        map_value: String::new(),
    });
    let range =
        any::<i64>().prop_map(|time| LinkTimeRange::new(Timestamp::from_nanos(time), Timestamp::YEAR_ONE));
    let internal = (of(json()), text(), of(json()), of(vec(transformation, 0..2)), of(range)).prop_map(
        |(query, datasource_uid, panels_state, transformations, time_range)| InternalLink {
            query,
            datasource_uid,
            datasource_name: "name".to_owned(),
            panels_state,
            transformations,
            time_range,
        },
    );
    (text(), any::<bool>(), text(), of(internal)).prop_map(|(title, target_blank, url, internal)| DataLink {
        title,
        target_blank,
        url,
        internal,
    })
}

fn config() -> impl Strategy<Value = FieldConfig> {
    let texts = (text(), text(), text(), text(), text(), text());
    let flags = (any::<Option<bool>>(), any::<Option<bool>>(), any::<Option<u16>>());
    let numbers = (bound(), bound(), finite());
    let lists = (vec(mapping(), 0..3), of(thresholds()), vec(link(), 0..2));
    let texts_of_enum = of(vec(text(), 0..3));
    let enumeration = (texts_of_enum, vec(text(), 0..2)).prop_map(|(text, color)| EnumConfig {
        text,
        color,
        ..EnumConfig::default()
    });
    let free = (of(json()), of(json()), of(of(enumeration)));
    (texts, flags, numbers, lists, free).prop_map(|(texts, flags, numbers, lists, free)| FieldConfig {
        display_name: texts.0,
        display_name_from_ds: texts.1,
        path: texts.2,
        description: texts.3,
        unit: texts.4,
        no_value: texts.5,
        filterable: flags.0,
        writeable: flags.1,
        decimals: flags.2,
        min: numbers.0,
        max: numbers.1,
        interval: numbers.2,
        mappings: lists.0,
        thresholds: lists.1,
        links: lists.2,
        color: free.0,
        custom: free.1,
        type_config: free.2.map(|enumeration| FieldTypeConfig { enumeration }),
    })
}

fn meta() -> impl Strategy<Value = FrameMeta> {
    let severity =
        prop_oneof![Just(NoticeSeverity::Info), Just(NoticeSeverity::Warning), Just(NoticeSeverity::Error),];
    let notice = (severity, text(), text(), 0i64..7).prop_map(|(severity, text, link, inspect)| Notice {
        severity,
        text,
        link,
        inspect: InspectTab::from(inspect),
    });
    let stat = (config(), finite()).prop_map(|(config, value)| QueryStat { config, value });
    let texts = (text(), text(), text(), text(), text(), text());
    (
        text(),
        any::<(u32, u32)>(),
        of(json()),
        vec(stat, 0..2),
        vec(notice, 0..3),
        texts,
        vec(any::<i64>(), 0..3),
    )
        .prop_map(|(kind, version, custom, stats, notices, texts, ids)| FrameMeta {
            frame_type: FrameType::new(kind),
            type_version: FrameTypeVersion::new(version.0, version.1),
            custom,
            stats,
            notices,
            path: texts.0,
            path_separator: texts.1,
            channel: texts.2,
            preferred_visualization: texts.3,
            executed_query_string: texts.4,
            data_topic: texts.5,
            preferred_visualization_plugin_id: String::new(),
            unique_row_id_fields: ids,
        })
}

/// A column of so many rows, nullable or not.
fn column<S>(rows: usize, cell: S) -> BoxedStrategy<Values>
where
    S: Strategy + Clone + 'static,
    Values: From<Vec<S::Value>> + From<Vec<Option<S::Value>>>,
{
    prop_oneof![vec(cell.clone(), rows).prop_map(Values::from), vec(of(cell), rows).prop_map(Values::from),]
        .boxed()
}

fn values(rows: usize) -> impl Strategy<Value = Values> {
    let time = any::<i64>().prop_map(Timestamp::from_nanos);
    prop_oneof![
        column(rows, any::<i8>()),
        column(rows, any::<i16>()),
        column(rows, any::<i32>()),
        column(rows, any::<i64>()),
        column(rows, any::<u8>()),
        column(rows, any::<u16>()),
        column(rows, any::<u32>()),
        column(rows, any::<u64>()),
        column(rows, prop::num::f32::ANY),
        column(rows, prop::num::f64::ANY),
        column(rows, text().boxed()),
        column(rows, any::<bool>()),
        column(rows, time.boxed()),
        column(rows, json().boxed()),
        column(rows, any::<u16>().prop_map(EnumIndex).boxed()),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    let labels = btree_map(text(), text(), 0..3).prop_map(FieldLabels::from).boxed();
    let field = move |rows| {
        (text(), of(labels.clone()), of(config()), values(rows))
            .prop_map(|(name, labels, config, values)| Field { name, labels, config, values })
    };
    let fields = (0usize..20).prop_flat_map(move |rows| vec(field(rows), 0..5));
    (text(), text(), of(meta()), fields).prop_map(|(name, ref_id, meta, fields)| Frame {
        name,
        ref_id,
        meta,
        fields,
    })
}

proptest! {
    #[test]
    fn arrow_keeps_every_frame(frame in frame()) {
        let encoded = frame.encode(FrameFormat::Arrow).unwrap();
        prop_assert_eq!(Frame::decode(&encoded).unwrap(), frame);
    }

    #[test]
    fn json_keeps_every_frame(frame in frame()) {
        let encoded = frame.encode(FrameFormat::Json).unwrap();
        let decoded = Frame::decode(&encoded).unwrap();
        prop_assert_eq!(with_plain_json(decoded), with_plain_json(frame));
    }

    #[test]
    fn json_of_a_decoded_arrow_file_is_that_of_the_frame(frame in frame()) {
        let through_arrow = Frame::decode(&frame.encode(FrameFormat::Arrow).unwrap()).unwrap();
        prop_assert_eq!(
            through_arrow.encode(FrameFormat::Json).unwrap(),
            frame.encode(FrameFormat::Json).unwrap()
        );
    }

    #[test]
    fn both_formats_append_alike(frame in frame()) {
        use graftwire_frame::{DecodeLimits, arrow, json};
        let (mut by_arrow, mut by_json) = (frame.clone(), frame.clone());
        let limits = DecodeLimits::default();
        arrow::append(&mut by_arrow, &frame.encode(FrameFormat::Arrow).unwrap().into_bytes(), &limits).unwrap();
        let data = json::write(&frame, json::Include::Data).unwrap().into_bytes();
        json::append(&mut by_json, &data, &limits).unwrap();
        prop_assert_eq!(with_plain_json(by_arrow), with_plain_json(by_json));
    }

    #[test]
    fn texts_that_are_no_json_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        for format in [FrameFormat::Arrow, FrameFormat::Json] {
            drop(Frame::decode(&graftwire_frame::EncodedFrame::new(format, bytes.clone())));
        }
    }

    #[test]
    fn columns_are_what_was_pushed(cells in vec(of(any::<String>()), 0..50)) {
        let mut column = Column::<String>::new();
        for cell in &cells {
            column.push_option(cell.as_deref());
        }
        prop_assert_eq!(column.iter().collect::<Vec<_>>(), cells.iter().map(Option::as_deref).collect::<Vec<_>>());
        prop_assert_eq!(column.null_count(), cells.iter().filter(|cell| cell.is_none()).count());
    }
}
