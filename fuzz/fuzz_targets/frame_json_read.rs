//! Any bytes as a frame in JSON: the mirror of the step *encode*, on the host's side.
//!
//! A frame that was read is written, read and written again: both documents must be the same, byte for byte.
#![no_main]

use graftwire_frame::json::{self, Include};
use graftwire_frame::{DecodeLimits, Frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = DecodeLimits::default();
    if let Ok(frames) = json::read_list(data, &limits) {
        frames.iter().for_each(|frame| settles(frame, &limits));
    }
    if let Ok(frame) = json::read(data, &limits) {
        settles(&frame, &limits);
        let mut schema = frame.to_schema();
        let rows = json::write(&frame, Include::Data).expect("rows can be written").into_bytes();
        json::append(&mut schema, &rows, &limits).expect("the same columns can be added");
        assert_eq!(text(&schema), text(&frame));
    }
});

fn settles(frame: &Frame, limits: &DecodeLimits) {
    let once = text(frame);
    let again = json::read(&once, limits).expect("what was written can be read");
    assert_eq!(text(&again), once);
}

fn text(frame: &Frame) -> Vec<u8> {
    json::write(frame, Include::All).expect("what was read can be written").into_bytes().to_vec()
}
