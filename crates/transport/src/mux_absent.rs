//! What stands in for multiplexing in builds without it: everything says so.

use std::convert::Infallible;

use tokio::sync::mpsc;

use crate::{Connection, Side};

/// Whether this build can multiplex.
pub const MULTIPLEX: bool = false;

/// Why a session, or a stream on it, is not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MuxError {
    /// The build.
    #[error("this build can't multiplex connections; build it with the feature multiplex")]
    NotBuilt,
}

/// There is none.
#[derive(Debug, Clone)]
pub struct Session(Infallible);

/// There are none.
#[derive(Debug)]
pub struct Inbound(Infallible);

/// There is none.
#[derive(Debug)]
pub struct Driver(Infallible);

/// Begins nothing.
///
/// # Errors
/// Always.
pub fn multiplex(_connection: Connection, _side: Side) -> Result<(Session, Inbound, Driver), MuxError> {
    Err(MuxError::NotBuilt)
}

impl Session {
    /// There is no session to open a stream on.
    ///
    /// # Errors
    /// Never called.
    #[expect(clippy::unused_async, reason = "as the real one")]
    pub async fn open(&self) -> Result<Connection, MuxError> {
        match self.0 {}
    }

    pub(crate) fn expect(&self, _to: mpsc::Sender<Connection>) {
        match self.0 {}
    }

    /// There is no session to close.
    #[expect(clippy::unused_async, reason = "as the real one")]
    pub async fn close(&self) {
        match self.0 {}
    }
}

impl Inbound {
    /// There are no streams.
    #[expect(clippy::unused_async, reason = "as the real one")]
    pub async fn next(&mut self) -> Option<Connection> {
        match self.0 {}
    }
}

impl Driver {
    /// There is nothing to run.
    ///
    /// # Errors
    /// Never called.
    #[expect(clippy::unused_async, reason = "as the real one")]
    pub async fn run(self) -> Result<(), MuxError> {
        match self.0 {}
    }
}
