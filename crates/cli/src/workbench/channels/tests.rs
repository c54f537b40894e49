//! Channels: what can be told without a plugin.

use std::time::Duration;

use super::{LAST_PAUSE, has_schema, next_pause};

#[test]
fn pauses_double_up_to_the_last() {
    let mut pause = Duration::ZERO;
    let millis: Vec<u128> = (0..8)
        .map(|_| {
            pause = next_pause(pause);
            pause.as_millis()
        })
        .collect();
    assert_eq!(millis, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    assert_eq!(next_pause(LAST_PAUSE), LAST_PAUSE);
}

#[test]
fn packets_with_a_schema_are_told_from_rows_and_from_noise() {
    assert_eq!(has_schema(br#"{"schema":{"fields":[]},"data":{}}"#), Some(true));
    assert_eq!(has_schema(br#"{"data":{"values":[]}}"#), Some(false));
    assert_eq!(has_schema(b"[1,2]"), Some(false));
    assert_eq!(has_schema(b"nonsense"), None);
}
