//! The stream of what a plugin prints, opened right after connecting as go-plugin hosts do.
//!
//! It deliberately holds nothing back: lines go to the log book, which keeps the newest, so a plugin that prints is
//! never slower than the connection.

use graftwire_model::{CallError, Code};
use graftwire_protocol::goplugin::{self, StdioChannel};

use super::RpcChannel;
use crate::logs::{Channel, Level, LogBook, LogRecord, Piece, Splitter};

/// Logs what the plugin prints through the connection, at debug, until the connection ends.
pub(super) async fn stdio(channel: RpcChannel, book: LogBook) {
    let mut stream = match goplugin::client::stdio(channel).await {
        Ok(stream) => stream,
        Err(error) => return note(&book, "output", &error),
    };
    let mut stdout = Printed::new(Channel::CarriedStdout, &book);
    let mut stderr = Printed::new(Channel::CarriedStderr, &book);
    while let Some(item) = stream.next().await {
        match item {
            Ok((StdioChannel::Stdout, data)) => stdout.take(&data),
            Ok((StdioChannel::Stderr, data)) => stderr.take(&data),
            Err(error) => {
                note(&book, "output", &error);
                break;
            }
        }
    }
    stdout.finish();
    stderr.finish();
}

/// Plugins without these services, and connections that end, are normal.
pub(super) fn note(book: &LogBook, what: &str, error: &CallError) {
    if !matches!(error.code(), Code::Unimplemented | Code::Unavailable | Code::Cancelled) {
        book.remark(Level::Debug, format!("the plugin's {what} stream ended: {error}"));
    }
}

/// Pieces of one output, put together to lines.
struct Printed<'a> {
    channel: Channel,
    book: &'a LogBook,
    splitter: Splitter,
}

impl<'a> Printed<'a> {
    fn new(channel: Channel, book: &'a LogBook) -> Self {
        Self { channel, book, splitter: Splitter::default() }
    }

    fn take(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let (used, piece) = self.splitter.take(data);
            data = data.get(used..).unwrap_or_default();
            piece.into_iter().for_each(|piece| self.log(&piece));
        }
    }

    fn finish(&mut self) {
        if let Some(piece) = self.splitter.finish() {
            self.log(&piece);
        }
    }

    fn log(&self, piece: &Piece) {
        let text = String::from_utf8_lossy(&piece.bytes).into_owned();
        self.book.push(LogRecord::new(Level::Debug, self.channel, text));
    }
}
