use proptest::prelude::*;

use super::*;

#[test]
fn durations_are_read_as_go_reads_them() {
    let table = [
        ("1h30m", Some(90 * MINUTE)),
        ("1.5h", Some(90 * MINUTE)),
        ("-2m", Some(-2 * MINUTE)),
        ("+5ns", Some(5)),
        ("0", Some(0)),
        (".5s", Some(SECOND / 2)),
        ("1.s", Some(SECOND)),
        ("5µs", Some(5_000)),
        ("5μs", Some(5_000)),
        ("9223372036854775807ns", Some(i64::MAX)),
        ("9223372036854775808ns", None),
        ("9999999999h", None),
        ("0.100000000000000000000h", Some(6 * MINUTE)),
        ("", None),
        ("-", None),
        (".s", None),
        ("1", None),
        ("1d", None),
        ("1.2.3s", None),
        ("s", None),
        ("1s2", None),
    ];
    for (text, expected) in table {
        assert_eq!(go_duration(text), expected, "{text}");
    }
}

#[test]
fn ranges_are_read_as_prometheus_reads_them() {
    let table = [
        ("5m", Some(5 * MINUTE)),
        ("1h30m", Some(90 * MINUTE)),
        ("1d12h", Some(36 * HOUR)),
        ("1y2w", Some(379 * DAY)),
        ("100ms", Some(100 * MILLISECOND)),
        ("1m1h", None),
        ("1m1m", None),
        ("1.5h", None),
        ("", None),
        ("m", None),
        ("5", None),
        ("999999999999y", None),
    ];
    for (text, expected) in table {
        assert_eq!(range_duration(text), expected, "{text}");
    }
}

#[test]
fn sizes_are_read_as_humanize_reads_them() {
    let table = [
        ("5B", Some(5)),
        ("1kB", Some(1000)),
        ("1KiB", Some(1024)),
        ("1ki", Some(1024)),
        ("1.5 MB", Some(1_500_000)),
        ("1,000", Some(1000)),
        ("16EB", Some(16_000_000_000_000_000_000)),
        ("20EB", None),
        ("1iB", None),
        ("1XB", None),
        ("KB", None),
        ("-1B", None),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(bytes(text), expected, "{text}");
    }
}

#[test]
fn durations_are_printed_as_go_prints_them() {
    let table = [
        (0, "0s"),
        (5, "5ns"),
        (1_500, "1.5µs"),
        (20 * MILLISECOND, "20ms"),
        (1_500 * MILLISECOND, "1.5s"),
        (90 * MINUTE, "1h30m0s"),
        (-MINUTE, "-1m0s"),
    ];
    for (nanos, text) in table {
        assert_eq!(print_go_duration(nanos), text);
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(nanos in any::<i64>()) {
        prop_assume!(nanos != i64::MIN);
        let read = go_duration(&print_go_duration(nanos)).unwrap();
        // Fractions go through floating point, in Go too.
        prop_assert!((read - nanos).abs() <= 1, "{} {}", print_go_duration(nanos), read);
        let millis = (nanos.unsigned_abs() / 2_000_000).max(1) as i64 * MILLISECOND;
        prop_assert_eq!(range_duration(&print_range_duration(millis)), Some(millis));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,12}|[0-9.,+-]{0,6}[a-zµ]{0,4}[0-9]{0,3}") {
        let _ = (go_duration(&text), range_duration(&text), bytes(&text), number(&text));
    }
}
