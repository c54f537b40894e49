//! What an app's API group is asked: admission of its objects, conversion between its versions, its custom routes.
//!
//! A plugin implements what it needs of [`ReviewAdmission`], [`ConvertVersions`] and [`CallRoute`], attaches it, and says
//! whom it trusts: every call carries an access token, which a [`VerifyToken`] checks before the plugin sees the call. See
//! [`access`] for the rules. Servers mark all of this as experimental.
//!
//! ```no_run
//! use graftwire_sdk::app::{AppContext, CallRoute, ReviewAdmission};
//! use graftwire_sdk::model::{AdmissionReviewRequest, AdmissionReviewResponse, ApiStatus, RouteRequest};
//! use graftwire_sdk::prelude::*;
//!
//! struct Playlists;
//!
//! impl ReviewAdmission for Playlists {
//!     async fn review_admission(
//!         &self,
//!         _cx: &AppContext,
//!         request: AdmissionReviewRequest,
//!     ) -> Result<AdmissionReviewResponse, CallError> {
//!         if request.object.len() > 10_000 {
//!             return Ok(AdmissionReviewResponse::refuse(ApiStatus::failure(422, "Invalid", "too many songs")));
//!         }
//!         Ok(AdmissionReviewResponse::allow())
//!     }
//! }
//!
//! impl CallRoute for Playlists {
//!     async fn call_route(&self, cx: &AppContext, request: RouteRequest) -> Result<ResourceResponse, CallError> {
//!         let who = cx.caller.as_ref().map_or("nobody", |caller| caller.subject.as_str());
//!         Ok(ResourceResponse::text(200, format!("{who} plays in {}", request.namespace)))
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Plugin::single("example-playlist-app", Playlists)
//!         .review_admission()
//!         .call_route()
//!         .without_authentication() // for a machine of one's own alone; else `authenticate`
//!         .serve()
//! }
//! ```
//!
//! There is deliberately no plugin context here: such calls belong to the app, not to one of its instances, and no server
//! sends settings along. A plugin with instances gets one that is made for an app without settings.

pub mod access;
#[cfg(feature = "jwks")]
pub mod jwks;

pub(crate) mod envelope;
pub(crate) mod sniff;

use std::future::Future;

use graftwire_model::{
    AdmissionReviewRequest, AdmissionReviewResponse, CallContext, CallError, RouteRequest,
    VersionConversionRequest, VersionConversionResponse,
};

pub use access::{Caller, TokenError, VerifyToken};

use crate::capability::ResourceResponse;

/// Who calls an app, and how long they wait.
#[derive(Debug, Clone, Default)]
pub struct AppContext {
    /// The plugin's own id.
    pub plugin_id: String,
    /// Whom the access token names; `None` only without authentication.
    pub caller: Option<Caller>,
    /// Call metadata (the tokens are in it) and deadline.
    pub call: CallContext,
}

impl AppContext {
    /// The caller's access token, to call Grafana on the caller's behalf. Only a verified one is given out.
    #[must_use]
    pub fn access_token(&self) -> Option<&str> {
        self.caller.as_ref().and_then(|_| self.call.metadata(access::ACCESS_TOKEN))
    }
}

/// Accepts, refuses or changes an app's objects before they are stored.
pub trait ReviewAdmission: Send + Sync + 'static {
    /// Decides on one object. To refuse is an answer, not an error: an error says that nothing could be decided.
    fn review_admission(
        &self,
        cx: &AppContext,
        request: AdmissionReviewRequest,
    ) -> impl Future<Output = Result<AdmissionReviewResponse, CallError>> + Send;
}

/// Converts an app's objects between the versions of their group.
pub trait ConvertVersions: Send + Sync + 'static {
    /// Converts the objects of one request, as many as there are and in their order, to its target version. Name,
    /// namespace and uid of each stay; the SDK checks that and fills in the answer's `uid`.
    fn convert_versions(
        &self,
        cx: &AppContext,
        request: VersionConversionRequest,
    ) -> impl Future<Output = Result<VersionConversionResponse, CallError>> + Send;
}

/// Answers an app's custom routes. For `http` and tower services see [`crate::http_adapter::call_route`].
pub trait CallRoute: Send + Sync + 'static {
    /// Answers one request. Status 0 counts as 200; an answer without content type gets the one its first bytes look
    /// like.
    fn call_route(
        &self,
        cx: &AppContext,
        request: RouteRequest,
    ) -> impl Future<Output = Result<ResourceResponse, CallError>> + Send;
}
