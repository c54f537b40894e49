use super::*;
use crate::{Field, FrameMeta};

fn text(packet: &StreamPacket) -> &str {
    str::from_utf8(&packet.data).unwrap()
}

#[test]
fn the_schema_is_sent_when_it_changes() {
    let frame = Frame::new("s").with_field(Field::new("v", vec![1i64]));
    let other = frame.clone().with_meta(FrameMeta::default());
    let mut encoder = SchemaOnce::new();
    let whole = r#"{"schema":{"name":"s","fields":[{"name":"v","type":"number","typeInfo":{"frame":"int64"}}]},"data":{"values":[[1]]}}"#;
    assert_eq!(text(&encoder.encode(&frame).unwrap()), whole);
    assert_eq!(text(&encoder.encode(&frame).unwrap()), r#"{"data":{"values":[[1]]}}"#);
    assert!(text(&encoder.encode(&other).unwrap()).starts_with(r#"{"schema":{"name":"s","meta""#));
    assert_eq!(text(&encoder.encode(&frame).unwrap()), whole);
    encoder.reset();
    assert_eq!(text(&encoder.encode(&frame).unwrap()), whole);
}

#[test]
fn a_frame_that_fails_leaves_the_stream_as_it_was() {
    let frame = Frame::new("s").with_field(Field::new("v", vec![1i64]));
    let uneven = frame.clone().with_field(Field::new("w", vec![1i64, 2]));
    let mut encoder = SchemaOnce::new();
    encoder.encode(&frame).unwrap();
    encoder.encode(&uneven).unwrap_err();
    assert_eq!(text(&encoder.encode(&frame).unwrap()), r#"{"data":{"values":[[1]]}}"#);
}

#[test]
fn channels_say_what_is_wrong_with_them() {
    for (found, message) in [
        ("a/b", "live channel: found \"a/b\", expected scope/namespace/path"),
        ("stream//x", "live channel: the namespace is empty"),
        (
            "ds/ü/x",
            "live channel: found 'ü' in the namespace, expected ASCII letters, digits, _ - . (and / = in a path)",
        ),
    ] {
        assert_eq!(Channel::parse(found).unwrap_err().to_string(), message);
    }
    let of_length = |length: usize| format!("ds/uid/{}", "p".repeat(length - 7));
    assert_eq!(Channel::parse(&of_length(161)), Err(ChannelError::TooLong { length: 161 }));
    assert_eq!(Channel::parse(&of_length(160)).unwrap().to_string(), of_length(160));
}
