//! gRPC request → HTTP/2 → gRPC answer, over the one connection to a plugin.
//!
//! It deliberately never reconnects: a plugin that dropped its connection is gone or broken, and the supervisor
//! deals with that.

use std::sync::Arc;
use std::task::{Context, Poll};

use graftwire_model::BoxFuture;
use http::uri::{Authority, Parts, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use hyper::client::conn::http2::SendRequest;
use tonic::Status;
use tower_service::Service;

use super::fate::Fate;
use super::observe::{Answer, CallObserver, Counting, Outgoing, Track};
use super::pulse::{Silence, Waiting, unless_silent};
use super::tap::{self, CallTap};

const USER_AGENT: &str = concat!("graftwire-host/", env!("CARGO_PKG_VERSION"));

/// Carries calls to one plugin. Cheap to clone; implements `graftwire_protocol::Rpc`.
#[derive(Clone)]
pub struct RpcChannel {
    pub(super) sender: SendRequest<Counting>,
    pub(super) observer: Option<Arc<dyn CallObserver>>,
    pub(super) tap: Option<Arc<dyn CallTap>>,
    pub(super) draft_names: bool,
    pub(super) fate: Fate,
    pub(super) silence: Option<Silence>,
}

impl RpcChannel {
    /// Whether the connection is gone for good.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.fate.is_lost() || self.sender.is_closed()
    }
}

impl std::fmt::Debug for RpcChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RpcChannel").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl Service<Request<tonic::body::Body>> for RpcChannel {
    type Response = Response<tonic::body::Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    /// Always ready: a closed connection fails the call itself, with the reason.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let request = if self.draft_names { graftwire_protocol::with_draft_names(request) } else { request };
        let outgoing = Arc::<Outgoing>::default();
        let mut track = self
            .observer
            .as_ref()
            .map(|observer| Track::begin(Arc::clone(observer), request.uri().path(), Arc::clone(&outgoing)));
        let (request, tapped) = tap::on_the_way_out(self.tap.as_ref(), addressed(request));
        let counted = request.map(|body| Counting { body, outgoing: Arc::clone(&outgoing) });
        let sending = self.sender.send_request(counted);
        let (fate, silence) = (self.fate.clone(), self.silence.clone());
        Box::pin(async move {
            let answer = unless_silent(silence.clone(), async {
                sending.await.map_err(|error| outgoing.take_failure().unwrap_or_else(|| fate.explain(&error)))
            });
            match answer.await {
                Ok(response) => {
                    if let Some(track) = &mut track {
                        track.answered(response.headers());
                    }
                    let answer = |body| Answer { body, track, fate, silence: silence.map(Waiting::begin) };
                    let answer = response.map(|body| tonic::body::Body::new(answer(body)));
                    Ok(tap::on_the_way_back(tapped, answer))
                }
                Err(status) => {
                    if let Some(track) = &mut track {
                        track.failed(&status);
                    }
                    if let Some(tapped) = &tapped {
                        tapped.failed(&status);
                    }
                    Err(status)
                }
            }
        })
    }
}

/// HTTP/2 wants scheme and authority; Grafana's connections say `unused`, and plugins don't look.
fn addressed(request: Request<tonic::body::Body>) -> Request<tonic::body::Body> {
    let (mut head, body) = request.into_parts();
    let mut uri = Parts::default();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(Authority::from_static("unused"));
    uri.path_and_query = head.uri.path_and_query().cloned();
    head.uri = Uri::from_parts(uri).unwrap_or(head.uri);
    head.headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
    Request::from_parts(head, body)
}
