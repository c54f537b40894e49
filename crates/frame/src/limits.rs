//! How much a decoder takes in before it refuses.

/// Limits of a decoder. Reaching one is [`FrameError::Limit`](crate::FrameError::Limit), which names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeLimits {
    /// Bytes of one encoded frame. Default: 256 MiB.
    pub bytes: usize,
    /// Rows of one frame, over all record batches. Default: 16,777,216.
    pub rows: usize,
    /// Fields of one frame. Default: 65,536.
    pub fields: usize,
}

impl DecodeLimits {
    /// No limits but those of the formats.
    pub const NONE: Self = Self { bytes: usize::MAX, rows: usize::MAX, fields: usize::MAX };

    /// The same limits with another for bytes.
    #[must_use]
    pub const fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The same limits with another for rows.
    #[must_use]
    pub const fn with_rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// The same limits with another for fields.
    #[must_use]
    pub const fn with_fields(mut self, fields: usize) -> Self {
        self.fields = fields;
        self
    }

    pub(crate) const fn check(
        what: &'static str,
        found: usize,
        limit: usize,
    ) -> Result<(), crate::FrameError> {
        if found > limit { Err(crate::FrameError::Limit { what, found, limit }) } else { Ok(()) }
    }
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { bytes: 256 << 20, rows: 1 << 24, fields: 1 << 16 }
    }
}
