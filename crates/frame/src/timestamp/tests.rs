use super::*;

#[test]
fn shows_rfc_3339() {
    for (nanos, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_714_979_289_120_000_000, "2024-05-06T07:08:09.12Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
        (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
        (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        (Timestamp::YEAR_ONE.as_nanos(), "0001-01-01T00:00:00Z"),
    ] {
        assert_eq!(Timestamp::from_nanos(nanos).to_string(), text);
    }
}

#[test]
fn splits_into_milliseconds_rounded_down_and_nanoseconds() {
    for (nanos, split) in [
        (0, (0, 0)),
        (-1, (-1, 999_999)),
        (1_500_001, (1, 500_001)),
        (i64::MIN, (-9_223_372_036_855, 224_192)),
        (i64::MAX, (9_223_372_036_854, 775_807)),
        (Timestamp::YEAR_ONE.as_nanos(), (-62_135_596_800_000, 0)),
    ] {
        let time = Timestamp::from_nanos(nanos);
        assert_eq!(time.as_millis_and_nanos(), split);
        assert_eq!(Timestamp::from_millis_and_nanos(split.0, i64::from(split.1)), time);
    }
}

#[test]
fn saturates_outside_of_64_bits() {
    assert_eq!(Timestamp::from_millis(i64::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::from_millis(i64::MIN), Timestamp::MIN);
    assert_eq!(Timestamp::from_secs(i64::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::MAX.saturating_add_nanos(1), Timestamp::MAX);
}

#[test]
fn goes_to_system_time_and_back() {
    for nanos in [0, 1_714_979_289_123_456_789, -5_000_000_001] {
        let time = Timestamp::from_nanos(nanos);
        assert_eq!(Timestamp::from(SystemTime::from(time)), time);
    }
}
