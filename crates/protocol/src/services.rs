//! Which services a plugin serves for what was negotiated, and the routing of calls to them by path.
//!
//! tonic's own router would bring a web framework along; a plugin serves a handful of fixed paths.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use graftwire_model::{Backend, BoxFuture, Capability};
use http::{HeaderValue, Request, Response, header};
use http_body::Body;
use tonic::body::Body as GrpcBody;
use tonic::server::NamedService;
use tower_service::Service;

use crate::handshake::AppVersion;
use crate::v2::generated as wire;
use crate::v2::server::Served;
use crate::{MessageLimits, goplugin, segments, status, v3};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;
type Handler = Arc<dyn Fn(Request<GrpcBody>) -> BoxFuture<'static, Response<GrpcBody>> + Send + Sync>;

/// The gRPC services of one plugin, by their full names.
#[derive(Default)]
pub struct Services {
    routes: Vec<(&'static str, Handler)>,
}

impl Services {
    /// No services.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service; one of the same name is replaced.
    #[must_use]
    pub fn with<S>(mut self, service: S) -> Self
    where
        S: NamedService
            + Service<Request<GrpcBody>, Response = Response<GrpcBody>, Error = Infallible, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        self.routes.retain(|(name, _)| *name != S::NAME);
        let handler: Handler = Arc::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                match service.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            })
        });
        self.routes.push((S::NAME, handler));
        self
    }

    /// The names of all services, in the order added.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.routes.iter().map(|(name, _)| *name)
    }

    /// The services as something that answers requests.
    #[must_use]
    pub fn into_router(self) -> Router {
        Router { routes: self.routes.into() }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// Answers gRPC requests: `/package.Service/Method`. What isn't served is answered `UNIMPLEMENTED`.
#[derive(Clone)]
pub struct Router {
    routes: Arc<[(&'static str, Handler)]>,
}

impl Router {
    /// Answers what is served of version 3 under the names of its draft too, see [`v3::DRAFT_PACKAGE`].
    #[cfg(feature = "v3")]
    #[must_use]
    pub fn with_draft_names(self) -> Self {
        let drafted = self.routes.iter().filter_map(|(current, handler)| {
            let (name, handler) = (v3::draft::name(current)?, Arc::clone(handler));
            let renamed: Handler =
                Arc::new(move |request| handler(v3::draft::renamed(request, v3::DRAFT_PACKAGE, v3::PACKAGE)));
            Some((name, renamed))
        });
        let current = self.routes.iter().map(|(name, handler)| (*name, Arc::clone(handler)));
        Self { routes: current.chain(drafted).collect() }
    }

    /// Answers one request.
    pub fn answer<B>(&self, request: Request<B>) -> BoxFuture<'static, Response<GrpcBody>>
    where
        B: Body<Data = Bytes, Error: Into<BoxedError>> + Send + 'static,
    {
        let path = request.uri().path();
        let service =
            path.strip_prefix('/').and_then(|path| path.split_once('/')).map(|(service, _)| service);
        let Some((_, handler)) = self.routes.iter().find(|(name, _)| Some(*name) == service) else {
            return Box::pin(std::future::ready(unimplemented(path)));
        };
        let answer = handler(request.map(GrpcBody::new));
        Box::pin(async move { segments::in_place(explained(answer.await)) })
    }
}

/// An answer whose head already says that it failed says so in gRPC's own terms.
fn explained(response: Response<GrpcBody>) -> Response<GrpcBody> {
    match tonic::Status::from_header_map(response.headers()) {
        Some(failed) if failed.code() == tonic::Code::OutOfRange => status::explained(failed).into_http(),
        _ => response,
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.routes.iter().map(|(name, _)| name)).finish()
    }
}

impl<B> Service<Request<B>> for Router
where
    B: Body<Data = Bytes, Error: Into<BoxedError>> + Send + 'static,
{
    type Response = Response<GrpcBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answer = self.answer(request);
        Box::pin(async move { Ok(answer.await) })
    }
}

fn unimplemented(path: &str) -> Response<GrpcBody> {
    let mut response = Response::new(GrpcBody::empty());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static("12"));
    // The path came out of a URI, so it is plain ASCII; gRPC wants percent signs encoded.
    let message = format!("this plugin does not serve {path}").replace('%', "%25");
    if let Ok(message) = HeaderValue::from_str(&message) {
        headers.insert("grpc-message", message);
    }
    response
}

/// The plugin's own services in a negotiated version, for the capabilities it has. A service of which no method is
/// there is not served at all, as hosts expect.
#[must_use]
pub fn services(
    version: AppVersion,
    backend: Arc<dyn Backend>,
    capabilities: &BTreeSet<Capability>,
    limits: MessageLimits,
) -> Services {
    match version {
        #[cfg(feature = "v1")]
        AppVersion::PluginV1 => crate::v1::server::services(backend, capabilities, limits),
        AppVersion::PluginV2 => plugin_v2(backend, capabilities, limits),
    }
}

fn plugin_v2(
    backend: Arc<dyn Backend>,
    capabilities: &BTreeSet<Capability>,
    limits: MessageLimits,
) -> Services {
    use Capability as C;
    let has_any = |wanted: &[C]| wanted.iter().any(|capability| capabilities.contains(capability));
    let mut services = v3::server::add(Services::new(), &backend, capabilities, limits);
    let served = Arc::new(Served { backend, limits });

    macro_rules! serve {
        ($any:expr, $server:path) => {
            if has_any(&$any) {
                services = services.with(
                    <$server>::from_arc(Arc::clone(&served))
                        .max_decoding_message_size(limits.receive)
                        .max_encoding_message_size(limits.send),
                );
            }
        };
    }
    serve!([C::CheckHealth, C::CollectMetrics], wire::diagnostics_server::DiagnosticsServer<Served>);
    serve!([C::QueryData, C::QueryChunkedData], wire::data_server::DataServer<Served>);
    serve!([C::CallResource], wire::resource_server::ResourceServer<Served>);
    serve!([C::SubscribeStream, C::RunStream, C::PublishStream], wire::stream_server::StreamServer<Served>);
    serve!(
        [C::ValidateAdmission, C::MutateAdmission],
        wire::admission_control_server::AdmissionControlServer<Served>
    );
    serve!([C::ConvertObjects], wire::resource_conversion_server::ResourceConversionServer<Served>);
    serve!([C::Render], crate::v2::renderer::generated::renderer_server::RendererServer<Served>);
    services
}

impl Services {
    /// Adds what go-plugin hosts expect beside a plugin's own services: shutdown, standard output, broker, health.
    #[must_use]
    pub fn with_goplugin(self, control: goplugin::server::Control) -> Self {
        let health = goplugin::server::HealthService::new(control.clone());
        self.with(goplugin::generated::grpc_controller_server::GrpcControllerServer::new(control.clone()))
            .with(goplugin::generated::grpc_stdio_server::GrpcStdioServer::new(control.clone()))
            .with(goplugin::generated::grpc_broker_server::GrpcBrokerServer::new(control))
            .with(goplugin::health::generated::health_server::HealthServer::new(health))
    }
}
