//! Faults between a host and its plugin: what passes is cut, stalled, spoiled or slowed at any byte.
//!
//! It deliberately understands no message: a fault strikes in the middle of one as well as between two.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use graftwire_transport::{Connection, memory};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinHandle;

/// How many bytes pass at once.
const BLOCK: usize = 16 * 1024;
/// What [`Fault::Garbage`] puts between: as HTTP/2 a frame of 10 MB, of a kind that does not exist.
const GARBAGE: [u8; 64] = [0xa5; 64];

/// What happens to the bytes of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// After so many bytes the connection is gone, in both directions.
    Cut(u64),
    /// After so many bytes this direction has ended; the other one lives on.
    End(u64),
    /// After so many bytes nothing passes any more, and nothing ends.
    Stall(u64),
    /// After so many bytes others come in between.
    Garbage(u64),
    /// Everything passes, so many bytes at a time, with a pause after each.
    Slow(usize, Duration),
}

/// The faults of a connection, one for each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// What happens to requests.
    pub to_plugin: Option<Fault>,
    /// What happens to answers.
    pub to_host: Option<Fault>,
}

/// Stands between a connection and its host. It ends when it is dropped, and the connection with it.
#[derive(Debug)]
pub struct Proxy {
    task: JoinHandle<()>,
    passed: Arc<Passed>,
}

#[derive(Debug, Default)]
struct Passed {
    to_plugin: AtomicU64,
    to_host: AtomicU64,
}

/// How a direction came to its end.
enum Ended {
    /// Its source ended, or nobody takes what comes.
    Over,
    /// By a fault that ends the whole connection.
    Cut,
}

impl Faults {
    /// Puts the faults on a connection to a plugin; what is given back is the host's end.
    ///
    /// # Errors
    /// As connections in memory.
    pub async fn around(self, plugin: Connection) -> io::Result<(Connection, Proxy)> {
        let (dialer, mut listener) = memory();
        let host = dialer.dial().await?;
        let far = listener.accept().await.ok_or(io::ErrorKind::ConnectionRefused)?;
        let passed = Arc::<Passed>::default();
        let counts = Arc::clone(&passed);
        let task = tokio::spawn(async move {
            let (from_host, to_host) = tokio::io::split(far);
            let (from_plugin, to_plugin) = tokio::io::split(plugin);
            let requests = pass(from_host, to_plugin, self.to_plugin, &counts.to_plugin);
            let answers = pass(from_plugin, to_host, self.to_host, &counts.to_host);
            tokio::pin!(requests, answers);
            tokio::select! {
                ended = &mut requests => if matches!(ended, Ended::Over) { answers.await; },
                ended = &mut answers => if matches!(ended, Ended::Over) { requests.await; },
            }
        });
        Ok((host, Proxy { task, passed }))
    }
}

impl Proxy {
    /// Bytes that have passed so far, to the plugin and to the host.
    #[must_use]
    pub fn passed(&self) -> (u64, u64) {
        (self.passed.to_plugin.load(Ordering::Relaxed), self.passed.to_host.load(Ordering::Relaxed))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    fault: Option<Fault>,
    passed: &AtomicU64,
) -> Ended {
    let mut block = vec![0; BLOCK];
    let mut fault = fault;
    loop {
        let (most, pause) = match fault {
            Some(Fault::Slow(bytes, pause)) => (bytes.clamp(1, BLOCK), Some(pause)),
            Some(Fault::Cut(at) | Fault::End(at) | Fault::Stall(at) | Fault::Garbage(at)) => {
                let left = at.saturating_sub(passed.load(Ordering::Relaxed));
                (usize::try_from(left).unwrap_or(BLOCK).min(BLOCK), None)
            }
            None => (BLOCK, None),
        };
        if most == 0 {
            match fault.take() {
                Some(Fault::Cut(_)) => return Ended::Cut,
                Some(Fault::Stall(_)) => std::future::pending().await,
                Some(Fault::End(_)) => {
                    // Whoever writes on is not to be held: that would be another fault.
                    let _ = to.shutdown().await;
                    let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
                    return Ended::Over;
                }
                _ => {
                    if to.write_all(&GARBAGE).await.is_err() {
                        return Ended::Over;
                    }
                }
            }
            continue;
        }
        let Some(room) = block.get_mut(..most) else { return Ended::Over };
        let Ok(read) = from.read(room).await else { return Ended::Over };
        let taken = room.get(..read).unwrap_or_default();
        if taken.is_empty() || to.write_all(taken).await.is_err() {
            let _ = to.shutdown().await;
            return Ended::Over;
        }
        passed.fetch_add(read as u64, Ordering::Relaxed);
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
}
