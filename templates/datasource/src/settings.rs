//! What a user sets per data source; saved by the form in `ui/src/ConfigEditor.tsx` as `jsonData`.
//!
//! | `jsonData` key | unit | default | bounds |
//! |---|---|---|---|
//! | `periodSeconds` | seconds | 60 | 1 to 86,400 |
//!
//! It deliberately checks again what the form checks: provisioning passes no form.

use graftwire_sdk::model::ErrorSource;
use graftwire_sdk::prelude::*;
use serde::Deserialize;

/// Settings of a data source, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How long one wave takes.
    pub period_seconds: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Saved {
    period_seconds: Option<f64>,
}

impl Settings {
    /// Reads `jsonData`.
    ///
    /// # Errors
    /// Names the key, what was found and what was expected.
    pub fn read(json_data: &[u8]) -> Result<Self, InstanceError> {
        let saved: Saved = graftwire_sdk::settings::read(json_data)?;
        let period_seconds = saved.period_seconds.unwrap_or(60.0);
        if !(1.0..=86_400.0).contains(&period_seconds) {
            let text = format!("periodSeconds is {period_seconds}, expected a number from 1 to 86400");
            // Settings are the user's to mend.
            return Err(InstanceError::new(text).with_origin(ErrorSource::Downstream));
        }
        Ok(Self { period_seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_that_is_not_given_is_a_minute() {
        for text in ["", "{}", "{\"other\":1}"] {
            assert_eq!(Settings::read(text.as_bytes()).unwrap().period_seconds, 60.0, "{text:?}");
        }
    }

    #[test]
    fn a_period_out_of_bounds_is_named() {
        let error = Settings::read(br#"{"periodSeconds":0}"#).unwrap_err().to_string();
        assert_eq!(error, "periodSeconds is 0, expected a number from 1 to 86400");
    }
}
