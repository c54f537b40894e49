//! yamux's frame headers as they pass by, so that an error can name the frame it is about.
//!
//! It deliberately judges nothing: the yamux library reads the frames, this only remembers the last one.

use std::fmt;

const HEADER: usize = 12;
const DATA: u8 = 0;
const GO_AWAY: u8 = 3;

/// What has passed in both directions.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) received: Headers,
    pub(super) sent: Headers,
    /// The other end does not read fast enough: there is something to send that has no room.
    pub(super) blocked: bool,
}

impl Seen {
    /// The last header of the other end, in words.
    pub(super) fn last(&self) -> String {
        self.received.last.map_or_else(|| "(none)".to_owned(), |header| header.to_string())
    }

    /// Whether our end has told the other one that it broke a rule.
    pub(super) fn said_go_away(&self) -> bool {
        self.sent.last.is_some_and(|header| header.kind == GO_AWAY && header.length != 0)
    }
}

/// The headers of one direction.
#[derive(Debug, Default)]
pub(super) struct Headers {
    partial: Vec<u8>,
    body_left: u32,
    last: Option<Header>,
}

impl Headers {
    /// Takes bytes in the order in which they pass, cut in any way.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let body = bytes.len().min(self.body_left as usize);
            self.body_left = self.body_left.saturating_sub(u32::try_from(body).unwrap_or(u32::MAX));
            bytes = bytes.get(body..).unwrap_or_default();
            let header = bytes.len().min(HEADER.saturating_sub(self.partial.len()));
            let (part, rest) = bytes.split_at_checked(header).unwrap_or_default();
            self.partial.extend_from_slice(part);
            bytes = rest;
            if let Some(header) = Header::read(&self.partial) {
                self.partial.clear();
                self.body_left = if header.kind == DATA { header.length } else { 0 };
                self.last = Some(header);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    version: u8,
    kind: u8,
    flags: u16,
    stream: u32,
    length: u32,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let &[version, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3] = bytes else { return None };
        Some(Self {
            version,
            kind,
            flags: u16::from_be_bytes([f0, f1]),
            stream: u32::from_be_bytes([s0, s1, s2, s3]),
            length: u32::from_be_bytes([l0, l1, l2, l3]),
        })
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, kind, flags, stream, length } = self;
        write!(f, "version {version} type {kind} flags {flags:#06x} stream {stream} length {length}")
    }
}

#[cfg(test)]
mod tests {
    use super::{GO_AWAY, Headers};

    fn frame(kind: u8, stream: u32, length: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, kind, 0, 1];
        bytes.extend(stream.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn the_last_header_is_known_however_the_bytes_are_cut() {
        let bytes =
            [frame(0, 1, 14, &frame(GO_AWAY, 9, 1, &[0, 3])), frame(2, 0, 7, &[]), frame(0, 5, 3, b"ab")]
                .concat();
        for size in 1..=bytes.len() {
            let mut headers = Headers::default();
            bytes.chunks(size).for_each(|piece| headers.pass(piece));
            let shown = headers.last.unwrap().to_string();
            assert_eq!(shown, "version 0 type 0 flags 0x0001 stream 5 length 3", "in pieces of {size}");
            assert_eq!(headers.body_left, 1);
        }
    }

    #[test]
    fn half_a_header_is_none() {
        let mut headers = Headers::default();
        headers.pass(&frame(0, 1, 0, &[])[..11]);
        assert_eq!(headers.last, None);
        headers.pass(&[0]);
        assert!(headers.last.is_some());
    }
}
