//! Any text as the first line on a plugin's standard output: the step *handshake*, on the host's side.
//!
//! A line that was read must read back from its printed form. Whether its address can be dialled is not asked.
#![no_main]

use graftwire_protocol::handshake::parse_line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(line) = parse_line(text) {
        assert_eq!(parse_line(&line.to_string()), Ok(line));
    }
});
