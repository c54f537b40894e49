//! The builder's part for an app's API group. See [`crate::app`].

use std::sync::Arc;

use super::Plugin;
use crate::app::access::Access;
use crate::app::{CallRoute, ConvertVersions, ReviewAdmission, VerifyToken};

impl<I: Send + Sync + 'static> Plugin<I> {
    /// Attaches an app's admission.
    pub fn review_admission(mut self) -> Self
    where
        I: ReviewAdmission,
    {
        self.handlers.app.review =
            Some(|instance, cx, request| Box::pin(instance.review_admission(cx, request)));
        self
    }

    /// Attaches an app's conversion between versions.
    pub fn convert_versions(mut self) -> Self
    where
        I: ConvertVersions,
    {
        self.handlers.app.convert =
            Some(|instance, cx, request| Box::pin(instance.convert_versions(cx, request)));
        self
    }

    /// Attaches an app's custom routes.
    pub fn call_route(mut self) -> Self
    where
        I: CallRoute,
    {
        self.handlers.app.route = Some(|instance, cx, request| Box::pin(instance.call_route(cx, request)));
        self
    }

    /// Sets who checks access tokens of calls to the app's API group. Default: nobody, and then every such call is
    /// refused as `FAILED_PRECONDITION`.
    pub fn authenticate(mut self, verifier: impl VerifyToken) -> Self {
        self.handlers.app.access = Access::Checked(Arc::new(verifier));
        self
    }

    /// Takes calls to the app's API group from whoever reaches the plugin, without any token. **Insecure**: whatever
    /// runs under the same user can then act as anybody. For development on a machine of one's own.
    pub fn without_authentication(mut self) -> Self {
        self.handlers.app.access = Access::Open;
        self
    }

    /// Serves the app's services also under the names of the protocol's draft (package `plugin.v3`). Default: under
    /// the current names alone.
    pub const fn draft_names(mut self) -> Self {
        self.options.draft_names = true;
        self
    }
}
