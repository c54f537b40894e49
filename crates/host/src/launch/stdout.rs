//! A plugin's stdout: the first line is the handshake, everything after it is drained and thrown away, so that a
//! plugin that prints can't block.
//!
//! It deliberately does not judge the line.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncRead};

use crate::logs::Lines;

/// How many bytes a plugin has printed after the handshake line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Discarded(Arc<AtomicU64>);

impl Discarded {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// The first line, or its first 64 KiB; `None` if stdout ended without one.
pub(super) async fn first_line<R: AsyncRead + Unpin>(lines: &mut Lines<R>) -> io::Result<Option<String>> {
    Ok(lines.next().await?.map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned()))
}

/// Reads the rest to its end and counts it.
pub(super) async fn drain<R: AsyncRead + Unpin>(lines: Lines<R>, discarded: Discarded) {
    let mut reader = lines.into_reader();
    while let Ok(chunk) = reader.fill_buf().await {
        let count = chunk.len();
        if count == 0 {
            return;
        }
        discarded.add(count);
        reader.consume(count);
    }
}
