//! A `Backend` that passes every call on to another one, with something done around it: the one place that lists
//! all the methods, for the guard around a plugin and for the supervisor.
//!
//! It deliberately changes no request and no answer.

use std::future::Future;
use std::sync::Arc;

use graftwire_model::{Backend, CallContext, CallError, ReplyStream};

/// What is done around a call.
pub(crate) trait Around: Send + Sync + 'static {
    /// Finds who answers and makes a call with one answer.
    fn unary<T, F, Fut>(&self, cx: CallContext, call: F) -> impl Future<Output = Result<T, CallError>> + Send
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Backend>, CallContext) -> Fut + Send,
        Fut: Future<Output = Result<T, CallError>> + Send;

    /// Finds who answers and makes a call with a stream of answers.
    fn stream<T, F, Fut>(
        &self,
        cx: CallContext,
        call: F,
    ) -> impl Future<Output = Result<ReplyStream<T>, CallError>> + Send
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Backend>, CallContext) -> Fut + Send,
        Fut: Future<Output = Result<ReplyStream<T>, CallError>> + Send;
}

/// Implements `Backend` for a type that implements [`Around`].
macro_rules! forward_backend {
    ($type:ty) => {
        impl graftwire_model::Backend for $type {
            $crate::forward::forward_backend!(@unary query_data, QueryRequest, QueryResponse);
            $crate::forward::forward_backend!(@stream query_chunked, QueryRequest, QueryChunk);
            $crate::forward::forward_backend!(@stream call_resource, ResourceRequest, ResourcePiece);
            $crate::forward::forward_backend!(@unary check_health, HealthRequest, HealthResponse);
            $crate::forward::forward_backend!(@unary collect_metrics, MetricsRequest, MetricsResponse);
            $crate::forward::forward_backend!(@unary subscribe_stream, SubscribeRequest, SubscribeResponse);
            $crate::forward::forward_backend!(@stream run_stream, RunStreamRequest, StreamPacket);
            $crate::forward::forward_backend!(@unary publish_stream, PublishRequest, PublishResponse);
            $crate::forward::forward_backend!(@unary validate_admission, AdmissionRequest, ValidationResponse);
            $crate::forward::forward_backend!(@unary mutate_admission, AdmissionRequest, MutationResponse);
            $crate::forward::forward_backend!(@unary convert_objects, ConversionRequest, ConversionResponse);
            $crate::forward::forward_backend!(@unary review_admission, AdmissionReviewRequest, AdmissionReviewResponse);
            $crate::forward::forward_backend!(@unary convert_versions, VersionConversionRequest, VersionConversionResponse);
            $crate::forward::forward_backend!(@stream call_route, RouteRequest, ResourcePiece);
            $crate::forward::forward_backend!(@unary render, RenderRequest, RenderResponse);
        }
    };
    (@unary $method:ident, $request:ident, $response:ident) => {
        fn $method(
            &self,
            cx: graftwire_model::CallContext,
            request: graftwire_model::$request,
        ) -> graftwire_model::BoxFuture<'_, Result<graftwire_model::$response, graftwire_model::CallError>> {
            Box::pin($crate::forward::Around::unary(self, cx, move |backend, cx| async move {
                backend.$method(cx, request).await
            }))
        }
    };
    (@stream $method:ident, $request:ident, $item:ident) => {
        fn $method(
            &self,
            cx: graftwire_model::CallContext,
            request: graftwire_model::$request,
        ) -> graftwire_model::BoxFuture<
            '_,
            Result<graftwire_model::ReplyStream<graftwire_model::$item>, graftwire_model::CallError>,
        > {
            Box::pin($crate::forward::Around::stream(self, cx, move |backend, cx| async move {
                backend.$method(cx, request).await
            }))
        }
    };
}
pub(crate) use forward_backend;
