use super::*;
use crate::{DecodeLimits, Field, Frame, FrameError, FrameMeta, Notice, NoticeSeverity, Values};

fn bytes(frame: &Frame) -> Vec<u8> {
    write(frame).unwrap().into_bytes().to_vec()
}

fn decode(bytes: &[u8]) -> Result<Frame, FrameError> {
    read(bytes, &DecodeLimits::default())
}

fn sample() -> Frame {
    Frame::new("name")
        .with_field(Field::new("n", vec![Some(1i64), None, Some(3)]).with_labels([("host", "HOST")]))
        .with_field(Field::new("t", vec!["a", "", "ccc"]))
}

/// Replaces every occurrence of some bytes by others of the same length.
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let places: Vec<_> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
}

#[test]
fn frames_without_rows_have_no_batch() {
    let frame = sample().to_schema();
    let file = bytes(&frame);
    assert!(file.len() < bytes(&sample()).len());
    assert_eq!(decode(&file).unwrap(), frame);
    assert_eq!(decode(&bytes(&Frame::default())).unwrap(), Frame::default());
}

#[test]
fn names_and_labels_that_are_not_utf_8_keep_their_good_part() {
    let mut file = bytes(&sample());
    replace(&mut file, b"name", b"n\xff\xfee");
    replace(&mut file, b"HOST", b"H\xe2\x82T");
    // The metadata key was replaced along with its value, and an unknown key is passed over.
    let frame = decode(&file).unwrap();
    assert_eq!(frame.name, "");
    assert_eq!(frame.fields[0].labels, Some([("host", "H\u{fffd}\u{fffd}T")].into()));
    assert_eq!(frame.fields[0].values, sample().fields[0].values);
}

#[test]
fn texts_that_are_not_utf_8_keep_their_good_part() {
    let mut file = bytes(&sample());
    replace(&mut file, b"accc", b"a\xff\xffc");
    assert_eq!(decode(&file).unwrap().fields[1].values, Values::from(vec!["a", "", "\u{fffd}\u{fffd}c"]));
}

#[test]
fn files_that_are_none_say_so() {
    let file = bytes(&sample());
    for (damaged, expected) in [
        (&b""[..], "found 0 bytes starting with \"\", expected them to start and end with \"ARROW1\""),
        (b"{\"schema\":{}}", "found 13 bytes starting with \"{\\\"sche\", expected"),
        (b"ARROW1", "the footer's length lies outside of the file"),
        (b"ARROW1ARROW1", "the footer's length lies outside of the file"),
        (b"ARROW1\xff\xff\xff\x7fARROW1", "the footer's length lies outside of the file"),
        (b"ARROW1\0\0\0\0\0\0\0\0\x04\0\0\0ARROW1", "the footer has no schema"),
        (b"ARROW1\xff\xff\xff\xff\xff\xff\xff\xff\x08\0\0\0ARROW1", "damaged footer: "),
        (&file[..file.len() - 1], "expected them to start and end with"),
    ] {
        let error = decode(damaged).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn metadata_that_are_not_their_json_are_named() {
    let meta = FrameMeta { notices: vec![Notice::new(NoticeSeverity::Warning, "x")], ..FrameMeta::default() };
    let mut file = bytes(&sample().with_meta(meta));
    replace(&mut file, b"\"warning\"", b"\"unusual\"");
    let error = decode(&file).unwrap_err();
    assert_eq!(error.to_string(), "meta of the frame: not the expected json");

    let mut file = bytes(&sample());
    replace(&mut file, b"{\"host\"", b"[\"host\"");
    assert_eq!(decode(&file).unwrap_err().to_string(), "labels of field 0 (\"n\"): not the expected json");
}

#[test]
fn limits_are_named() {
    let file = bytes(&sample());
    let read = |limits| read(&file, &limits).unwrap_err().to_string();
    assert_eq!(read(DecodeLimits::default().with_rows(2)), "rows of a frame: found 3, the limit is 2");
    assert_eq!(read(DecodeLimits::default().with_fields(1)), "fields of a frame: found 2, the limit is 1");
    assert_eq!(
        read(DecodeLimits::default().with_bytes(100)),
        format!("bytes of a frame: found {}, the limit is 100", file.len())
    );
}

#[test]
fn rows_of_a_file_are_appended() {
    let mut frame = sample();
    append(&mut frame, &bytes(&sample()), &DecodeLimits::default()).unwrap();
    assert_eq!(frame.rows().unwrap(), 6);
    let error = append(&mut frame, &bytes(&Frame::default()), &DecodeLimits::default()).unwrap_err();
    assert_eq!(error.to_string(), "append: found 0 columns [], expected 2 columns [int64, string]");
    let limits = DecodeLimits::default().with_rows(8);
    let error = append(&mut frame, &bytes(&sample()), &limits).unwrap_err();
    assert_eq!(error.to_string(), "rows of a frame: found 9, the limit is 8");
}
