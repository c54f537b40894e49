//! An author's future that sends, as the stream of what it sends. Whoever reads the stream drives the future: there is
//! no task of its own, so dropping the stream ends the work at once, and nothing is made ahead of the buffer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use graftwire_model::{BoxFuture, CallError};
use tokio::sync::mpsc;

/// What the future sends, then its error if it ended in one.
pub(super) struct Driven<T> {
    work: Option<BoxFuture<'static, Result<(), CallError>>>,
    sent: mpsc::Receiver<T>,
    ended: Option<CallError>,
}

impl<T> Driven<T> {
    pub(super) fn new(
        work: impl Future<Output = Result<(), CallError>> + Send + 'static,
        sent: mpsc::Receiver<T>,
    ) -> Self {
        Self { work: Some(Box::pin(work)), sent, ended: None }
    }
}

impl<T> Stream for Driven<T> {
    type Item = Result<T, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        // What was sent comes first, so that a full buffer drains before the work goes on.
        if let Poll::Ready(Some(item)) = this.sent.poll_recv(cx) {
            return Poll::Ready(Some(Ok(item)));
        }
        if let Some(work) = &mut this.work
            && let Poll::Ready(ended) = work.as_mut().poll(cx)
        {
            this.work = None;
            this.ended = ended.err();
        }
        match this.sent.poll_recv(cx) {
            Poll::Ready(Some(item)) => Poll::Ready(Some(Ok(item))),
            // Every sender is gone. While the work goes on there may be an error to come.
            Poll::Ready(None) if this.work.is_none() => Poll::Ready(this.ended.take().map(Err)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
