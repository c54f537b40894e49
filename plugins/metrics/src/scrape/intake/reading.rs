//! A page on its way into the sink.
//!
//! It deliberately asks the sink for nothing before the page is complete, so that a page that breaks off leaves no
//! series without samples behind.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::cache::Key;
use super::{Intake, Taken};
use crate::scrape::error::ScrapeError;
use crate::scrape::sink::Sink;
use crate::scrape::text::{Format, Line, LineError, SampleLine, read_line};
use crate::series::Labels;
use crate::store::Appended;

/// A sample may say that it was taken that long before the scrape, in milliseconds, or that long after it.
const EARLIEST: i64 = 60 * 60 * 1000;
const LATEST: i64 = 10 * 60 * 1000;

/// See the module.
#[derive(Debug)]
pub(in crate::scrape) struct Reading<'a, S: Sink> {
    intake: &'a mut Intake<S>,
    format: Format,
    taken: Taken,
    /// Whether `# EOF` was read.
    is_ended: bool,
    batch: Batch<S::Id>,
    fresh: VecDeque<Fresh>,
}

/// Samples of known series.
#[derive(Debug)]
struct Batch<Id> {
    /// The scrape's time.
    at: i64,
    /// Samples of that time.
    now: Vec<(Id, f64)>,
    /// Samples of a time that the target told.
    told: Vec<(i64, (Id, f64))>,
    out_of_bounds: u64,
}

/// A sample of a series that wasn't on the page before.
#[derive(Debug)]
struct Fresh {
    key: Key,
    labels: Labels,
    value: f64,
    told: Option<i64>,
}

impl<'a, S: Sink> Reading<'a, S> {
    pub(super) fn new(intake: &'a mut Intake<S>, at: i64, format: Format) -> Self {
        intake.cache.begin_page();
        intake.descriptions.begin_page();
        let now = Vec::with_capacity(intake.cache.len());
        let batch = Batch { at, now, told: Vec::new(), out_of_bounds: 0 };
        Self { intake, format, taken: Taken::default(), is_ended: false, batch, fresh: VecDeque::new() }
    }

    /// Samples read so far.
    pub(in crate::scrape) fn samples(&self) -> usize {
        self.taken.samples
    }

    /// Takes in the line with a number.
    pub(in crate::scrape) fn line(&mut self, number: u64, line: &[u8]) -> Result<(), ScrapeError> {
        self.read(line).map_err(|failure| match failure {
            Failure::Line(problem) => ScrapeError::Line { line: number, problem },
            Failure::TooManySamples => ScrapeError::TooManySamples { limit: self.intake.limits.samples },
        })
    }

    fn read(&mut self, line: &[u8]) -> Result<(), Failure> {
        let line = read_line(line, self.format)?;
        if self.is_ended {
            return match line {
                Line::Nothing => Ok(()),
                _ => Err(LineError::new("another line", "nothing after # EOF").into()),
            };
        }
        match line {
            Line::Sample(sample) => self.sample(sample)?,
            Line::End => self.is_ended = true,
            other => self.intake.descriptions.take(&other),
        }
        Ok(())
    }

    fn sample(&mut self, sample: SampleLine<'_>) -> Result<(), Failure> {
        if self.taken.samples >= self.intake.limits.samples {
            return Err(Failure::TooManySamples);
        }
        self.taken.samples += 1;
        let cache = &mut self.intake.cache;
        let key = cache.key(sample.series);
        match cache.find(key) {
            // The target still tells the sample that is in.
            Some(known) if sample.at.is_some() && sample.at == known.told => {}
            Some(known) => known.told = self.batch.push(known.id, sample.value, sample.at),
            None => {
                let labels = stored_labels(&sample.labels(self.intake.limits.labels)?, &self.intake.target);
                self.fresh.push_back(Fresh { key, labels, value: sample.value, told: sample.at });
            }
        }
        Ok(())
    }

    /// The page has so many lines: is that all of it?
    pub(in crate::scrape) fn check_end(&self, lines: u64) -> Result<(), ScrapeError> {
        match self.format == Format::OpenMetrics && !self.is_ended {
            true => Err(ScrapeError::Unfinished { line: lines }),
            false => Ok(()),
        }
    }

    /// Looks some new series up; `true` if there are more. A large page's first scrape shouldn't hold up a thread that
    /// others share.
    pub(in crate::scrape) fn resolve_some(&mut self) -> bool {
        const SOME: usize = 1000;
        for Fresh { key, labels, value, told } in self.fresh.drain(..SOME.min(self.fresh.len())) {
            match self.intake.sink.resolve(&labels) {
                Some(id) => {
                    self.taken.added += 1;
                    let told = self.batch.push(id, value, told);
                    self.intake.cache.insert(key, id, told);
                }
                None => self.taken.refused += 1,
            }
        }
        !self.fresh.is_empty()
    }

    /// The page is complete: hands everything over.
    pub(in crate::scrape) fn commit(mut self) -> Taken {
        while self.resolve_some() {}
        let appended = self.batch.append(&*self.intake.sink);
        self.taken.out_of_order = appended.out_of_order + appended.duplicate;
        self.taken.out_of_bounds = self.batch.out_of_bounds;
        self.intake.end_missing(self.batch.at, self.batch.ids());
        if appended.unknown > 0 {
            // The sink has forgotten series: the next page is looked up anew.
            self.intake.cache.clear();
        }
        self.intake.descriptions.commit(&*self.intake.sink, self.format);
        self.taken
    }
}

impl<Id: Copy> Batch<Id> {
    /// Adds a sample. Returns the time that the cache is to hold of it.
    fn push(&mut self, id: Id, value: f64, told: Option<i64>) -> Option<i64> {
        let bounds = self.at.saturating_sub(EARLIEST)..=self.at.saturating_add(LATEST);
        match told {
            None => self.now.push((id, value)),
            Some(at) if bounds.contains(&at) => self.told.push((at, (id, value))),
            Some(_) => {
                self.out_of_bounds += 1;
                return Some(i64::MIN);
            }
        }
        told
    }

    fn ids(&self) -> impl Iterator<Item = Id> {
        self.now.iter().chain(self.told.iter().map(|(_, sample)| sample)).map(|(id, _)| *id)
    }

    fn append<S: Sink<Id = Id>>(&mut self, sink: &S) -> Appended {
        let mut all = sink.append(self.at, &self.now);
        self.told.sort_by_key(|(at, _)| *at);
        for same_time in self.told.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((at, _)) = same_time.first() else { continue };
            let batch: Vec<_> = same_time.iter().map(|(_, sample)| *sample).collect();
            let appended = sink.append_told(*at, &batch);
            all.stored += appended.stored;
            // A duplicate is in already; only the cache didn't know.
            all.out_of_order += appended.out_of_order;
            all.unknown += appended.unknown;
        }
        all
    }
}

enum Failure {
    Line(LineError),
    TooManySamples,
}

impl From<LineError> for Failure {
    fn from(error: LineError) -> Self {
        Self::Line(error)
    }
}

/// A series' labels under a target. The target's win; what the page says under the same name goes on as
/// `exported_<name>`, or with more such prefixes until no label of the page, be it an empty one, has that name.
fn stored_labels(scraped: &[(&str, Cow<'_, str>)], target: &Labels) -> Labels {
    let mut pairs: Vec<(Arc<str>, Arc<str>)> = target.pairs().cloned().collect();
    for (name, value) in scraped.iter().filter(|(_, value)| !value.is_empty()) {
        let mut name = (*name).to_owned();
        if target.get(&name).is_some() {
            let is_taken = |name: &str, pairs: &[(Arc<str>, Arc<str>)]| {
                scraped.iter().any(|(other, _)| *other == name)
                    || pairs.iter().any(|(other, _)| **other == *name)
            };
            while is_taken(&name, &pairs) {
                name.insert_str(0, "exported_");
            }
        }
        pairs.push((name.as_str().into(), (&**value).into()));
    }
    Labels::new(pairs)
}
