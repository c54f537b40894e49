//! In the place of version 3 when its feature is off: no service is added, no method known, every call unimplemented.

/// No capability has a method.
#[cfg(feature = "client")]
pub(crate) const fn method(_capability: graftwire_model::Capability) -> Option<&'static str> {
    None
}

#[cfg(feature = "client")]
pub(crate) mod draft {
    /// No call has another name.
    pub(crate) fn asked<B>(request: http::Request<B>) -> http::Request<B> {
        request
    }
}

#[cfg(feature = "client")]
pub(crate) mod client {
    use graftwire_model::{
        AdmissionReviewRequest, AdmissionReviewResponse, CallContext, CallError, Capability, ReplyStream,
        ResourcePiece, RouteRequest, VersionConversionRequest, VersionConversionResponse,
    };

    use crate::MessageLimits;

    /// A client that can call nothing.
    pub(crate) struct Client<T>(std::marker::PhantomData<fn(T)>);

    impl<T> Client<T> {
        pub(crate) fn new(_channel: T, _limits: MessageLimits) -> Self {
            Self(std::marker::PhantomData)
        }

        pub(crate) async fn review_admission(
            &self,
            _cx: CallContext,
            _request: AdmissionReviewRequest,
        ) -> Result<AdmissionReviewResponse, CallError> {
            Err(CallError::unimplemented(Capability::ReviewAdmission))
        }

        pub(crate) async fn convert_versions(
            &self,
            _cx: CallContext,
            _request: VersionConversionRequest,
        ) -> Result<VersionConversionResponse, CallError> {
            Err(CallError::unimplemented(Capability::ConvertVersions))
        }

        pub(crate) async fn call_route(
            &self,
            _cx: CallContext,
            _request: RouteRequest,
        ) -> Result<ReplyStream<ResourcePiece>, CallError> {
            Err(CallError::unimplemented(Capability::CallRoute))
        }
    }
}

#[cfg(feature = "server")]
pub(crate) mod server {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use graftwire_model::{Backend, Capability};

    use crate::{MessageLimits, Services};

    /// Adds nothing.
    pub(crate) fn add(
        services: Services,
        _backend: &Arc<dyn Backend>,
        _capabilities: &BTreeSet<Capability>,
        _limits: MessageLimits,
    ) -> Services {
        services
    }
}
