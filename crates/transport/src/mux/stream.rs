//! One stream of a session as a connection.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead as _, AsyncWrite as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::MuxError;

/// Why the session below has ended, for the streams that were open.
#[derive(Debug, Clone, Default)]
pub(super) struct Failure(Arc<OnceLock<String>>);

impl Failure {
    pub(super) fn set(&self, error: &MuxError) {
        let mut text = error.to_string();
        if let Some(cause) = std::error::Error::source(error) {
            text = format!("{text}: {cause}");
        }
        // The first reason stays.
        let _ = self.0.set(text);
    }

    fn error(&self) -> Option<io::Error> {
        self.0.get().map(|text| io::Error::new(io::ErrorKind::ConnectionAborted, text.clone()))
    }
}

pub(super) struct MuxStream {
    stream: yamux::Stream,
    open: Arc<AtomicUsize>,
    failure: Failure,
}

impl MuxStream {
    /// Counts the stream and says hello on it: an empty frame opens it, or says that it was taken. The library would
    /// wait for the first bytes, but the order of streams tells the other end whose they are, and HashiCorp's
    /// implementation gives a session up whose streams are not taken within 75 s.
    pub(super) fn new(
        mut stream: yamux::Stream,
        open: Arc<AtomicUsize>,
        failure: Failure,
        cx: &mut Context<'_>,
    ) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        // A new stream has room for it; if the session has ended, the stream says so itself.
        let _ = Pin::new(&mut stream).poll_write(cx, &[]);
        Self { stream, open, failure }
    }
}

impl Drop for MuxStream {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AsyncRead for MuxStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf.initialize_unfilled()))?;
        buf.advance(read);
        // The library gives an ordinary end to streams whose session broke.
        match self.failure.error().filter(|_| read == 0) {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for MuxStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf));
        Poll::Ready(written.map_err(|error| self.failure.error().unwrap_or(error)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
