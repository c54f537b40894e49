//! Many byte streams over one connection: a yamux session, as go-plugin makes it when its broker is multiplexed.
//!
//! The session belongs to a [`Driver`], which somebody has to run; a [`Session`] opens streams on it, and those that
//! the other end opens come out of [`Inbound`] or go to whoever was let in by a knock.
//!
//! It deliberately does not knock: the broker's stream runs inside the first stream, see [`crate::Broker`].

mod frames;
mod socket;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::BufStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use yamux::{Config, ConnectionError, FrameDecodeError, HeaderDecodeError, Mode};

use self::frames::Seen;
use self::socket::Watched;
use self::stream::{Failure, MuxStream};
use crate::{Connection, Side};

/// Whether this build can multiplex.
pub const MULTIPLEX: bool = true;

/// With how many open streams, of both ends together, this end opens no further one.
pub(crate) const MAX_STREAMS: usize = 256;
/// With how many the other end breaks the rules by opening one more. Above the first number, since each end hears a
/// little late of the streams that ended.
const MOST_STREAMS: usize = MAX_STREAMS + 64;
/// How much of one stream may be under way before it was read: yamux's own value. It does not grow, so all streams
/// together hold at most 80 MiB that nobody reads.
const STREAM_WINDOW: usize = 256 * 1024;
/// Frames are read and written through buffers of this size: their headers have 12 bytes.
const BUFFER: usize = 32 * 1024;
/// Streams of the other end that wait to be taken. Those beyond are reset.
const WAITING: usize = 16;
/// How long after it was let in the other end may take to open its stream.
const DOOR: Duration = Duration::from_secs(5);

/// Why a session, or a stream on it, is not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MuxError {
    /// The session has ended.
    #[error("the multiplexed connection is closed")]
    Closed,
    /// The limit on streams is reached.
    #[error("{MAX_STREAMS} streams are open on the multiplexed connection, which is the limit")]
    TooManyStreams,
    /// The other end does not keep to yamux.
    #[error(
        "the other end breaks the rules of yamux: {why}, at the frame {frame}; the multiplexed connection is given up"
    )]
    Broken {
        /// What is wrong.
        why: String,
        /// The last frame header that came from it.
        frame: String,
    },
    /// The other end hung up within a frame.
    #[error(
        "the other end hung up in the middle of a frame of the multiplexed connection, the last one was {frame}; it may \
         not multiplex at all"
    )]
    CutOff {
        /// The last frame header that came from it.
        frame: String,
    },
    /// The connection below failed.
    #[error("the connection below the multiplexed streams failed")]
    Io(#[source] io::Error),
}

/// Opens streams on a multiplexed connection. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    commands: mpsc::Sender<Command>,
    expected: Arc<Mutex<Option<Expected>>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("closed", &self.commands.is_closed()).finish_non_exhaustive()
    }
}

/// The streams that the other end opened without a knock.
#[derive(Debug)]
pub struct Inbound(mpsc::Receiver<Connection>);

/// Moves the bytes of a session. Dropping it ends the session and every stream on it.
pub struct Driver {
    session: yamux::Connection<Watched<BufStream<Connection>>>,
    seen: Arc<Mutex<Seen>>,
    commands: mpsc::Receiver<Command>,
    expected: Arc<Mutex<Option<Expected>>>,
    inbound: mpsc::Sender<Connection>,
    streams: Arc<AtomicUsize>,
    failure: Failure,
    opening: VecDeque<oneshot::Sender<Result<Connection, MuxError>>>,
    closing: bool,
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("closing", &self.closing).finish_non_exhaustive()
    }
}

enum Command {
    Open(oneshot::Sender<Result<Connection, MuxError>>),
    Close,
}

/// Whoever the next stream belongs to.
struct Expected {
    to: mpsc::Sender<Connection>,
    until: Instant,
}

/// Begins a session on a connection: the end that dialed is yamux's client.
///
/// # Errors
/// Builds without the feature `multiplex` can't; this one can.
pub fn multiplex(connection: Connection, side: Side) -> Result<(Session, Inbound, Driver), MuxError> {
    let mut config = Config::default();
    // In this order: the streams must fit into the window at any moment.
    config.set_max_num_streams(MOST_STREAMS);
    config.set_max_connection_receive_window(Some(MOST_STREAMS * STREAM_WINDOW));
    let mode = match side {
        Side::Dialing => Mode::Client,
        Side::Accepting => Mode::Server,
    };
    let seen = Arc::<Mutex<Seen>>::default();
    let socket = Watched::new(BufStream::with_capacity(BUFFER, BUFFER, connection), Arc::clone(&seen));
    let (command, commands) = mpsc::channel(WAITING);
    let (stream, inbound) = mpsc::channel(WAITING);
    let expected = Arc::<Mutex<Option<Expected>>>::default();
    let driver = Driver {
        session: yamux::Connection::new(socket, config, mode),
        seen,
        commands,
        expected: Arc::clone(&expected),
        inbound: stream,
        streams: Arc::default(),
        failure: Failure::default(),
        opening: VecDeque::new(),
        closing: false,
    };
    Ok((Session { commands: command, expected }, Inbound(inbound), driver))
}

impl Session {
    /// Opens a stream. The other end has been told of it when this returns, so that a knock's answer and the stream
    /// can't be confused with the next one's.
    ///
    /// # Errors
    /// The session has ended, or too many streams are open.
    pub async fn open(&self) -> Result<Connection, MuxError> {
        let (reply, opened) = oneshot::channel();
        self.commands.send(Command::Open(reply)).await.map_err(|_| MuxError::Closed)?;
        opened.await.map_err(|_| MuxError::Closed)?
    }

    /// The next stream that the other end opens, within 5 s, goes to `to`. Knocks come one at a time, so an
    /// expectation that is still there was given up by the other end.
    pub(crate) fn expect(&self, to: mpsc::Sender<Connection>) {
        let expected = Expected { to, until: Instant::now() + DOOR };
        *self.expected.lock().unwrap_or_else(PoisonError::into_inner) = Some(expected);
    }

    /// Ends the session in order: what was written is sent first.
    pub async fn close(&self) {
        // Fails when it has ended already.
        let _ = self.commands.send(Command::Close).await;
    }
}

impl Inbound {
    /// The next stream; `None` when the session has ended.
    pub async fn next(&mut self) -> Option<Connection> {
        self.0.recv().await
    }
}

impl Driver {
    /// Runs the session to its end.
    ///
    /// # Errors
    /// The connection failed, or the other end broke the rules. Streams then fail with the same words.
    pub async fn run(mut self) -> Result<(), MuxError> {
        let ended = poll_fn(|cx| self.poll(cx)).await;
        if let Err(error) = &ended {
            self.failure.set(error);
        }
        ended
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MuxError>> {
        loop {
            self.take_commands(cx);
            if self.closing {
                // What is left to say may fail: the other end may be gone, which is what we want.
                return self.session.poll_close(cx).map(|_| Ok(()));
            }
            if let Poll::Ready(ended) = self.serve(cx) {
                return Poll::Ready(ended);
            }
            // The session now knows of every stream that was dropped, so that the limit is not met by mistake.
            let opened = self.open_streams(cx);
            if opened.is_empty() {
                return Poll::Pending;
            }
            let ended = self.serve(cx);
            // And now it has sent the beginning of the new streams.
            for (reply, stream) in opened {
                // Fails when nobody waits any more: the stream is reset then.
                let _ = reply.send(stream);
            }
            if ended.is_ready() {
                return ended;
            }
        }
    }

    /// Lets the session read and write as far as it goes, and hands out the streams of the other end.
    fn serve(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MuxError>> {
        loop {
            match self.session.poll_next_inbound(cx) {
                Poll::Ready(Some(Ok(stream))) => self.hand_out(stream),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(self.explain(error))),
                Poll::Ready(None) => return Poll::Ready(self.explain_end()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn take_commands(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(command) = self.commands.poll_recv(cx) {
            match command {
                Some(Command::Open(reply)) => self.opening.push_back(reply),
                Some(Command::Close) => self.closing = true,
                // Nobody can open streams any more; those that are open go on.
                None => break,
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "a list of answers to whoever opens streams")]
    fn open_streams(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Vec<(oneshot::Sender<Result<Connection, MuxError>>, Result<Connection, MuxError>)> {
        let mut opened = Vec::new();
        if self.seen.lock().unwrap_or_else(PoisonError::into_inner).blocked {
            return opened;
        }
        while let Some(reply) = self.opening.pop_front() {
            // Asked here first, since yamux gives up the whole session over it.
            if self.streams.load(std::sync::atomic::Ordering::Relaxed) >= MAX_STREAMS {
                opened.push((reply, Err(MuxError::TooManyStreams)));
                continue;
            }
            match self.session.poll_new_outbound(cx) {
                Poll::Ready(Ok(stream)) => opened.push((reply, Ok(self.connection(stream, cx)))),
                Poll::Ready(Err(error)) => opened.push((reply, Err(self.explain(error)))),
                Poll::Pending => {
                    self.opening.push_front(reply);
                    break;
                }
            }
        }
        opened
    }

    fn hand_out(&self, stream: yamux::Stream) {
        let connection = self.connection(stream, &mut Context::from_waker(std::task::Waker::noop()));
        let expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner).take();
        let to = expected.filter(|expected| expected.until > Instant::now()).map(|expected| expected.to);
        // Full, or nobody there any more: the stream is dropped, which resets it.
        let _ = to.as_ref().unwrap_or(&self.inbound).try_send(connection);
    }

    fn connection(&self, stream: yamux::Stream, cx: &mut Context<'_>) -> Connection {
        let stream = MuxStream::new(stream, Arc::clone(&self.streams), self.failure.clone(), cx);
        Connection::carried("multiplexed", stream)
    }

    fn explain(&self, error: ConnectionError) -> MuxError {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let why = match error {
            ConnectionError::Closed => return said_go_away(&seen).unwrap_or(MuxError::Closed),
            ConnectionError::TooManyStreams => return MuxError::TooManyStreams,
            ConnectionError::Io(cause) | ConnectionError::Decode(FrameDecodeError::Io(cause)) => {
                return said_go_away(&seen).unwrap_or_else(|| match cause.kind() {
                    io::ErrorKind::UnexpectedEof => MuxError::CutOff { frame: seen.last() },
                    _ => MuxError::Io(cause),
                });
            }
            ConnectionError::Decode(FrameDecodeError::Header(HeaderDecodeError::Version(found))) => {
                format!("version {found}, expected 0")
            }
            ConnectionError::Decode(FrameDecodeError::Header(HeaderDecodeError::Type(found))) => {
                format!("frame type {found}, expected 0 to 3")
            }
            other => other.to_string(),
        };
        MuxError::Broken { why, frame: seen.last() }
    }

    fn explain_end(&self) -> Result<(), MuxError> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        said_go_away(&seen).map_or(Ok(()), Err)
    }
}

/// The library tells the other end that it broke a rule, but not us which one.
fn said_go_away(seen: &Seen) -> Option<MuxError> {
    seen.said_go_away().then(|| MuxError::Broken {
        why: "a stream id that is taken or not its own, more than a stream's window, too many streams, or an answer \
              nobody asked for"
            .to_owned(),
        frame: seen.last(),
    })
}
