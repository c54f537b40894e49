//! What a call carries, shown to somebody beside it: metadata and bytes of both ways, for a recorder.
//!
//! It deliberately changes nothing and knows no message: bytes are shown as they pass.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body as GrpcBody;

/// Is shown every call on a connection while it runs. It runs on the task of the call, so what it does makes the call
/// longer.
pub trait CallTap: Send + Sync + 'static {
    /// A call begins: its method, such as `/pluginv2.Data/QueryData`, and its metadata.
    fn begin(&self, path: &str, metadata: &HeaderMap) -> Arc<dyn TappedCall>;
}

/// One call. It is over when the last reference is dropped; without [`TappedCall::ended`] or [`TappedCall::failed`]
/// before that, the caller did not want the rest.
pub trait TappedCall: Send + Sync + 'static {
    /// A piece of the request's body: messages with gRPC's prefix, cut anywhere.
    fn sent(&self, piece: &Bytes);
    /// The head of the answer. A call that fails at once has its `grpc-status` here.
    fn answered(&self, metadata: &HeaderMap);
    /// A piece of the answer's body, as in [`TappedCall::sent`].
    fn received(&self, piece: &Bytes);
    /// The answer's trailers, with its `grpc-status`.
    fn ended(&self, trailers: &HeaderMap);
    /// The connection broke, or the request could not be sent.
    fn failed(&self, status: &Status);
}

type Tapped = Option<Arc<dyn TappedCall>>;

/// Shows a request, now and while its body is sent.
pub(super) fn on_the_way_out(
    tap: Option<&Arc<dyn CallTap>>,
    request: Request<GrpcBody>,
) -> (Request<GrpcBody>, Tapped) {
    let Some(tap) = tap else { return (request, None) };
    let call = tap.begin(request.uri().path(), request.headers());
    let shown = Arc::clone(&call);
    (request.map(|body| GrpcBody::new(Shown { body, call: shown, way: Way::Out })), Some(call))
}

/// Shows an answer, now and while its body arrives.
pub(super) fn on_the_way_back(call: Tapped, answer: Response<GrpcBody>) -> Response<GrpcBody> {
    let Some(call) = call else { return answer };
    call.answered(answer.headers());
    answer.map(|body| GrpcBody::new(Shown { body, call, way: Way::Back }))
}

enum Way {
    Out,
    Back,
}

/// A body that is shown piece by piece.
struct Shown {
    body: GrpcBody,
    call: Arc<dyn TappedCall>,
    way: Way,
}

impl Body for Shown {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match (&frame, &self.way) {
            (Some(Ok(frame)), way) => {
                match (frame.data_ref(), way) {
                    (Some(piece), Way::Out) => self.call.sent(piece),
                    (Some(piece), Way::Back) => self.call.received(piece),
                    (None, _) => {}
                }
                if let (Some(trailers), Way::Back) = (frame.trailers_ref(), way) {
                    self.call.ended(trailers);
                }
            }
            (Some(Err(status)), Way::Back) => self.call.failed(status),
            _ => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
