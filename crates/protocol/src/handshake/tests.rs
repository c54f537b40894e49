use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn offer(pairs: &[(&str, &str)]) -> Result<HostOffer, HandshakeError> {
    let map: HashMap<_, _> =
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    read_offer(|key| map.get(key).cloned())
}

#[test]
fn the_cookie_comes_before_everything_else() {
    let missing = offer(&[("PLUGIN_MIN_PORT", "junk")]);
    assert_eq!(missing, Err(HandshakeError::NotStartedByHost { found: None }));
    let wrong = offer(&[(COOKIE_KEY, "app")]).expect_err("wrong cookie");
    assert_eq!(
        wrong.to_string(),
        "grafana_plugin_type is \"app\", expected \"datasource\": this process was not started by a plugin host"
    );
}

#[test]
fn junk_duplicate_and_huge_versions_are_told_apart() {
    let read = offer(&[
        (COOKIE_KEY, COOKIE_VALUE),
        ("PLUGIN_PROTOCOL_VERSIONS", "2,x,1, 2 ,99999999999999999999,-1,,4294967295"),
    ])
    .expect("an offer");
    assert_eq!(read.versions, [2, 1, u32::MAX]);
    assert_eq!(read.rejected_versions, ["x", "99999999999999999999", "-1"]);
}

#[test]
fn ports_are_numbers_in_order() {
    let range =
        |min, max| offer(&[(COOKIE_KEY, COOKIE_VALUE), ("PLUGIN_MIN_PORT", min), ("PLUGIN_MAX_PORT", max)]);
    assert_eq!(range("", "").expect("unset").ports, PortRange { min: 0, max: 0 });
    assert_eq!(range("10000", "25000").expect("range").ports, PortRange { min: 10000, max: 25000 });
    let text = |result: Result<HostOffer, HandshakeError>| result.expect_err("bad range").to_string();
    assert_eq!(
        text(range("70000", "1")),
        "PLUGIN_MIN_PORT is \"70000\", expected a port number from 0 to 65535"
    );
    assert_eq!(text(range("9", "8")), "PLUGIN_MIN_PORT is 9, above PLUGIN_MAX_PORT, which is 8");
}

#[test]
fn multiplexing_follows_gos_booleans() {
    for (value, announced, wanted) in [
        ("", false, false),
        ("true", true, true),
        ("1", true, true),
        ("false", true, false),
        ("yes", true, false),
    ] {
        let read = offer(&[(COOKIE_KEY, COOKIE_VALUE), ("PLUGIN_MULTIPLEX_GRPC", value)]).expect("an offer");
        assert_eq!(read.multiplex, Multiplex { announced, wanted }, "{value:?}");
    }
}

#[test]
fn the_highest_common_version_wins_and_a_mismatch_serves_the_lowest() {
    let own = [AppVersion::PluginV2];
    assert_eq!(negotiate(&[1, 2], &own), AppVersion::PluginV2);
    assert_eq!(negotiate(&[1], &own), AppVersion::PluginV2);
    assert_eq!(negotiate(&[], &[]), *AppVersion::ALL.first().expect("one"));
    assert_eq!(negotiate(&[7, 9], &[]), *AppVersion::ALL.first().expect("one"));
}

#[test]
#[cfg(feature = "v1")]
fn old_hosts_get_the_old_version_and_others_the_new_one() {
    use AppVersion::{PluginV1, PluginV2};
    for (list, agreed) in [
        ("1", PluginV1),
        ("2", PluginV2),
        ("1,2", PluginV2),
        ("2,1", PluginV2),
        ("2,2,1,1,2", PluginV2),
        (" 1 , x,-1,1.0,99999999999999999999", PluginV1),
        ("3,4,4294967295", PluginV1),
        ("0,3,2", PluginV2),
        ("", PluginV1),
    ] {
        let read =
            offer(&[(COOKIE_KEY, COOKIE_VALUE), ("PLUGIN_PROTOCOL_VERSIONS", list)]).expect("an offer");
        assert_eq!(negotiate(&read.versions, &[]), agreed, "{list:?}");
        assert_eq!(negotiate(&read.versions, &[PluginV2]), PluginV2, "{list:?}");
        assert_eq!(negotiate(&read.versions, &[PluginV1]), PluginV1, "{list:?}");
    }
}

#[test]
fn lines_that_real_servers_take_are_read() {
    for (text, multiplex) in [
        ("1|2|unix|/tmp/plugin123|grpc", None),
        ("1|2|unix|/tmp/plugin123|grpc|", None),
        ("1|2|unix|/tmp/plugin123|grpc||true", Some(true)),
        ("1|2|unix|/tmp/plugin123|grpc||false", Some(false)),
        ("  1|2|unix|/tmp/plugin123|grpc\r\n", None),
    ] {
        let line = parse_line(text).expect(text);
        assert_eq!((line.version, line.network, line.address.as_str()), (2, Network::Unix, "/tmp/plugin123"));
        assert_eq!((line.server_cert, line.multiplex), (None, multiplex), "{text}");
    }
}

#[test]
fn lines_that_real_servers_refuse_say_why() {
    let text = |line: &str| parse_line(line).expect_err(line).to_string();
    assert_eq!(text("1|2|unix|/x"), "unsupported plugin protocol \"netrpc\"; supported: grpc");
    assert_eq!(
        text("2|2|unix|/x|grpc"),
        "incompatible core API version with plugin: plugin version \"2\", core version 1"
    );
    assert_eq!(text("1|2|pipe|/x|grpc"), "unknown address type \"pipe\"; expected unix or tcp");
    assert_eq!(text("1|two|unix|/x|grpc"), "app protocol version \"two\" is not a number");
    assert!(text("hello world").starts_with("unrecognized remote plugin message: \"hello world\""));
    assert!(text("a|b|c|d|e").starts_with("unrecognized remote plugin message"));
    assert!(text("").starts_with("unrecognized remote plugin message: \"\""));
    assert!(text(&"1|".repeat(100_000)).contains("… (200000 bytes in all)"));
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused(line in ".*") {
        let _ = parse_line(&line);
    }

    #[test]
    fn a_printed_line_reads_back(
        version in any::<u32>(), unix in any::<bool>(), address in "[^|\r\n ]{1,40}",
        cert in proptest::option::of("[A-Za-z0-9+/]{51,80}"), multiplex in proptest::option::of(any::<bool>()),
    ) {
        let network = if unix { Network::Unix } else { Network::Tcp };
        let line = HandshakeLine { version, network, address, server_cert: cert, multiplex };
        prop_assert_eq!(parse_line(&line.to_string()), Ok(line));
    }

    #[test]
    fn an_offer_survives_the_environment(
        mut versions in proptest::collection::vec(any::<u32>(), 0..6), min in any::<u16>(), span in 0_u16..100,
        dir in proptest::option::of("/[a-z]{1,10}"), announced in any::<bool>(), wanted in any::<bool>(),
    ) {
        versions.sort_unstable();
        versions.dedup();
        let sent = HostOffer {
            versions, ports: PortRange { min, max: min.saturating_add(span) }, socket_dir: dir,
            multiplex: Multiplex { announced, wanted: announced && wanted }, ..HostOffer::default()
        };
        let environment: HashMap<_, _> = environment_of(&sent).into_iter().collect();
        prop_assert_eq!(read_offer(|key| environment.get(key).cloned()), Ok(sent));
    }

    #[test]
    fn any_environment_gives_an_offer_or_an_error(values in proptest::collection::vec(".*", 7)) {
        let _ = read_offer(|key| match key {
            COOKIE_KEY => Some(COOKIE_VALUE.to_owned()),
            key => values.get(key.len() % values.len()).cloned(),
        });
    }
}
