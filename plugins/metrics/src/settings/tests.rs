use super::*;

fn checked(json: &str) -> Result<Checked, String> {
    let settings: Settings =
        graftwire_sdk::settings::read(json.as_bytes()).map_err(|error| error.to_string())?;
    settings.check().map_err(|error| error.to_string())
}

#[test]
fn nothing_said_is_the_defaults() {
    for text in ["", "{}", r#"{"storePath":"","retentionDays":"","unknown":[1]}"#, r#"{"scrapeTargets":[]}"#]
    {
        let found = checked(text).unwrap();
        assert_eq!((found.store_path, found.interval), (None, Duration::from_secs(1)), "{text}");
        assert_eq!(
            (found.retention, found.max_bytes),
            (Duration::from_secs(7 * 86_400), 512 << 20),
            "{text}"
        );
    }
}

#[test]
fn numbers_may_be_quoted_and_fractions() {
    let found =
        checked(r#"{"retentionDays":"0.5","maxStoreMegabytes":16,"collectIntervalSeconds":" 5 "}"#).unwrap();
    assert_eq!(found.retention, Duration::from_secs(43_200));
    assert_eq!((found.max_bytes, found.interval), (16 << 20, Duration::from_secs(5)));
}

#[test]
fn what_cannot_be_used_is_named() {
    for (text, wanted) in [
        (r#"{"retentionDays":0}"#, "retentionDays is 0, expected a number from 0.01 to 36500"),
        (
            r#"{"maxStoreMegabytes":"lots"}"#,
            "maxStoreMegabytes is \"lots\", expected a number from 8 to 1048576",
        ),
        (r#"{"collectIntervalSeconds":1e9}"#, "collectIntervalSeconds is 1000000000, expected a number"),
        (r#"{"storePath":"data"}"#, "storePath is \"data\", expected an absolute path"),
        (r#"{"retentionDays":[]}"#, "the settings (jsonData) can't be read at line 1"),
        ("[]", "the settings (jsonData) can't be read at line 1, column 1: found a list, expected an object"),
    ] {
        let error = checked(text).unwrap_err();
        assert!(error.starts_with(wanted), "{text}: {error}");
    }
}

#[test]
fn the_plugins_section_gives_defaults() {
    let plugin = Settings::of_plugin(|key| match key {
        "GF_PLUGIN_STORE_PATH" => Some("/var/lib/x".to_owned()),
        "GF_PLUGIN_RETENTION_DAYS" => Some("3".to_owned()),
        _ => None,
    });
    let own: Settings = serde_json::from_str(r#"{"retentionDays":2,"storePath":" "}"#).unwrap();
    let found = own.or(&plugin).check().unwrap();
    assert_eq!(found.store_path.as_deref(), Some(std::path::Path::new("/var/lib/x")));
    assert_eq!(found.retention, Duration::from_secs(2 * 86_400));
}
