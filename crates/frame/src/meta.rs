//! What a frame says about itself: type, notices, statistics, how to show it.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::lenient::{self, Finite};
use crate::{FieldConfig, FrameType, FrameTypeVersion, Json};

/// Metadata of a frame. Everything is optional; empty means not said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FrameMeta {
    /// What the frame declares itself to be.
    #[serde(rename = "type", skip_serializing_if = "FrameType::is_unknown")]
    #[serde(deserialize_with = "lenient::or_default")]
    pub frame_type: FrameType,
    /// The version of that declaration; always written.
    pub type_version: FrameTypeVersion,
    /// A path by which the data can be browsed.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub path: String,
    /// What separates the parts of the path; empty = `/`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub path_separator: String,
    /// Anything the data source and its own panels agree on.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::present")]
    pub custom: Option<Json>,
    /// Statistics of the query, shown in the inspector.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::or_default")]
    pub stats: Vec<QueryStat>,
    /// Messages shown on the panel.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::or_default")]
    pub notices: Vec<Notice>,
    /// The Live channel with further data: `scope/namespace/path`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub channel: String,
    /// How Explore should show it.
    #[serde(rename = "preferredVisualisationType", skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "lenient::or_default")]
    pub preferred_visualization: String,
    /// The panel plugin with which Explore should show it; comes before `preferred_visualization`.
    #[serde(rename = "preferredVisualisationPluginId", skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "lenient::or_default")]
    pub preferred_visualization_plugin_id: String,
    /// The query as it was sent upstream, shown in the inspector.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub executed_query_string: String,
    /// Empty, or `annotations` for frames that annotate others.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub data_topic: String,
    /// The indices of the fields whose values together identify a row.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient::or_default")]
    pub unique_row_id_fields: Vec<i64>,
}

impl FrameMeta {
    /// Graph, in [`preferred_visualization`](Self::preferred_visualization).
    pub const GRAPH: &str = "graph";
    /// Table.
    pub const TABLE: &str = "table";
    /// Logs.
    pub const LOGS: &str = "logs";
    /// Trace.
    pub const TRACE: &str = "trace";
    /// Node graph.
    pub const NODE_GRAPH: &str = "nodeGraph";
    /// Flame graph.
    pub const FLAME_GRAPH: &str = "flamegraph";
    /// The [`data_topic`](Self::data_topic) of annotations.
    pub const ANNOTATIONS: &str = "annotations";

    /// Metadata that declare a type of the data plane contract in a version.
    #[must_use]
    pub fn of_type(frame_type: FrameType, type_version: FrameTypeVersion) -> Self {
        Self { frame_type, type_version, ..Self::default() }
    }
}

/// A message shown on the panel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Notice {
    /// How bad it is.
    pub severity: NoticeSeverity,
    /// The message.
    #[serde(deserialize_with = "lenient::or_default")]
    pub text: String,
    /// An address with more: absolute, or a path below the server's root.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub link: String,
    /// The tab of the panel inspector with more.
    #[serde(skip_serializing_if = "InspectTab::is_none")]
    pub inspect: InspectTab,
}

impl Notice {
    /// A message of a severity.
    pub fn new(severity: NoticeSeverity, text: impl Into<String>) -> Self {
        Self { severity, text: text.into(), ..Self::default() }
    }
}

/// How bad a notice is. An unknown word is an error, as it is for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeSeverity {
    /// For information.
    #[default]
    Info,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

/// A tab of the panel inspector. A number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub enum InspectTab {
    /// None.
    #[default]
    None,
    /// Metadata.
    Meta,
    /// Errors.
    Error,
    /// Data.
    Data,
    /// Statistics.
    Stats,
    /// A number without a meaning here.
    Other(i64),
}

impl InspectTab {
    fn is_none(&self) -> bool {
        i64::from(*self) == 0
    }
}

impl From<i64> for InspectTab {
    fn from(number: i64) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Meta,
            2 => Self::Error,
            3 => Self::Data,
            4 => Self::Stats,
            other => Self::Other(other),
        }
    }
}

impl From<InspectTab> for i64 {
    fn from(tab: InspectTab) -> Self {
        match tab {
            InspectTab::None => 0,
            InspectTab::Meta => 1,
            InspectTab::Error => 2,
            InspectTab::Data => 3,
            InspectTab::Stats => 4,
            InspectTab::Other(number) => number,
        }
    }
}

/// One statistic of a query, such as "rows read: 12,345". The config's `display_name` says what it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryStat {
    /// Name, unit and decimals with which the value is shown.
    pub config: FieldConfig,
    /// The value; NaN and infinities can't be encoded.
    pub value: f64,
}

impl QueryStat {
    /// A named value in a unit of Grafana's (`short`, `bytes`, `s`, …; may be empty).
    pub fn new(name: impl Into<String>, unit: impl Into<String>, value: f64) -> Self {
        let config = FieldConfig { display_name: name.into(), unit: unit.into(), ..FieldConfig::default() };
        Self { config, value }
    }
}

impl Serialize for QueryStat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.config.serialize_into(&mut map)?;
        map.serialize_entry("value", &Finite(self.value, "value of a statistic"))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for QueryStat {
    /// The value stands among the config's keys. Both are read from the text, since serde's `flatten` would pass
    /// through a form that loses digits of free JSON.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Value {
            #[serde(default, deserialize_with = "lenient::number")]
            value: f64,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let config = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
        let Value { value } = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
        Ok(Self { config, value })
    }
}
