use super::*;

/// 2026-11-25T01:02:03Z
const AT: i64 = 1_795_568_523_000_000_000;

fn context() -> StampContext {
    StampContext { zone: Zone::utc(), written: AT + 3_600_000_000_000 }
}

#[test]
fn the_layouts_of_the_page_are_known() {
    let milli = AT + 123_000_000;
    let table: &[(&str, i64)] = &[
        ("2026-11-25T01:02:03Z started", AT),
        ("2026-11-25T02:02:03.123+01:00 host app", milli),
        ("2026-11-25T02:02:03.123456789+0100", AT + 123_456_789),
        ("2026-11-24 20:02:03,123 -05 WARN x", milli),
        ("2026-11-25 01:02:03,123 WARN x", milli),
        ("2026/11/25 01:02:03 [error] 1#1: *2 open() failed", AT),
        ("2026-11-25 01:02:03.123 UTC [42] LOG:  ready", milli),
        ("[2026-11-25 01:02:03] php", AT),
        ("Start-Date: 2026-11-25  01:02:03", AT),
        ("update-alternatives 2026-11-25 01:02:03: run", AT),
        ("Nov 25 01:02:03 host sshd[1]: x", AT),
        ("<13>Nov 25 01:02:03 host sshd[1]: x", AT),
        (r#"10.0.0.1 - - [25/Nov/2026:02:02:03 +0100] "GET / HTTP/1.1" 200 5"#, AT),
        ("1795568523 a", AT),
        ("1795568523.123 a", milli),
        ("1795568523123 a", milli),
        ("1795568523123000 a", milli),
        ("1795568523123000000", milli),
        ("I1125 01:02:03.123000    1 main.go:1] x", milli),
        (r#"{"level":"info","time":"2026-11-25T01:02:03.123Z"}"#, milli),
        (r#"{"msg":"\"ts\" is here","ts":1795568523.123}"#, milli),
        (r#"{ "@timestamp" : 1795568523123 }"#, milli),
        ("time=\"2026-11-25T01:02:03Z\" level=info", AT),
        ("level=info ts=2026-11-25T01:02:03.123Z msg=x", milli),
    ];
    for (line, at) in table {
        assert_eq!(stamp(line.as_bytes(), &context()), Some(*at), "{line}");
    }
}

#[test]
fn what_is_no_time_is_none() {
    let lines = [
        "",
        "   ",
        "    at com.example.Main(Main.java:12)",
        "2026-13-25T01:02:03Z",
        "2026-11-25",
        "12345 a",
        "1795568523abc",
        "Nov 99 01:02:03",
        "{\"time\":true}",
        "v2026-11-25T01:02:03Z",
        "time=soon",
        "99:99:99",
    ];
    for line in lines {
        assert_eq!(stamp(line.as_bytes(), &context()), None, "{line}");
    }
}

#[test]
fn times_without_a_year_are_never_in_the_files_future() {
    // Written on 2 January 2027: December is last year's.
    let context = StampContext { zone: Zone::utc(), written: AT + 38 * 86_400_000_000_000 };
    assert_eq!(stamp(b"Nov 25 01:02:03 host x", &context), Some(AT));
    assert_eq!(stamp(b"Jan  1 00:00:00 host x", &context), Some(1_798_761_600_000_000_000));
    // The 29th of February has a year of its own.
    assert_eq!(stamp(b"Feb 29 00:00:00 host x", &context), None);
}

#[test]
fn times_without_an_offset_are_the_zones() {
    let zone = Zone::named("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let context = StampContext { zone, written: AT };
    assert_eq!(stamp(b"2026-11-25 02:02:03 x", &context), Some(AT));
    assert_eq!(stamp(b"2026-07-25 03:02:03 x", &context), Some(1_784_941_323_000_000_000));
    assert!(Zone::named("Middle/Earth").unwrap_err().to_string().contains("timeZone is \"Middle/Earth\""));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_looked_through(line in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        let _ = stamp(&line, &context());
    }

    #[test]
    fn digits_and_marks_are_looked_through(line in "[0-9:TZ /.,+\\-{}\"tsime=]{0,80}") {
        let _ = stamp(line.as_bytes(), &context());
    }
}
