//! Step *adapt out*, its last part: the bytes of an answer in segments, of which large ones reach the connection without
//! a copy.
//!
//! tonic encodes a message into one buffer, which would copy every column of an answer once more. A handler with such an
//! answer therefore leaves [`Segments`] in the extensions of a response whose own message stays empty, and the router
//! puts a body of these segments in the place of tonic's. It deliberately knows no message: what the bytes say is
//! decided in the folder of each version.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::{Body, Frame};
use tonic::body::Body as GrpcBody;

use crate::AdaptError;

/// Segments below this are copied into their neighbours: that costs less than a DATA frame of their own, which holds
/// this much.
const LARGE: usize = 16 * 1024;
/// Room for small segments that is made at once.
const FIRST_ROOM: usize = 64 * 1024;
/// gRPC's prefix of a message: not compressed, and the length.
const PREFIX: usize = 5;
const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The bytes of one gRPC message, prefix included.
#[derive(Debug, Clone)]
pub struct Segments {
    done: VecDeque<Bytes>,
    /// Small parts since the last large one.
    small: BytesMut,
}

impl Segments {
    /// Begins a message that will have `length` bytes.
    ///
    /// # Errors
    /// [`AdaptError::TooLarge`] above `limit`, and above what the prefix can say.
    pub(crate) fn of_message(length: usize, limit: usize) -> Result<Self, AdaptError> {
        let limit = limit.min(u32::MAX as usize);
        let (Ok(prefix), true) = (u32::try_from(length), length <= limit) else {
            return Err(AdaptError::TooLarge { found: length, limit });
        };
        let mut small = BytesMut::with_capacity(PREFIX + length.min(FIRST_ROOM));
        small.put_u8(0);
        small.put_u32(prefix);
        Ok(Self { done: VecDeque::new(), small })
    }

    /// Adds bytes that are copied.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.small.extend_from_slice(bytes);
    }

    /// Adds bytes that are passed on as they are, if there are enough of them.
    pub(crate) fn push(&mut self, segment: &Bytes) {
        if segment.len() < LARGE {
            return self.extend(segment);
        }
        self.flush();
        self.done.push_back(segment.clone());
    }

    /// Adds a length as protobuf writes it.
    pub(crate) fn extend_delimiter(&mut self, length: usize) {
        // There is always room: the buffer grows.
        let _ = prost::encode_length_delimiter(length, &mut self.small);
    }

    /// The segments in order.
    #[must_use]
    pub fn into_parts(mut self) -> Vec<Bytes> {
        self.flush();
        self.done.into()
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.done.push_back(self.small.split().freeze());
        }
    }

    /// Leaves the message where the router finds it. `message` is what tonic is given instead, and never sent.
    pub(crate) fn instead_of<M>(self, message: M) -> tonic::Response<M> {
        let mut response = tonic::Response::new(message);
        response.extensions_mut().insert(self);
        response
    }
}

/// The answer with the message that was left in its extensions, if one was.
pub(crate) fn in_place(mut response: Response<GrpcBody>) -> Response<GrpcBody> {
    match response.extensions_mut().remove::<Segments>() {
        Some(mut message) => {
            message.flush();
            response.map(|_unsent| GrpcBody::new(Whole { left: message.done, ended: false }))
        }
        None => response,
    }
}

/// The body of an answer that is there as a whole: one message, and trailers that say it ended well.
struct Whole {
    left: VecDeque<Bytes>,
    ended: bool,
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(segment) = self.left.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(segment))));
        }
        if std::mem::replace(&mut self.ended, true) {
            return Poll::Ready(None);
        }
        let ok = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
        Poll::Ready(Some(Ok(Frame::trailers(ok))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
