//! Conversion of stored objects between API versions.

use bytes::Bytes;

use crate::{PluginContext, StatusResult};

/// Objects to convert.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConversionRequest {
    /// Who asks.
    pub context: PluginContext,
    /// Names the request; copied into the answer.
    pub uid: String,
    /// The objects.
    pub objects: Vec<RawObject>,
    /// The wanted version.
    pub target_version: GroupVersion,
}

/// Converted objects, in the order of the request; empty on failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConversionResponse {
    /// The request's `uid`.
    pub uid: String,
    /// The outcome.
    pub result: Option<StatusResult>,
    /// The objects.
    pub objects: Vec<RawObject>,
}

/// An object as bytes with its content type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawObject {
    /// The bytes.
    pub raw: Bytes,
    /// For example `application/json`.
    pub content_type: String,
}

/// An API group and version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct GroupVersion {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
}
