//! What a Grafana backend plugin is asked and what it answers.
//!
//! This crate is the waist of Graftwire. [`Backend`] is the one trait that every end speaks: the SDK's
//! dispatcher implements it, and so do the host's client of each protocol version, the supervisor and the
//! test doubles. A proxy is a `Backend` in and a `Backend` out.
//!
//! It deliberately knows no wire, no I/O and no protocol version: those live in `graftwire-protocol` and above.

mod admission;
mod backend;
mod context;
mod conversion;
mod diagnostics;
mod encoded;
mod error;
mod headers;
mod query;
mod render;
mod resource;
mod review;
mod route;
mod secrets;
mod stream;
mod time;
mod version_conversion;

pub use admission::{
    AdmissionOperation, AdmissionRequest, GroupVersionKind, MutationResponse, StatusResult,
    ValidationResponse,
};
pub use backend::{Backend, BoxFuture, CallContext, Capability, ReplyStream};
pub use context::{
    AppInstanceSettings, DataSourceInstanceSettings, GrafanaConfig, PluginContext, User, UserAgent,
};
pub use conversion::{ConversionRequest, ConversionResponse, GroupVersion, RawObject};
pub use diagnostics::{HealthRequest, HealthResponse, HealthStatus, MetricsRequest, MetricsResponse};
pub use encoded::{EncodedFrame, FrameFormat};
pub use error::{CallError, Code, ErrorSource, error_text};
pub use headers::Headers;
pub use query::{DataResponse, Query, QueryChunk, QueryRequest, QueryResponse};
pub use render::{RenderRequest, RenderResponse};
pub use resource::{MultiHeaders, ResourcePiece, ResourceRequest};
pub use review::{
    AdmissionReviewRequest, AdmissionReviewResponse, ApiStatus, ApiStatusCause, ApiStatusDetails,
};
pub use route::{RouteParent, RouteRequest};
pub use secrets::Secrets;
pub use stream::{
    PublishRequest, PublishResponse, RunStreamRequest, StreamPacket, StreamStatus, SubscribeRequest,
    SubscribeResponse,
};
pub use time::{EpochMillis, Millis, TimeRange};
pub use version_conversion::{
    ConvertedObject, VersionConversionRequest, VersionConversionResponse, VersionedObject,
};
