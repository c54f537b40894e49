//! The connection below a session as the yamux library wants it, with its frame headers remembered.
//!
//! It deliberately ends the session once our end has told the other one that it broke a rule: the library would wait
//! for the other end to hang up, and calls would wait with it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::Seen;

pub(super) struct Watched<S> {
    stream: S,
    seen: Arc<Mutex<Seen>>,
}

impl<S> Watched<S> {
    pub(super) const fn new(stream: S, seen: Arc<Mutex<Seen>>) -> Self {
        Self { stream, seen }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> futures_io::AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.seen().said_go_away() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let mut into = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut into))?;
        self.seen().received.pass(into.filled());
        Poll::Ready(Ok(into.filled().len()))
    }
}

impl<S: AsyncWrite + Unpin> futures_io::AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.seen().blocked = written.is_pending();
        let written = ready!(written)?;
        self.seen().sent.pass(buf.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
