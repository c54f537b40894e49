//! Live: names of channels, and frames as the packets of a stream.
//!
//! It deliberately keeps no subscribers and no rows: a host caches the last full frame for those who come later.

mod channel;

pub use channel::{Channel, ChannelError};

use graftwire_model::StreamPacket;

use crate::json::{self, Include};
use crate::{Frame, FrameError};

/// Encodes frames for one channel so that the schema is only sent when it changes.
///
/// A packet is frame JSON: schema and rows when the schema differs from the last one sent, else rows alone.
#[derive(Debug, Default)]
pub struct SchemaOnce {
    sent: Option<Vec<u8>>,
}

impl SchemaOnce {
    /// An encoder that has sent nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { sent: None }
    }

    /// Encodes a frame as the next packet.
    ///
    /// # Errors
    /// As [`Frame::encode`]; then the packet after counts as the next one.
    pub fn encode(&mut self, frame: &Frame) -> Result<StreamPacket, FrameError> {
        let mut schema = Vec::new();
        json::write_to(&mut schema, frame, Include::Schema)?;
        let same = self.sent.as_ref() == Some(&schema);
        let packet = packet(frame, if same { Include::Data } else { Include::All })?;
        self.sent = Some(schema);
        Ok(packet)
    }

    /// Forgets what was sent, so that the next packet carries the schema again.
    pub fn reset(&mut self) {
        self.sent = None;
    }
}

/// One frame, or a part of it, as a packet.
///
/// # Errors
/// As [`Frame::encode`].
pub fn packet(frame: &Frame, include: Include) -> Result<StreamPacket, FrameError> {
    json::write(frame, include).map(|encoded| StreamPacket { data: encoded.into_bytes() })
}

#[cfg(test)]
mod tests;
