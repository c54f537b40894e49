//! Admission: accepting, refusing or changing objects before they are stored.

use bytes::Bytes;

use crate::PluginContext;

/// An object about to be stored or removed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AdmissionRequest {
    /// Who asks; instance settings may be absent.
    pub context: PluginContext,
    /// What is about to happen.
    pub operation: AdmissionOperation,
    /// What kind of object it is.
    pub kind: GroupVersionKind,
    /// The object: JSON, or for plugin settings an encoded settings message.
    pub object: Bytes,
    /// The object before an update or removal.
    pub old_object: Bytes,
}

/// What is about to happen to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AdmissionOperation {
    /// It is new.
    #[default]
    Create,
    /// It changes.
    Update,
    /// It goes.
    Delete,
}

/// The kind of an object, in Kubernetes' terms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct GroupVersionKind {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
}

/// Whether an object is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValidationResponse {
    /// Accepted or not.
    pub allowed: bool,
    /// Why not; only counts when refused.
    pub result: Option<StatusResult>,
    /// Warnings for the caller; below 120 characters each, above 256 they may be cut.
    pub warnings: Vec<String>,
}

/// Whether an object is accepted, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MutationResponse {
    /// Accepted or not.
    pub allowed: bool,
    /// Why not; only counts when refused.
    pub result: Option<StatusResult>,
    /// Warnings for the caller.
    pub warnings: Vec<String>,
    /// The object to store.
    pub object: Bytes,
}

/// The outcome of a request about objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusResult {
    /// `Success` or `Failure`.
    pub status: String,
    /// For a person.
    pub message: String,
    /// For a program.
    pub reason: String,
    /// HTTP-like status.
    pub code: i32,
}
