//! An id that is accepted: its connections, one after the other.
//!
//! It deliberately says nothing to the other end: [`Broker::accept`] has done so.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Broker, BrokerError, Line, PATIENCE};
use crate::{Bound, Connection, Secure, Side};

/// An id that is accepted until this is dropped.
pub struct BrokerListener {
    pub(super) kind: Incoming,
    pub(super) secure: Option<Arc<dyn Secure>>,
    pub(super) accepted: Accepted,
}

pub(super) enum Incoming {
    Bound(Bound),
    Streams(tokio::sync::Mutex<mpsc::Receiver<Connection>>),
}

impl fmt::Debug for BrokerListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerListener").field("id", &self.accepted.id).finish_non_exhaustive()
    }
}

impl BrokerListener {
    /// The id.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.accepted.id
    }

    /// The next connection that the other end makes to the id.
    ///
    /// # Errors
    /// The broker's stream has ended, or this one connection could not be secured; then the listener stays usable.
    pub async fn accept(&self) -> Result<Connection, BrokerError> {
        let broker = &self.accepted.broker;
        let mut line = broker.0.line.subscribe();
        let ended = line.wait_for(|line| matches!(line, Line::Ended(_)));
        let connection = tokio::select! {
            biased;
            connection = self.kind.next() => connection?.ok_or_else(|| broker.ended())?,
            _ = ended => return Err(broker.ended()),
        };
        secured(connection, self.secure.as_ref(), Side::Accepting, self.accepted.id).await
    }
}

impl Incoming {
    async fn next(&self) -> io::Result<Option<Connection>> {
        match self {
            Self::Bound(bound) => bound.accept().await.map(Some),
            Self::Streams(streams) => Ok(streams.lock().await.recv().await),
        }
    }
}

/// The connection inside the layer that goes around all of them.
pub(super) async fn secured(
    connection: Connection,
    secure: Option<&Arc<dyn Secure>>,
    side: Side,
    id: u32,
) -> Result<Connection, BrokerError> {
    let Some(secure) = secure else { return Ok(connection) };
    let failed = |cause| BrokerError::Secure { id, cause };
    let late = |_| failed(io::ErrorKind::TimedOut.into());
    timeout(PATIENCE, secure.secure(connection, side)).await.map_err(late)?.map_err(failed)
}

/// Gives an accepted id back.
pub(super) struct Accepted {
    pub(super) broker: Broker,
    pub(super) id: u32,
}

impl Drop for Accepted {
    fn drop(&mut self) {
        let mut state = self.broker.state();
        state.exchange.forget_accepted(self.id);
        state.doors.remove(&self.id);
        state.files.remove(&self.id);
    }
}
