//! In the place of an app's API group when its feature is off: nothing can be attached, every call is unimplemented.

use std::marker::PhantomData;

use graftwire_model::{
    AdmissionReviewRequest, AdmissionReviewResponse, CallContext, CallError, Capability, ReplyStream,
    ResourcePiece, RouteRequest, VersionConversionRequest, VersionConversionResponse,
};

use super::Dispatcher;

/// Nothing is attached.
pub(crate) struct AppHandlers<I>(PhantomData<fn(I)>);

impl<I> Default for AppHandlers<I> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<I> AppHandlers<I> {
    pub(crate) const fn attached(&self) -> [(Capability, bool); 0] {
        []
    }
}

impl<I: Send + Sync + 'static> Dispatcher<I> {
    pub(super) async fn review(
        &self,
        _cx: CallContext,
        _request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        Err(CallError::unimplemented(Capability::ReviewAdmission))
    }

    pub(super) async fn versions(
        &self,
        _cx: CallContext,
        _request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        Err(CallError::unimplemented(Capability::ConvertVersions))
    }

    pub(super) async fn route(
        &self,
        _cx: CallContext,
        _request: RouteRequest,
    ) -> Result<ReplyStream<ResourcePiece>, CallError> {
        Err(CallError::unimplemented(Capability::CallRoute))
    }
}
