//! Standard output after the handshake: caught in a pipe and passed to the host through go-plugin's output service.
//!
//! A thread of its own empties the pipe, since whoever prints may be the only other one. It waits a moment for a host that
//! reads slowly, so that output which is printed beside the plugin's tasks arrives whole; then it drops output and says
//! how much, so that a plugin that prints never stands still. Log lines are not concerned: they go to the real standard
//! error.
//!
//! It deliberately has one reader, the newest: hosts open the service once.

mod queue;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::task::Poll;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream::poll_fn;
use graftwire_model::CallError;
use graftwire_protocol::goplugin::{STDIO_PIECE, StdioChannel};

use super::{ServeError, refused};
use queue::Queue;

/// The thread that empties the pipe does nothing else.
const STACK: usize = 64 * 1024;

/// What the plugin prints.
#[derive(Clone)]
pub(super) struct Output(Queue);

impl Output {
    /// Nothing, ever.
    pub(super) fn none() -> Self {
        Self(Queue::new())
    }

    /// What is printed from now on, and the last of what nobody has read so far. An earlier reader's stream ends.
    pub(super) fn subscribe(
        &self,
    ) -> impl Stream<Item = Result<(StdioChannel, Bytes), CallError>> + Send + use<> {
        let reader = self.0.read();
        poll_fn(move |cx| match reader.poll(cx) {
            Poll::Ready(piece) => Poll::Ready(piece.map(|bytes| Ok((StdioChannel::Stdout, bytes)))),
            Poll::Pending => Poll::Pending,
        })
    }

    /// Reads to the end, in pieces of the size that go-plugin's hosts expect.
    fn take_all(&self, mut printed: impl Read) {
        let mut buffer = [0_u8; STDIO_PIECE];
        loop {
            match printed.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    self.0.push(Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default()));
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
    }
}

/// Puts a pipe in the place of standard output.
#[cfg(unix)]
pub(super) fn capture() -> Result<Output, ServeError> {
    use rustix::pipe::{PipeFlags, pipe_with};

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
    let taken = output.clone();
    std::thread::Builder::new()
        .name("stdout".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let _real = real;
            taken.take_all(std::fs::File::from(read));
        })
        .map_err(refused("start a thread for standard output"))?;
    Ok(output)
}

#[cfg(not(unix))]
pub(super) fn capture() -> Result<Output, ServeError> {
    Ok(Output::none())
}
