//! How a field is to be shown: name, unit, bounds, mappings, thresholds, links.

mod link;
mod mapping;

pub use link::{DataLink, InternalLink, LinkTimeRange, LinkTransformation};
pub use mapping::{MappingResult, SpecialValue, ValueMapping};

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

use crate::Json;
use crate::lenient::{self, Finite};

/// Display options of a field. Everything is optional; empty means not said.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldConfig {
    /// The name users see; meant for users' own overrides rather than for data sources.
    #[serde(deserialize_with = "lenient::or_default")]
    pub display_name: String,
    /// The name a data source proposes.
    #[serde(rename = "displayNameFromDS", deserialize_with = "lenient::or_default")]
    pub display_name_from_ds: String,
    /// An explicit path within the data source.
    #[serde(deserialize_with = "lenient::or_default")]
    pub path: String,
    /// A description for people.
    #[serde(deserialize_with = "lenient::or_default")]
    pub description: String,
    /// Whether further queries can filter by this field.
    pub filterable: Option<bool>,
    /// Whether the data source can write the value back.
    pub writeable: Option<bool>,
    /// Grafana's id of the unit, such as `bytes` or `reqps`.
    #[serde(deserialize_with = "lenient::or_default")]
    pub unit: String,
    /// How many decimals to show.
    pub decimals: Option<u16>,
    /// The lower end of the scale; NaN and infinities are `null` on the wire, which reads as minus infinity.
    #[serde(deserialize_with = "lenient::optional_bound")]
    pub min: Option<f64>,
    /// The upper end of the scale, with the rules of `min`.
    #[serde(deserialize_with = "lenient::optional_bound")]
    pub max: Option<f64>,
    /// The expected distance of values, in the unit of the field; milliseconds for times. 0 = not said.
    #[serde(deserialize_with = "lenient::number")]
    pub interval: f64,
    /// Values shown as texts or colours.
    #[serde(deserialize_with = "lenient::or_default")]
    pub mappings: Vec<ValueMapping>,
    /// States by value.
    pub thresholds: Option<Thresholds>,
    /// The colour scheme: a free object such as `{"mode":"fixed","fixedColor":"red"}`.
    pub color: Option<Json>,
    /// Links shown on a value.
    #[serde(deserialize_with = "lenient::or_default")]
    pub links: Vec<DataLink>,
    /// What stands for "no value".
    #[serde(deserialize_with = "lenient::or_default")]
    pub no_value: String,
    /// What enum fields need in addition.
    #[serde(rename = "type")]
    pub type_config: Option<FieldTypeConfig>,
    /// A free object for panels.
    pub custom: Option<Json>,
}

impl FieldConfig {
    /// A config that says the unit alone.
    pub fn with_unit(unit: impl Into<String>) -> Self {
        Self { unit: unit.into(), ..Self::default() }
    }

    /// The config of an enum field with the texts of its indices.
    pub fn with_enum<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let config = FieldTypeConfig { enumeration: Some(EnumConfig::new(texts)) };
        Self { type_config: Some(config), ..Self::default() }
    }

    /// Writes the keys into a map that may hold others as well.
    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        fn text<M: SerializeMap>(map: &mut M, key: &'static str, text: &str) -> Result<(), M::Error> {
            if text.is_empty() { Ok(()) } else { map.serialize_entry(key, text) }
        }
        fn option<M: SerializeMap, T: Serialize>(
            map: &mut M,
            key: &'static str,
            value: Option<&T>,
        ) -> Result<(), M::Error> {
            value.map_or(Ok(()), |value| map.serialize_entry(key, value))
        }
        fn list<M: SerializeMap, T: Serialize>(
            map: &mut M,
            key: &'static str,
            list: &Vec<T>,
        ) -> Result<(), M::Error> {
            if list.is_empty() { Ok(()) } else { map.serialize_entry(key, list) }
        }
        text(map, "displayName", &self.display_name)?;
        text(map, "displayNameFromDS", &self.display_name_from_ds)?;
        text(map, "path", &self.path)?;
        text(map, "description", &self.description)?;
        option(map, "filterable", self.filterable.as_ref())?;
        option(map, "writeable", self.writeable.as_ref())?;
        text(map, "unit", &self.unit)?;
        option(map, "decimals", self.decimals.as_ref())?;
        option(map, "min", self.min.map(Bound).as_ref())?;
        option(map, "max", self.max.map(Bound).as_ref())?;
        if self.interval != 0.0 {
            map.serialize_entry("interval", &Finite(self.interval, "interval of a field config"))?;
        }
        list(map, "mappings", &self.mappings)?;
        option(map, "thresholds", self.thresholds.as_ref())?;
        option(map, "color", self.color.as_ref())?;
        list(map, "links", &self.links)?;
        text(map, "noValue", &self.no_value)?;
        option(map, "type", self.type_config.as_ref())?;
        option(map, "custom", self.custom.as_ref())
    }
}

impl Serialize for FieldConfig {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

struct Bound(f64);

impl Serialize for Bound {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        lenient::write_bound(&self.0, serializer)
    }
}

/// States by value: each step begins at its value and ends where the next begins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    /// What the values of the steps mean.
    #[serde(deserialize_with = "lenient::or_default")]
    pub mode: ThresholdsMode,
    /// The steps, ascending; the first begins at minus infinity. `None` is `null` on the wire.
    pub steps: Option<Vec<Threshold>>,
}

impl Thresholds {
    /// Steps at absolute values.
    pub fn absolute(steps: impl IntoIterator<Item = Threshold>) -> Self {
        Self { mode: ThresholdsMode::Absolute, steps: Some(steps.into_iter().collect()) }
    }

    /// Steps at percentages of the field's scale.
    pub fn percentage(steps: impl IntoIterator<Item = Threshold>) -> Self {
        Self { mode: ThresholdsMode::Percentage, steps: Some(steps.into_iter().collect()) }
    }
}

/// What the values of thresholds mean.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ThresholdsMode {
    /// Values of the field.
    #[default]
    Absolute,
    /// Percentages of the scale from `min` to `max`.
    Percentage,
    /// A word without a meaning here; the empty one too.
    Other(String),
}

impl From<String> for ThresholdsMode {
    fn from(word: String) -> Self {
        match word.as_str() {
            "absolute" => Self::Absolute,
            "percentage" => Self::Percentage,
            _ => Self::Other(word),
        }
    }
}

impl From<ThresholdsMode> for String {
    fn from(mode: ThresholdsMode) -> Self {
        match mode {
            ThresholdsMode::Absolute => "absolute".to_owned(),
            ThresholdsMode::Percentage => "percentage".to_owned(),
            ThresholdsMode::Other(word) => word,
        }
    }
}

/// One step of thresholds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Threshold {
    /// Where it begins; what isn't finite is `null` on the wire, which reads as minus infinity.
    #[serde(serialize_with = "lenient::write_bound", deserialize_with = "lenient::bound")]
    pub value: f64,
    /// Its colour.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub color: String,
    /// Its state, as old alerting used it.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub state: String,
}

impl Threshold {
    /// A step in a colour.
    pub fn new(value: f64, color: impl Into<String>) -> Self {
        Self { value, color: color.into(), ..Self::default() }
    }
}

impl Default for Threshold {
    fn default() -> Self {
        Self { value: f64::NEG_INFINITY, color: String::new(), state: String::new() }
    }
}

/// What fields of some types need in addition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldTypeConfig {
    /// For enum fields.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub enumeration: Option<EnumConfig>,
}

/// What the indices of an enum field mean.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EnumConfig {
    /// The text of each index. `None` is `null` on the wire.
    pub text: Option<Vec<String>>,
    /// The colour of each index; empty = not said.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::or_default")]
    pub color: Vec<String>,
    /// The icon of each index.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::or_default")]
    pub icon: Vec<String>,
    /// The description of each index.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::or_default")]
    pub description: Vec<String>,
}

impl EnumConfig {
    /// The texts of the indices from 0.
    pub fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self { text: Some(texts.into_iter().map(Into::into).collect()), ..Self::default() }
    }

    /// The text of an index.
    #[must_use]
    pub fn text_of(&self, index: crate::EnumIndex) -> Option<&str> {
        self.text.as_ref()?.get(usize::from(index.0)).map(String::as_str)
    }
}
