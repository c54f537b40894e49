//! Typed settings: a data source's `jsonData` read into the plugin's own type.

use graftwire_model::{AppInstanceSettings, DataSourceInstanceSettings, ErrorSource};
use serde::de::DeserializeOwned;

use crate::InstanceError;

/// Settings of the wrong shape.
#[derive(Debug, thiserror::Error)]
#[error(
    "the settings (jsonData) can't be read at line {line}, column {column}: {reason}; open the data source's settings and save them again"
)]
pub struct SettingsError {
    line: usize,
    column: usize,
    reason: String,
}

impl From<SettingsError> for InstanceError {
    fn from(error: SettingsError) -> Self {
        Self::new(error.to_string()).with_origin(ErrorSource::Downstream).with_cause(error)
    }
}

/// Reads settings text; empty text and `null` count as an empty object.
///
/// # Errors
/// [`SettingsError`] with the place and the reason.
pub fn read<T: DeserializeOwned>(json_data: &[u8]) -> Result<T, SettingsError> {
    let trimmed = json_data.trim_ascii();
    // serde would read a list as the settings in their order, which nobody means.
    if trimmed.starts_with(b"[") {
        let reason = "found a list, expected an object of settings".to_owned();
        return Err(SettingsError { line: 1, column: 1, reason });
    }
    let text = if trimmed.is_empty() || trimmed == b"null" { b"{}" } else { trimmed };
    serde_json::from_slice(text).map_err(|error| SettingsError {
        line: error.line(),
        column: error.column(),
        reason: reason_of(&error),
    })
}

/// serde's reason without the place, which stands before it.
fn reason_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").and_then(|at| text.get(..at)).unwrap_or(&text).to_owned()
}

/// Reads the settings of whichever the instance is made for: data source, else app, else an empty object.
///
/// # Errors
/// [`SettingsError`] with the place and the reason.
pub fn of_instance<T: DeserializeOwned>(
    data_source: Option<&DataSourceInstanceSettings>,
    app: Option<&AppInstanceSettings>,
) -> Result<T, SettingsError> {
    let json_data =
        data_source.map(|settings| &settings.json_data).or_else(|| app.map(|settings| &settings.json_data));
    read(json_data.map_or(b"", |json| json.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Settings {
        retention_days: u32,
    }

    impl Default for Settings {
        fn default() -> Self {
            Self { retention_days: 7 }
        }
    }

    #[test]
    fn absent_settings_are_the_defaults() {
        for text in ["", " ", "null", "{}", "{\"unknown\":1}"] {
            assert_eq!(read::<Settings>(text.as_bytes()).unwrap(), Settings::default(), "{text:?}");
        }
    }

    #[test]
    fn a_wrong_shape_names_place_and_reason() {
        let error = read::<Settings>(b"{\"retentionDays\": \"x\"}").unwrap_err().to_string();
        assert!(error.contains("column 21: invalid type: string \"x\", expected u32"), "{error}");
        assert!(read::<Settings>(b"[1").is_err());
        assert!(read::<Settings>(b"\xff").is_err());
    }
}
