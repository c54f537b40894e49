//! Connections inside one process, for tests and for plugins that run in their host's process.

use std::io;

use tokio::sync::mpsc;

use crate::Connection;

/// How many bytes one direction holds before the writer waits.
const BUFFER: usize = 64 * 1024;
/// How many connections may wait to be accepted.
const BACKLOG: usize = 16;

/// A listener and what connects to it.
#[must_use]
pub fn memory() -> (MemoryDialer, MemoryListener) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    (MemoryDialer { sender }, MemoryListener { receiver })
}

/// Connects to its [`MemoryListener`].
#[derive(Debug, Clone)]
pub struct MemoryDialer {
    sender: mpsc::Sender<Connection>,
}

impl MemoryDialer {
    /// Makes a connection.
    ///
    /// # Errors
    /// `ConnectionRefused` when the listener is gone.
    pub async fn dial(&self) -> io::Result<Connection> {
        let (near, far) = tokio::io::duplex(BUFFER);
        let refused = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
        self.sender.send(Connection::memory(far)).await.map_err(refused)?;
        Ok(Connection::memory(near))
    }
}

/// Accepts the connections of its [`MemoryDialer`].
#[derive(Debug)]
pub struct MemoryListener {
    receiver: mpsc::Receiver<Connection>,
}

impl MemoryListener {
    /// The next connection; `None` when every dialer is gone.
    pub async fn accept(&mut self) -> Option<Connection> {
        self.receiver.recv().await
    }
}
