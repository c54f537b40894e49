//! Any bytes as an Arrow file: the mirror of the step *encode*, on the host's side.
//!
//! A frame that was read is written, read and written again: both files must be the same, byte for byte, and the way
//! that hands out column memory must give them too.
#![no_main]

use graftwire_frame::{DecodeLimits, arrow};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = DecodeLimits::default();
    let Ok(mut frame) = arrow::read(data, &limits) else { return };
    let Ok(file) = arrow::write(&frame) else { return };
    let file = file.into_bytes();
    let again = arrow::read(&file, &limits).expect("what was written can be read");
    assert_eq!(arrow::write(&again).expect("what was read can be written").into_bytes(), file);
    assert_eq!(arrow::write_owned(again).expect("what was read can be written").into_bytes(), file);

    let rows = frame.rows().expect("columns of one length");
    arrow::append(&mut frame, &file, &limits).expect("the same columns can be added");
    assert_eq!(frame.rows().expect("columns of one length"), rows * 2);
});
