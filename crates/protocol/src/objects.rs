//! Settings as objects: what admission is asked about when a data source or an app is saved is its settings message, as
//! bytes.
//!
//! It deliberately never shows content in an error: there are secrets in it.

use bytes::Bytes;
use graftwire_model::{AppInstanceSettings, DataSourceInstanceSettings};
use prost::Message as _;

use crate::v2::{from_wire, generated as wire, to_wire};

/// Bytes that are no settings message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("object: found {length} bytes that are no {expected} message: {reason}")]
pub struct ObjectError {
    /// How many bytes there are.
    pub length: usize,
    /// Which message was expected.
    pub expected: &'static str,
    /// What the decoder says.
    pub reason: String,
}

/// Reads the settings of a data source. Its type is not among them.
///
/// # Errors
/// [`ObjectError`], when the bytes are something else.
pub fn read_data_source(object: &Bytes) -> Result<DataSourceInstanceSettings, ObjectError> {
    decode::<wire::DataSourceInstanceSettings>(object, "DataSourceInstanceSettings")
        .map(from_wire::data_source_settings)
}

/// Writes the settings of a data source.
#[must_use]
pub fn write_data_source(settings: DataSourceInstanceSettings) -> Bytes {
    to_wire::data_source_settings(settings).encode_to_vec().into()
}

/// Reads the settings of an app.
///
/// # Errors
/// [`ObjectError`], when the bytes are something else.
pub fn read_app(object: &Bytes) -> Result<AppInstanceSettings, ObjectError> {
    decode::<wire::AppInstanceSettings>(object, "AppInstanceSettings").map(from_wire::app_settings)
}

/// Writes the settings of an app.
#[must_use]
pub fn write_app(settings: AppInstanceSettings) -> Bytes {
    to_wire::app_settings(settings).encode_to_vec().into()
}

fn decode<M: prost::Message + Default>(object: &Bytes, expected: &'static str) -> Result<M, ObjectError> {
    M::decode(object.clone()).map_err(|error| ObjectError {
        length: object.len(),
        expected,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_and_other_bytes_are_told_without_their_content() {
        let mut settings = DataSourceInstanceSettings {
            uid: "u".to_owned(),
            updated: graftwire_model::EpochMillis(-6_795_364_578_871),
            json_data: Bytes::from_static(b"{}"),
            ..DataSourceInstanceSettings::default()
        };
        settings.secrets.insert("password", "hush");
        assert_eq!(read_data_source(&write_data_source(settings.clone())).unwrap(), settings);
        let app = AppInstanceSettings { secrets: settings.secrets, ..AppInstanceSettings::default() };
        assert_eq!(read_app(&write_app(app.clone())).unwrap(), app);
        let error = read_data_source(&Bytes::from_static(b"{\"password\":\"hush\"}")).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.starts_with("object: found 19 bytes that are no DataSourceInstanceSettings"), "{text}");
        assert!(!text.contains("hush"), "{text}");
    }
}
