use super::*;

fn refusal(url: &str) -> String {
    let (found, expected) = Address::parse(url).expect_err(url);
    format!("found {found}, expected {expected}")
}

#[test]
fn a_url_says_where_to_connect_and_what_to_ask_for() {
    for (url, host, port, instance, host_header, path) in [
        ("http://127.0.0.1:9100/metrics", "127.0.0.1", 9100, "127.0.0.1:9100", "127.0.0.1:9100", "/metrics"),
        ("http://printer", "printer", 80, "printer:80", "printer", "/metrics"),
        ("http://printer/", "printer", 80, "printer:80", "printer", "/"),
        ("http://h:81?a=b", "h", 81, "h:81", "h:81", "/?a=b"),
        ("http://h/x?target=1&y=%20#top", "h", 80, "h:80", "h", "/x?target=1&y=%20"),
        ("http://[::1]:9100/m", "::1", 9100, "[::1]:9100", "[::1]:9100", "/m"),
        ("http://[fe80::2]/m", "fe80::2", 80, "[fe80::2]:80", "[fe80::2]", "/m"),
        ("http://user@h:81/m", "h", 81, "h:81", "h:81", "/m"),
        ("http://user:80@h/m", "h", 80, "h:80", "h", "/m"),
    ] {
        let address = Address::parse(url).expect(url);
        assert_eq!((address.host.as_str(), address.port), (host, port), "{url}");
        assert_eq!((address.instance.as_str(), address.host_header()), (instance, host_header), "{url}");
        assert_eq!(address.path.to_string(), path, "{url}");
    }
}

#[test]
fn user_and_password_become_a_header_that_does_not_show() {
    let address = Address::parse("http://Aladdin:open%20sesame@h/m").unwrap();
    let header = address.authorization.as_ref().unwrap();
    assert_eq!(header.to_str().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    let shown = format!("{address:?}");
    assert!(!shown.contains("Aladdin") && !shown.contains("sesame") && !shown.contains("QWx"), "{shown}");
    let alone = Address::parse("http://user@h/m").unwrap().authorization.unwrap();
    assert_eq!(alone.to_str().unwrap(), format!("Basic {}", STANDARD.encode("user:")));
}

#[test]
fn refusals_name_what_is_wrong() {
    for (url, expected) in [
        ("", r#"found "", expected a URL such as http://127.0.0.1:9100/metrics"#),
        ("/metrics", r#"found "/metrics", expected a URL such as http://127.0.0.1:9100/metrics"#),
        ("localhost:9100", r#"found "localhost:9100", expected a URL such as http://127.0.0.1:9100/metrics"#),
        ("ftp://h/x", r#"found "ftp://h/x", expected a URL such as http://127.0.0.1:9100/metrics"#),
        ("http://", r#"found "http://", expected a URL such as http://127.0.0.1:9100/metrics"#),
        (
            "https://h/m",
            r#"found "https://h/m", expected an http:// URL; scraping over TLS isn't supported yet"#,
        ),
        ("http://h:99999/m", r#"found "http://h:99999/m", expected a port from 1 to 65535 after the host"#),
        ("http://h:0/m", r#"found "http://h:0/m", expected a port from 1 to 65535 after the host"#),
        ("http://h:/m", r#"found "http://h:/m", expected a port from 1 to 65535 after the host"#),
    ] {
        assert_eq!(refusal(url), expected);
    }
}

#[test]
fn no_refusal_shows_a_password() {
    for url in [
        "https://u:s3cret@h/m",
        "http://u:s3cret@h:0/m",
        "ftp://u:s3cret@h/m",
        "u:s3cret@h",
        "http://u:s3cret?x@h:0/m",
        "https://u:a@s3cret?x@h:0/m",
        "http://u:a#s3cret@h:0/m",
        "http://h:0/m?token=s3cret",
        "http://h:0/m#s3cret",
        "http://u:s3cret @h/m",
    ] {
        let text = refusal(url);
        assert!(!text.contains("s3cret"), "{url}: {text}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_stands_between_scheme_and_host_stays_hidden(secret in "[a-z?#@:/ ]{1,20}z9z9[a-z?#@:/ ]{0,20}") {
        let shown = redacted(&format!("http://{secret}@h/m"));
        proptest::prop_assert!(!shown.contains("z9z9"));
    }

    #[test]
    fn any_text_is_read_or_refused(url in ".*", rest in "[ -~]*") {
        let _ = Address::parse(&url);
        let _ = Address::parse(&format!("http://{rest}"));
    }
}
