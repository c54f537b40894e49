//! Admission review: one call that accepts, refuses or changes an object of an app before it is stored.
//!
//! It deliberately has no plugin context: such calls are made for the app as a whole, on behalf of whoever the access
//! token in the call's metadata names. Prints show how long objects are, never what is in them.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::{AdmissionOperation, GroupVersionKind};

/// An object about to be stored or removed. Objects are JSON with Kubernetes' whole envelope (`apiVersion`, `kind`,
/// `metadata`, `spec`, …).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AdmissionReviewRequest {
    /// What is about to happen; `None` if the host didn't say, or named something newer than this table.
    pub operation: Option<AdmissionOperation>,
    /// What kind of object it is.
    pub kind: GroupVersionKind,
    /// The object; empty when it is about to be removed.
    pub object: Bytes,
    /// The object before an update or removal; empty when it is new.
    pub old_object: Bytes,
}

impl fmt::Debug for AdmissionReviewRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdmissionReviewRequest")
            .field("operation", &self.operation)
            .field("kind", &self.kind)
            .field("object", &Length(&self.object))
            .field("old_object", &Length(&self.old_object))
            .finish()
    }
}

/// Whether an object is accepted, and what becomes of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AdmissionReviewResponse {
    /// Accepted or not.
    pub allowed: bool,
    /// Why not; only counts when refused.
    pub error: Option<ApiStatus>,
    /// Warnings for the caller; below 120 characters each, above 256 they may be cut.
    pub warnings: Vec<String>,
    /// The object to store instead, whole; empty = as it came.
    pub object: Bytes,
}

impl AdmissionReviewResponse {
    /// Accepted as it is.
    #[must_use]
    pub fn allow() -> Self {
        Self { allowed: true, ..Self::default() }
    }

    /// Accepted, with another object in its place.
    #[must_use]
    pub fn change(object: impl Into<Bytes>) -> Self {
        Self { object: object.into(), ..Self::allow() }
    }

    /// Refused.
    #[must_use]
    pub fn refuse(error: ApiStatus) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}

impl fmt::Debug for AdmissionReviewResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdmissionReviewResponse")
            .field("allowed", &self.allowed)
            .field("error", &self.error)
            .field("warnings", &self.warnings)
            .field("object", &Length(&self.object))
            .finish()
    }
}

/// Why a request about objects failed, in Kubernetes' terms (`Status` of its `meta/v1`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiStatus {
    /// `Success` or `Failure`.
    pub status: String,
    /// For a person.
    pub message: String,
    /// For a program: `Invalid`, `Forbidden`, `Conflict`, …
    pub reason: String,
    /// HTTP-like status.
    pub code: i32,
    /// What it is about, and the fields that are wrong.
    pub details: Option<ApiStatusDetails>,
}

impl ApiStatus {
    /// A failure with an HTTP-like status, a reason for programs and a text for people.
    pub fn failure(code: i32, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status: "Failure".to_owned(),
            message: message.into(),
            reason: reason.into(),
            code,
            details: None,
        }
    }
}

/// What a failure is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiStatusDetails {
    /// Name of the object.
    pub name: String,
    /// API group of the object.
    pub group: String,
    /// Kind of the object.
    pub kind: String,
    /// The object's unique id.
    pub uid: String,
    /// Each thing that is wrong.
    pub causes: Vec<ApiStatusCause>,
    /// When to try again, in whole seconds on the wire; zero = not said.
    pub retry_after: Duration,
}

/// One thing that is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiStatusCause {
    /// For a program: `FieldValueInvalid`, …
    pub reason: String,
    /// For a person.
    pub message: String,
    /// Where: `spec.replicas`.
    pub field: String,
}

/// Bytes as their length.
pub(crate) struct Length<'a>(pub(crate) &'a Bytes);

impl fmt::Debug for Length<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}
