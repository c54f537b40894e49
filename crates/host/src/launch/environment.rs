//! The environment of a plugin's process, built as Grafana 12.4 builds it.
//!
//! It deliberately is a pure function: the host's own environment comes in as an argument.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use graftwire_protocol::handshake::{HostOffer, environment_of};

use super::options::LaunchOptions;

/// Variables by name; a later one replaces an earlier one.
pub(super) type Environment = BTreeMap<OsString, OsString>;

/// What passes from the host even when its environment does not.
const PROXY: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];

/// Without it no program on Windows can open a socket.
const SYSTEM: &[&str] = if cfg!(windows) { &["SYSTEMROOT"] } else { &[] };

/// Variables of the handshake that an inherited environment must never bring along: a host may itself be a plugin.
const HANDSHAKE_PREFIX: &str = "PLUGIN_";

/// The whole environment of the process.
pub(super) fn build(options: &LaunchOptions, offer: &HostOffer, host: &Environment) -> Environment {
    let mut all = inherited(options, host);
    set(&mut all, "GF_VERSION", &options.grafana_version);
    set(&mut all, "GF_EDITION", &options.grafana_edition);
    for (key, value) in &options.settings {
        setting(&mut all, host, key, value);
    }
    for (name, value) in &options.variables {
        set(&mut all, name, value);
    }
    for (name, value) in environment_of(offer) {
        set(&mut all, name, value);
    }
    all
}

fn inherited(options: &LaunchOptions, host: &Environment) -> Environment {
    let passes = |name: &OsStr| {
        if options.inherit_environment {
            return !name.to_string_lossy().starts_with(HANDSHAKE_PREFIX);
        }
        PROXY.iter().chain(SYSTEM).any(|known| name == OsStr::new(known))
    };
    host.iter()
        .filter(|(name, value)| passes(name) && !value.is_empty())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn setting(all: &mut Environment, host: &Environment, key: &str, value: &str) {
    if key.eq_ignore_ascii_case("path") {
        return;
    }
    let name = format!("GF_PLUGIN_{}", key.to_uppercase().replace('.', "_"));
    let value = host.get(OsStr::new(&name)).cloned().unwrap_or_else(|| value.into());
    set(all, name, value);
}

fn set(all: &mut Environment, name: impl Into<OsString>, value: impl Into<OsString>) {
    all.insert(name.into(), value.into());
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{Environment, HostOffer, LaunchOptions, build};

    fn host() -> Environment {
        [
            ("PATH", "/bin"),
            ("HTTP_PROXY", "http://p"),
            ("no_proxy", ""),
            ("GF_PLUGIN_FROM_HOST", "host"),
            ("GF_PLUGIN_OTHER", "other"),
            ("PLUGIN_CLIENT_CERT", "of another host"),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
    }

    fn names_and_values(options: &LaunchOptions) -> Vec<String> {
        let mut offer = HostOffer::of_host();
        offer.versions = vec![2];
        offer.socket_dir = Some("/s".to_owned());
        build(options, &offer, &host())
            .iter()
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect()
    }

    #[test]
    fn by_default_it_is_what_grafana_12_4_sends() {
        assert_eq!(
            names_and_values(&LaunchOptions::new()),
            [
                "GF_EDITION=Open Source",
                "GF_VERSION=12.4.0",
                "HTTP_PROXY=http://p",
                "PLUGIN_MAX_PORT=25000",
                "PLUGIN_MIN_PORT=10000",
                "PLUGIN_PROTOCOL_VERSIONS=2",
                "PLUGIN_UNIX_SOCKET_DIR=/s",
                "grafana_plugin_type=datasource",
            ]
        );
    }

    #[test]
    fn settings_become_variables_and_the_hosts_own_win() {
        let options = LaunchOptions::new()
            .setting("foo_bar", "baz")
            .setting("MixedCase", "v")
            .setting("from_host", "setting")
            .setting("path", "/x");
        let all = names_and_values(&options);
        let plugin: Vec<&str> =
            all.iter().filter(|line| line.starts_with("GF_PLUGIN_")).map(String::as_str).collect();
        assert_eq!(plugin, ["GF_PLUGIN_FOO_BAR=baz", "GF_PLUGIN_FROM_HOST=host", "GF_PLUGIN_MIXEDCASE=v"]);
    }

    #[test]
    fn an_inherited_environment_never_brings_another_handshake_along() {
        let options = LaunchOptions::new().inherit_environment(true).variable("PLUGIN_MIN_PORT", "1");
        let all = names_and_values(&options);
        assert!(all.contains(&"PATH=/bin".to_owned()) && all.contains(&"GF_PLUGIN_OTHER=other".to_owned()));
        assert!(all.contains(&"PLUGIN_MIN_PORT=10000".to_owned()));
        assert!(!all.iter().any(|line| line.starts_with("PLUGIN_CLIENT_CERT")));
    }

    #[test]
    fn debug_shows_no_values() {
        let options = LaunchOptions::new().setting("key", "s3cret").variable("TOKEN", "s3cret");
        let shown = format!("{options:?}");
        assert!(!shown.contains("s3cret") && shown.contains("TOKEN"), "{shown}");
        let all = build(&options, &HostOffer::of_host(), &host());
        assert_eq!(all.get(OsStr::new("TOKEN")).unwrap(), "s3cret");
    }
}
