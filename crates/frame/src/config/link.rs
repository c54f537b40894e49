//! Data links: where a click on a value leads.

use serde::{Deserialize, Serialize};

use crate::{Json, Timestamp, lenient};

/// A link shown on a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DataLink {
    /// What users see.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub title: String,
    /// Whether it opens in a new tab.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "lenient::or_default")]
    pub target_blank: bool,
    /// The address, with variables such as `${__value.raw}`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub url: String,
    /// A link into Explore in place of an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal: Option<InternalLink>,
}

/// A link into Explore: a query to a data source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InternalLink {
    /// The query, in the data source's own form.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::present")]
    pub query: Option<Json>,
    /// The data source's uid.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub datasource_uid: String,
    /// The data source's name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub datasource_name: String,
    /// State of Explore's panels: free JSON. Go writes "set, but to nothing" as `null`, which is kept.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient::present")]
    pub panels_state: Option<Json>,
    /// How variables of the query are taken out of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transformations: Option<Vec<LinkTransformation>>,
    /// The time range of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_range: Option<LinkTimeRange>,
}

/// How variables are taken out of a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LinkTransformation {
    /// `regex` or `logfmt`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "lenient::or_default")]
    pub kind: String,
    /// The field it reads; empty = the one the link is on.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub field: String,
    /// The regular expression.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub expression: String,
    /// The name of the variable it sets.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient::or_default")]
    pub map_value: String,
}

/// A time range as two RFC 3339 texts, which keep their time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkTimeRange {
    /// The first instant.
    pub from: String,
    /// The last instant.
    pub to: String,
}

impl LinkTimeRange {
    /// A range in UTC.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from: from.to_string(), to: to.to_string() }
    }
}

impl Default for LinkTimeRange {
    fn default() -> Self {
        Self::new(Timestamp::YEAR_ONE, Timestamp::YEAR_ONE)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
