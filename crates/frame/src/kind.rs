//! What a frame declares itself to be: its type, that type's version, and the kind it belongs to.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The declared type of a frame, such as `timeseries-wide`. The empty type means: nothing declared.
///
/// Any text is legal, since servers and plugins invent types; the constants are those of the data plane contract.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FrameType(Cow<'static, str>);

impl FrameType {
    /// Nothing declared.
    pub const UNKNOWN: Self = Self(Cow::Borrowed(""));
    /// One frame of a time field and value fields that carry labels.
    pub const TIMESERIES_WIDE: Self = Self(Cow::Borrowed("timeseries-wide"));
    /// One frame of a time field, value fields, and string fields as dimensions.
    pub const TIMESERIES_LONG: Self = Self(Cow::Borrowed("timeseries-long"));
    /// One frame per series.
    pub const TIMESERIES_MULTI: Self = Self(Cow::Borrowed("timeseries-multi"));
    /// The old name of [`TIMESERIES_MULTI`](Self::TIMESERIES_MULTI).
    pub const TIMESERIES_MANY: Self = Self(Cow::Borrowed("timeseries-many"));
    /// One frame of at most one row whose value fields carry labels.
    pub const NUMERIC_WIDE: Self = Self(Cow::Borrowed("numeric-wide"));
    /// One frame of at most one row per number.
    pub const NUMERIC_MULTI: Self = Self(Cow::Borrowed("numeric-multi"));
    /// One frame of value fields, and string fields as dimensions.
    pub const NUMERIC_LONG: Self = Self(Cow::Borrowed("numeric-long"));
    /// Log lines.
    pub const LOG_LINES: Self = Self(Cow::Borrowed("log-lines"));
    /// The entries of a directory.
    pub const DIRECTORY_LISTING: Self = Self(Cow::Borrowed("directory-listing"));
    /// Any table.
    pub const TABLE: Self = Self(Cow::Borrowed("table"));
    /// A heat map with one field per row of the map.
    pub const HEATMAP_ROWS: Self = Self(Cow::Borrowed("heatmap-rows"));
    /// A heat map with one row per cell of the map.
    pub const HEATMAP_CELLS: Self = Self(Cow::Borrowed("heatmap-cells"));

    /// A type by its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Cow::Owned(text.into()))
    }

    /// The text on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is declared.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }

    /// The kind of the data plane contract that the type belongs to.
    #[must_use]
    pub fn kind(&self) -> Option<FrameKind> {
        match self.as_str() {
            "timeseries-wide" | "timeseries-long" | "timeseries-multi" | "timeseries-many" => {
                Some(FrameKind::TimeSeries)
            }
            "numeric-wide" | "numeric-multi" | "numeric-long" => Some(FrameKind::Numeric),
            "log-lines" => Some(FrameKind::Logs),
            "heatmap-rows" | "heatmap-cells" => Some(FrameKind::Heatmap),
            _ => None,
        }
    }
}

impl fmt::Display for FrameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A kind of the data plane contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameKind {
    /// Values over time.
    TimeSeries,
    /// Single numbers.
    Numeric,
    /// Log lines.
    Logs,
    /// Heat maps.
    Heatmap,
}

impl fmt::Display for FrameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimeSeries => "timeseries",
            Self::Numeric => "numeric",
            Self::Logs => "logs",
            Self::Heatmap => "heatmap",
        })
    }
}

/// The version of a frame type in the contract, ordered by major, then minor. Shown as `major.minor`.
///
/// A version above 0.0 promises that the frame follows the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FrameTypeVersion {
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
}

impl FrameTypeVersion {
    /// A version by its numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads `major.minor`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse().ok() } else { None }
        };
        let (major, minor) = text.split_once('.')?;
        Some(Self::new(number(major)?, number(minor)?))
    }
}

impl fmt::Display for FrameTypeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for FrameTypeVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.major, self.minor].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FrameTypeVersion {
    /// A list of numbers; missing ones are 0, further ones are ignored, as servers do.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers = Option::<Vec<u32>>::deserialize(deserializer)?.unwrap_or_default();
        let number = |index: usize| numbers.get(index).copied().unwrap_or_default();
        Ok(Self::new(number(0), number(1)))
    }
}
