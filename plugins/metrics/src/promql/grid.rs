//! The instants at which an expression is evaluated.
//!
//! Part of evaluation. It deliberately allows no instants and no overflow: times are clamped where a query begins.

use super::PromqlError;

/// No time is farther from 1970 than this many milliseconds, so that sums of a few stay within 64 bits.
pub(super) const FARTHEST: i64 = 1 << 53;

/// Evenly spaced instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// Milliseconds since the epoch.
    pub(super) start: i64,
    /// Milliseconds, at least 1.
    pub(super) step: i64,
    pub(super) count: usize,
}

impl Grid {
    pub(super) const fn one(at: i64) -> Self {
        Self { start: at, step: 1, count: 1 }
    }

    /// From `start` to at most `end`; empty if `end` is before `start`.
    pub(super) fn between(start: i64, end: i64, step: i64, limit: usize) -> Result<Self, PromqlError> {
        let step = step.max(1);
        let points =
            u64::try_from(end.saturating_sub(start)).map_or(0, |span| span / step.unsigned_abs() + 1);
        let count = usize::try_from(points).unwrap_or(usize::MAX);
        if count > limit {
            return Err(PromqlError::TooManyPoints { points, limit });
        }
        Ok(Self { start, step, count })
    }

    /// The first and the last instant; `None` if there are none.
    pub(super) fn ends(self) -> Option<(i64, i64)> {
        let steps = i64::try_from(self.count.checked_sub(1)?).ok()?;
        Some((self.start, self.start.saturating_add(self.step.saturating_mul(steps))))
    }

    /// All instants.
    pub(super) fn instants(self) -> impl Iterator<Item = i64> {
        let next = move |at: &i64| Some(at.saturating_add(self.step));
        std::iter::successors(Some(self.start), next).take(self.count)
    }
}
