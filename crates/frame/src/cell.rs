//! Single values as text for people and for CSV.
//!
//! It deliberately applies no display options but the texts of enums: units and decimals are the panels' work.

use std::borrow::Cow;

use crate::json::number;
use crate::{Field, Values};

impl Field {
    /// The value of a row as text; `None` if it is null, or past the end.
    ///
    /// Numbers are as short as exactness allows, beside them stand `NaN`, `+Inf` and `-Inf`. Times are RFC 3339 in
    /// UTC down to the nanosecond. Enums give their text, or their index if there is none.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        Some(match &self.values {
            Values::Int8(column) => column.get(row)?.to_string().into(),
            Values::Int16(column) => column.get(row)?.to_string().into(),
            Values::Int32(column) => column.get(row)?.to_string().into(),
            Values::Int64(column) => column.get(row)?.to_string().into(),
            Values::Uint8(column) => column.get(row)?.to_string().into(),
            Values::Uint16(column) => column.get(row)?.to_string().into(),
            Values::Uint32(column) => column.get(row)?.to_string().into(),
            Values::Uint64(column) => column.get(row)?.to_string().into(),
            Values::Float32(column) => {
                let value = column.get(row)?;
                float(f64::from(value), |out| number::push_f32(out, value))
            }
            Values::Float64(column) => {
                let value = column.get(row)?;
                float(value, |out| number::push_f64(out, value))
            }
            Values::String(column) => column.get(row)?.into(),
            Values::Bool(column) => if column.get(row)? { "true" } else { "false" }.into(),
            Values::Time(column) => column.get(row)?.to_string().into(),
            Values::Json(column) => column.get(row)?.into(),
            Values::Enum(column) => {
                let index = column.get(row)?;
                let config = self.config.as_ref().and_then(|config| config.type_config.as_ref());
                let texts = config.and_then(|config| config.enumeration.as_ref());
                match texts.and_then(|texts| texts.text_of(index)) {
                    Some(text) => text.into(),
                    None => index.0.to_string().into(),
                }
            }
        })
    }

    /// The name with its labels: `usage {host=web}`.
    #[must_use]
    pub fn title(&self) -> Cow<'_, str> {
        match self.labels.as_ref().filter(|labels| !labels.is_empty()) {
            None => self.name.as_str().into(),
            Some(labels) if self.name.is_empty() => format!("{{{labels}}}").into(),
            Some(labels) => format!("{} {{{labels}}}", self.name).into(),
        }
    }
}

fn float(value: f64, push: impl FnOnce(&mut Vec<u8>)) -> Cow<'static, str> {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.into()
    } else {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap_or_default().into()
    }
}
