use super::*;

#[test]
fn timeouts_are_read_in_every_unit_and_junk_is_ignored() {
    assert_eq!(parse_timeout("30S"), Some(Duration::from_secs(30)));
    assert_eq!(parse_timeout("2M"), Some(Duration::from_secs(120)));
    assert_eq!(parse_timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
    assert_eq!(parse_timeout("5m"), Some(Duration::from_millis(5)));
    assert_eq!(parse_timeout("7u"), Some(Duration::from_micros(7)));
    assert_eq!(parse_timeout("9n"), Some(Duration::from_nanos(9)));
    for junk in ["", "S", "1", "123456789S", "-1S", "1s", "é", "1é", "+5S"] {
        assert_eq!(parse_timeout(junk), None, "{junk:?}");
    }
}

#[test]
fn a_context_survives_the_wire() {
    let now = Instant::now();
    let mut cx = CallContext::new().with_deadline(now + Duration::from_secs(3));
    cx.add_metadata("tenantID", "acme");
    cx.add_metadata("loggerParamsCtxMetadata", "a:::1");
    cx.add_metadata("loggerParamsCtxMetadata", "b:::2");
    let mut metadata = MetadataMap::new();
    to_wire(&cx, &mut metadata, now);
    let back = from_wire(&metadata, now);
    assert_eq!(back.tenant(), "acme");
    assert_eq!(back.metadata_all("loggerparamsctxmetadata"), ["a:::1", "b:::2"]);
    assert_eq!(back.deadline(), Some(now + Duration::from_secs(3)));
}

#[test]
fn values_that_cannot_be_headers_are_left_out() {
    let mut cx = CallContext::new();
    cx.add_metadata("bad key", "x");
    cx.add_metadata("line", "a\nb");
    cx.add_metadata("good", "x");
    let mut metadata = MetadataMap::new();
    to_wire(&cx, &mut metadata, Instant::now());
    assert_eq!(metadata.len(), 1);
}

#[test]
fn long_timeouts_fit_eight_digits() {
    for nanos in [0_u64, 1, 99_999_999, 100_000_000, 3_600_000_000_000, u64::MAX] {
        let text = format_timeout(Duration::from_nanos(nanos));
        assert!(text.len() <= 9, "{text}");
        assert!(parse_timeout(&text).expect("own text") >= Duration::from_nanos(nanos), "{text}");
    }
    assert_eq!(format_timeout(Duration::MAX), "99999999H");
}
