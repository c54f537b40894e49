//! From a target's lines to the sink: all of a page, or nothing of it.
//!
//! What a page holds is gathered first and handed over when its last line was read, so that a page that turns out
//! broken leaves no half. A series that was on the last page is known by a key made of its text and costs no copy of
//! it. It deliberately doesn't know how lines arrive.

mod cache;
mod described;
mod reading;
mod reports;

use std::collections::HashSet;
use std::sync::Arc;

use super::limits::ScrapeLimits;
use super::sink::Sink;
use super::text::Format;
use crate::series::Labels;
use cache::Cache;
use described::Descriptions;
pub(super) use reading::Reading;
use reports::Reports;
pub(super) use reports::{Report, describe_reports};

/// What one target has in the sink.
#[derive(Debug)]
pub(super) struct Intake<S: Sink> {
    sink: Arc<S>,
    /// The target's labels.
    target: Labels,
    limits: ScrapeLimits,
    cache: Cache<S::Id>,
    descriptions: Descriptions,
    reports: Reports<S::Id>,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Samples on the page.
    pub(super) samples: usize,
    /// Series that weren't on the page before.
    pub(super) added: usize,
    /// Series the sink had no room for.
    pub(super) refused: usize,
    /// Samples the sink has already, or that are older than its last one of that series.
    pub(super) out_of_order: u64,
    /// Samples whose own timestamp is too far from now.
    pub(super) out_of_bounds: u64,
}

impl<S: Sink> Intake<S> {
    pub(super) fn new(sink: Arc<S>, target: Labels, limits: ScrapeLimits) -> Self {
        Self {
            sink,
            target,
            limits,
            cache: Cache::default(),
            descriptions: Descriptions::default(),
            reports: Reports::default(),
        }
    }

    /// Begins with a page scraped at a time.
    pub(super) fn read(&mut self, at: i64, format: Format) -> Reading<'_, S> {
        Reading::new(self, at, format)
    }

    /// The page couldn't be read: its series have ended.
    pub(super) fn end_all(&mut self, at: i64) {
        self.sink.end(at, &self.cache.clear());
    }

    /// The target isn't scraped any more: the series about it have ended too.
    pub(super) fn retire(&mut self, at: i64) {
        self.end_all(at);
        self.sink.end(at, &self.reports.take());
    }

    /// Appends the series that tell how a scrape went.
    pub(super) fn report(&mut self, at: i64, report: Report) {
        let batch = self.reports.batch(&*self.sink, &self.target, report);
        if self.sink.append(at, &batch).unknown > 0 {
            self.reports.take();
        }
    }

    /// Ends the series that are gone from the page. One whose labels are merely written another way is still there.
    fn end_missing(&mut self, at: i64, present: impl Iterator<Item = S::Id>) {
        let mut missing = self.cache.take_unseen();
        if missing.is_empty() {
            return;
        }
        let present: HashSet<S::Id> = present.collect();
        missing.retain(|id| !present.contains(id));
        self.sink.end(at, &missing);
    }
}

#[cfg(test)]
mod tests;
