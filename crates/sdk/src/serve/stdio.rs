//! Standard output after the handshake: caught in a pipe and passed to the host through go-plugin's output service.
//!
//! Nobody need listen: what finds no listener, or a listener that is too slow, is dropped, so that a plugin that
//! prints never blocks. Log lines are not concerned: they go to the real standard error.

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use graftwire_model::CallError;
use graftwire_protocol::goplugin::{STDIO_PIECE, StdioChannel};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use super::{ServeError, refused};

/// How many pieces of at most 1 KiB wait for a slow listener.
const WAITING_PIECES: usize = 64;

/// What the plugin prints.
#[derive(Clone)]
pub(super) struct Output {
    pieces: broadcast::Sender<Bytes>,
}

impl Output {
    pub(super) fn none() -> Self {
        Self { pieces: broadcast::Sender::new(WAITING_PIECES) }
    }

    /// What is printed from now on.
    pub(super) fn subscribe(
        &self,
    ) -> impl Stream<Item = Result<(StdioChannel, Bytes), CallError>> + Send + use<> {
        BroadcastStream::new(self.pieces.subscribe())
            .filter_map(|piece| std::future::ready(piece.ok().map(|bytes| Ok((StdioChannel::Stdout, bytes)))))
    }
}

/// Puts a pipe in the place of standard output.
#[cfg(unix)]
pub(super) fn capture() -> Result<Output, ServeError> {
    use rustix::pipe::{PipeFlags, pipe_with};
    use tokio::io::AsyncReadExt as _;

    let output = Output::none();
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)
        .map_err(std::io::Error::from)
        .map_err(refused("make a pipe for standard output"))?;
    // The real standard output stays open: a host may take its end for the end of the process.
    let real = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)
        .map_err(std::io::Error::from)
        .map_err(refused("keep standard output open"))?;
    rustix::stdio::dup2_stdout(&write)
        .map_err(std::io::Error::from)
        .map_err(refused("replace standard output"))?;
    let mut reader = tokio::net::unix::pipe::Receiver::from_owned_fd(read)
        .map_err(refused("read standard output's pipe"))?;
    let pieces = output.pieces.clone();
    tokio::spawn(async move {
        let _real = real;
        let mut buffer = [0_u8; STDIO_PIECE];
        while let Ok(length @ 1..) = reader.read(&mut buffer).await {
            // Fails when nobody listens, which is fine.
            let _ = pieces.send(Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default()));
        }
    });
    Ok(output)
}

#[cfg(not(unix))]
pub(super) fn capture() -> Result<Output, ServeError> {
    Ok(Output::none())
}
