//! Conversion of an app's stored objects between the versions of their API group.
//!
//! It deliberately has no plugin context, and prints show how long objects are, never what is in them.

use std::fmt;

use bytes::Bytes;

use crate::review::Length;
use crate::{ApiStatus, GroupVersion, GroupVersionKind};

/// Objects to convert.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionConversionRequest {
    /// Group and version the host asks about. Not to be trusted: what is converted says each object's own kind.
    pub api: GroupVersion,
    /// Names the request; copied into the answer.
    pub uid: String,
    /// The objects, possibly of different versions.
    pub objects: Vec<VersionedObject>,
    /// The wanted version (`v1`); the group stays.
    pub target_version: String,
}

/// A stored object with the kind it is stored as.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct VersionedObject {
    /// Group, version and kind.
    pub kind: GroupVersionKind,
    /// The object as JSON, with the whole envelope.
    pub raw: Bytes,
}

impl fmt::Debug for VersionedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VersionedObject").field("kind", &self.kind).field("raw", &Length(&self.raw)).finish()
    }
}

/// Converted objects: as many as were asked for, in the order of the request; none on failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionConversionResponse {
    /// Why nothing was converted.
    pub error: Option<ApiStatus>,
    /// The request's `uid`.
    pub uid: String,
    /// The objects.
    pub converted: Vec<ConvertedObject>,
}

/// One converted object.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ConvertedObject {
    /// The object as JSON, with the whole envelope.
    pub raw: Bytes,
    /// What could not be kept, for people.
    pub warnings: Vec<String>,
}

impl fmt::Debug for ConvertedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConvertedObject")
            .field("raw", &Length(&self.raw))
            .field("warnings", &self.warnings)
            .finish()
    }
}
