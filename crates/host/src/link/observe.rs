//! What crossed the wire: one report per call, for a workbench or metrics.
//!
//! It deliberately sees paths and sizes only: no message, so no secret.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use graftwire_model::Code;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tonic::Status;

use super::fate::Fate;
use super::pulse::{Silence, Waiting};

/// Is told of every call on a connection once it has ended. It runs on the task of the call, so it must not block.
pub trait CallObserver: Send + Sync + 'static {
    /// A call has ended.
    fn ended(&self, report: CallReport);
}

/// One call on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallReport {
    /// The method, such as `/pluginv2.Data/QueryData`.
    pub path: String,
    /// When it began.
    pub started_at: SystemTime,
    /// From the beginning to the answer's headers; `None` if none came.
    pub first_answer: Option<Duration>,
    /// From the beginning to the end.
    pub took: Duration,
    /// Bytes of messages sent, with gRPC's 5 bytes per message, without HTTP/2's own.
    pub sent: u64,
    /// Bytes of messages received, counted the same way.
    pub received: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Orderly.
    Ok,
    /// With a gRPC status, or because the connection broke.
    Failed(Code),
    /// The caller dropped it: nobody wanted the rest.
    Dropped,
}

/// Follows one call. Its report goes out once, when the last part of the call is gone.
pub(super) struct Track {
    observer: Arc<dyn CallObserver>,
    path: String,
    started_at: SystemTime,
    started: Instant,
    first_answer: Option<Duration>,
    outgoing: Arc<Outgoing>,
    received: u64,
    outcome: Outcome,
}

impl Track {
    pub(super) fn begin(observer: Arc<dyn CallObserver>, path: &str, outgoing: Arc<Outgoing>) -> Self {
        Self {
            observer,
            path: path.to_owned(),
            started_at: SystemTime::now(),
            started: Instant::now(),
            first_answer: None,
            outgoing,
            received: 0,
            outcome: Outcome::Dropped,
        }
    }

    pub(super) fn answered(&mut self, headers: &HeaderMap) {
        self.first_answer = Some(self.started.elapsed());
        self.status_of(headers);
    }

    pub(super) fn failed(&mut self, status: &Status) {
        self.outcome = Outcome::Failed(Code::from_number(status.code() as i32));
    }

    fn status_of(&mut self, headers: &HeaderMap) {
        let Some(number) = headers.get("grpc-status").and_then(|value| value.to_str().ok()) else { return };
        self.outcome = match number.parse() {
            Ok(0) => Outcome::Ok,
            Ok(number) => Outcome::Failed(Code::from_number(number)),
            Err(_) => Outcome::Failed(Code::Unknown),
        };
    }
}

impl Drop for Track {
    fn drop(&mut self) {
        self.observer.ended(CallReport {
            path: std::mem::take(&mut self.path),
            started_at: self.started_at,
            first_answer: self.first_answer,
            took: self.started.elapsed(),
            sent: self.outgoing.sent.load(Ordering::Relaxed),
            received: self.received,
            outcome: self.outcome,
        });
    }
}

impl fmt::Debug for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Track").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What became of a request's body.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    sent: AtomicU64,
    /// Why the body could not be made, such as a message above the limit. HTTP/2 would only tell that it broke off.
    failure: Mutex<Option<Status>>,
}

impl Outgoing {
    pub(super) fn take_failure(&self) -> Option<Status> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn fail(&self, status: Status) -> Status {
        let broken = Status::new(status.code(), status.message());
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
        broken
    }
}

/// A request's body, counted.
pub(super) struct Counting {
    pub(super) body: tonic::body::Body,
    pub(super) outgoing: Arc<Outgoing>,
}

impl Body for Counting {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
            self.outgoing.sent.fetch_add(bytes, Ordering::Relaxed);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|status| self.outgoing.fail(status))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body: counted, and its errors told as gRPC states them.
pub(super) struct Answer<B> {
    pub(super) body: B,
    pub(super) track: Option<Track>,
    pub(super) fate: Fate,
    pub(super) silence: Option<Waiting>,
}

impl<B: Body<Data = Bytes, Error = hyper::Error> + Unpin> Body for Answer<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => frame.map(|frame| frame.map_err(|error| self.fate.explain(&error))),
            Poll::Pending => {
                let Some(waiting) = &mut self.silence else { return Poll::Pending };
                ready!(waiting.poll(cx));
                Some(Err(Silence::status()))
            }
        };
        if let Some(track) = &mut self.track {
            match &frame {
                Some(Ok(frame)) => {
                    track.received += frame.data_ref().map_or(0, |data| data.len() as u64);
                    if let Some(trailers) = frame.trailers_ref() {
                        track.status_of(trailers);
                    }
                }
                Some(Err(status)) => track.failed(status),
                None => {}
            }
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
