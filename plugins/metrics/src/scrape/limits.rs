//! How much of a target's page is read.
//!
//! Reaching a limit fails that scrape, as a page that is only partly stored would look whole. It deliberately bounds
//! nothing over time: how many series there may be is the store's business.

use super::text::LabelLimits;

/// Limits of one scrape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScrapeLimits {
    /// Bytes of the page. Default 10 MiB.
    pub body_bytes: usize,
    /// Samples on the page. Default 50,000.
    pub samples: usize,
    /// Bytes of one line. Default 64 KiB.
    pub line_bytes: usize,
    /// The labels of one series.
    pub labels: LabelLimits,
}

impl Default for ScrapeLimits {
    fn default() -> Self {
        Self { body_bytes: 10 << 20, samples: 50_000, line_bytes: 64 << 10, labels: LabelLimits::default() }
    }
}
