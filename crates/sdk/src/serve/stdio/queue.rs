//! Pieces of output between the thread that takes them and the host's stream: bounded, and never a place to stand still.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

/// How many pieces of at most 1 KiB wait for a reader.
pub(super) const WAITING_PIECES: usize = 64;
/// How long a full queue waits for its reader before output is dropped. Whoever prints on the thread that serves the
/// host stands still for so long, once.
const PATIENCE: Duration = Duration::from_millis(100);

#[derive(Clone, Default)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    room: Condvar,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Bytes>,
    /// Bytes that found no room since the last piece.
    dropped: u64,
    /// The reader took nothing for too long; it is not waited for until it does.
    stalled: bool,
    /// Counts readers, the newest of which is the one.
    turn: u64,
    is_read: bool,
    reader: Option<Waker>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a piece, or drops it after a while.
    pub(super) fn push(&self, piece: Bytes) {
        let mut state = self.state();
        if state.pieces.len() >= WAITING_PIECES && state.is_read && !state.stalled {
            let full = |state: &mut State| state.pieces.len() >= WAITING_PIECES && state.is_read;
            let waited = self.0.room.wait_timeout_while(state, PATIENCE, full);
            let (after, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = after;
            state.stalled = timeout.timed_out();
        }
        if state.pieces.len() >= WAITING_PIECES {
            state.dropped = state.dropped.saturating_add(piece.len() as u64);
            return;
        }
        let note = state.take_note();
        state.pieces.extend(note.into_iter().chain([piece]));
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    /// Begins to read. Whoever read before gets no more.
    pub(super) fn read(&self) -> Reader {
        let mut state = self.state();
        state.turn = state.turn.wrapping_add(1);
        (state.is_read, state.stalled) = (true, false);
        if let Some(earlier) = state.reader.take() {
            earlier.wake();
        }
        Reader { queue: self.clone(), turn: state.turn }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_note(&mut self) -> Option<Bytes> {
        let dropped = std::mem::take(&mut self.dropped);
        (dropped > 0).then(|| {
            format!("\n[{dropped} bytes of output were dropped: the host did not read them in time]\n").into()
        })
    }
}

pub(super) struct Reader {
    queue: Queue,
    turn: u64,
}

impl Reader {
    /// The next piece; `None` once somebody else reads.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.queue.state();
        if state.turn != self.turn {
            return Poll::Ready(None);
        }
        if let Some(piece) = state.pieces.pop_front().or_else(|| state.take_note()) {
            state.stalled = false;
            self.queue.0.room.notify_one();
            return Poll::Ready(Some(piece));
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        if state.turn == self.turn {
            state.is_read = false;
            state.reader = None;
            self.queue.0.room.notify_one();
        }
    }
}
