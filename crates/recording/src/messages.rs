//! Pieces of a gRPC body → whole messages. It deliberately holds no more than the limit: a larger message is counted and
//! its bytes are let go.

use bytes::{Buf as _, Bytes, BytesMut};

/// gRPC's prefix of a message: one byte that says whether it is compressed, four for its length.
const PREFIX: usize = 5;

/// One message of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Here it is.
    Whole(Bytes),
    /// It has so many bytes, and they were not kept: it is above the limit, or compressed.
    Passed { size: u64, compressed: bool },
}

/// Puts pieces together.
#[derive(Debug)]
pub(crate) struct Splitter {
    limit: usize,
    held: BytesMut,
    /// Bytes of a message above the limit that are still to come.
    skipping: Option<(u64, u64)>,
}

impl Splitter {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, held: BytesMut::new(), skipping: None }
    }

    /// Takes a piece and gives the messages that are complete with it.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Vec<Message> {
        let mut done = Vec::new();
        let mut piece = piece;
        if let Some((left, size)) = self.skipping.take() {
            let skipped = left.min(piece.len() as u64);
            piece = piece.get(usize::try_from(skipped).unwrap_or(piece.len())..).unwrap_or_default();
            if left > skipped {
                self.skipping = Some((left - skipped, size));
                return done;
            }
            done.push(Message::Passed { size, compressed: false });
        }
        self.held.extend_from_slice(piece);
        while let Some(message) = self.next() {
            done.push(message);
        }
        done
    }

    fn next(&mut self) -> Option<Message> {
        let [flag, a, b, c, d] = *self.held.first_chunk::<PREFIX>()?;
        let size = u32::from_be_bytes([a, b, c, d]);
        let length = usize::try_from(size).unwrap_or(usize::MAX);
        let here = self.held.len() - PREFIX;
        if length > self.limit && here < length {
            self.skipping = Some((u64::from(size) - here as u64, u64::from(size)));
            self.held.clear();
            return None;
        }
        if here < length {
            return None;
        }
        self.held.advance(PREFIX);
        let bytes = self.held.split_to(length).freeze();
        Some(if flag != 0 || length > self.limit {
            Message::Passed { size: u64::from(size), compressed: flag != 0 }
        } else {
            Message::Whole(bytes)
        })
    }
}

/// A message with its prefix.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(PREFIX + message.len());
    framed.push(0);
    // No message that was recorded is longer than the prefix can say.
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend_from_slice(message);
    framed
}

#[cfg(test)]
mod tests {
    use super::{Message, Splitter, framed};

    fn whole(text: &'static str) -> Message {
        Message::Whole(text.into())
    }

    #[test]
    fn messages_are_whole_however_the_body_is_cut() {
        let body = [framed(b"one"), framed(b""), framed(b"three")].concat();
        for cut in 0..=body.len() {
            let mut splitter = Splitter::new(100);
            let (first, second) = body.split_at(cut);
            let mut found = splitter.take(first);
            found.extend(splitter.take(second));
            assert_eq!(found, [whole("one"), whole(""), whole("three")], "cut at {cut}");
        }
    }

    #[test]
    fn a_message_above_the_limit_is_counted_and_not_held() {
        let body = [framed(&[7; 50]), framed(b"after")].concat();
        for step in [1, 3, 20, 100] {
            let mut splitter = Splitter::new(10);
            let mut found = Vec::new();
            for piece in body.chunks(step) {
                found.extend(splitter.take(piece));
                assert!(splitter.held.len() <= 15.max(step), "{}", splitter.held.len());
            }
            assert_eq!(found, [Message::Passed { size: 50, compressed: false }, whole("after")], "{step}");
        }
    }
}
