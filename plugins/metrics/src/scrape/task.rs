//! The task of one target: scrape after scrape, never two at once.
//!
//! A scrape that outlasts its interval takes the place of the next one. It deliberately doesn't retry: the next scrape
//! is soon enough.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::error::ScrapeError;
use super::fetch::{Outside, Page};
use super::intake::{Intake, Report, Taken};
use super::limits::ScrapeLimits;
use super::lines::Lines;
use super::sink::Sink;
use super::status::TargetStatus;
use super::target::Target;

/// A scrape that begins so much off its time, in milliseconds, still bears that time: samples at even distances pack
/// better.
const TOLERANCE: i64 = 2;

/// A target being scraped.
#[derive(Debug)]
pub(super) struct Task<S: Sink, O: Outside> {
    target: Target,
    limits: ScrapeLimits,
    intake: Intake<S>,
    outside: O,
    status: Arc<Mutex<TargetStatus>>,
    /// When some scrape was due, by both clocks.
    origin: Option<(Instant, i64)>,
}

impl<S: Sink, O: Outside> Task<S, O> {
    pub(super) fn new(sink: Arc<S>, target: Target, limits: ScrapeLimits, outside: O) -> Self {
        let intake = Intake::new(sink, target.labels.clone(), limits);
        let status = Arc::new(Mutex::new(TargetStatus::new(&target)));
        Self { target, limits, intake, outside, status, origin: None }
    }

    pub(super) fn status(&self) -> Arc<Mutex<TargetStatus>> {
        self.status.clone()
    }

    /// Scrapes until `stop` says so; then the target's series are marked as ended.
    pub(super) async fn run(mut self, delay: Duration, mut stop: watch::Receiver<bool>) {
        let mut ticks = interval_at(Instant::now() + delay, self.target.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let scrapes = async {
            loop {
                let due = ticks.tick().await;
                self.scrape(due).await;
            }
        };
        let is_stopped = tokio::select! {
            stopped = stop.wait_for(|stop| *stop) => stopped.is_ok(),
            () = scrapes => false,
        };
        if is_stopped {
            let now = self.outside.now();
            self.intake.retire(now);
        }
    }

    async fn scrape(&mut self, due: Instant) {
        let (begun, at) = (Instant::now(), self.time_of(due));
        let mut samples = 0;
        let outcome = self.read_page(at, &mut samples).await;
        let duration = begun.elapsed();
        if outcome.is_err() {
            self.intake.end_all(at);
        }
        let (is_up, added) = (outcome.is_ok(), outcome.as_ref().map_or(0, |taken| taken.added));
        self.intake.report(at, Report { is_up, duration, samples, added });
        self.note(at, duration, samples, outcome);
    }

    /// Reads the target's page into the sink. `samples` counts even if it fails.
    async fn read_page(&mut self, at: i64, samples: &mut usize) -> Result<Taken, ScrapeError> {
        let mut page = Page::open(&self.outside, &self.target, self.limits).await?;
        let mut reading = self.intake.read(at, page.format);
        let mut lines = Lines::new(self.limits.line_bytes);
        while let Some(piece) = page.piece().await? {
            let fed = lines.feed(&piece, |number, line| reading.line(number, line));
            *samples = reading.samples();
            fed?;
        }
        let count = lines.finish(|number, line| reading.line(number, line))?;
        *samples = reading.samples();
        reading.check_end(count)?;
        while reading.resolve_some() {
            tokio::task::yield_now().await;
        }
        Ok(reading.commit())
    }

    /// The time a scrape's samples get.
    fn time_of(&mut self, due: Instant) -> i64 {
        let now = self.outside.now();
        if let Some((origin, at)) = self.origin {
            let since = i64::try_from(due.duration_since(origin).as_millis()).unwrap_or(i64::MAX);
            let planned = at.saturating_add(since);
            if now.abs_diff(planned) <= TOLERANCE.unsigned_abs() {
                return planned;
            }
        }
        // The first one, one that is late, or the clock was set.
        self.origin = Some((due, now));
        now
    }

    fn note(&self, at: i64, duration: Duration, samples: usize, outcome: Result<Taken, ScrapeError>) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let was_up = status.last_error.is_none();
        status.last_scrape = Some(at);
        status.duration = duration;
        status.samples = samples;
        match outcome {
            Ok(taken) => {
                status.last_success = Some(at);
                status.last_error = None;
                status.refused_series = taken.refused;
                status.out_of_order = taken.out_of_order;
                status.out_of_bounds = taken.out_of_bounds;
                if !was_up {
                    tracing::info!(
                        job = status.job,
                        instance = status.instance,
                        samples,
                        "target is up again"
                    );
                }
            }
            Err(error) => {
                let error = error.with_causes();
                if was_up {
                    tracing::warn!(job = status.job, instance = status.instance, error, "target is down");
                }
                status.last_error = Some(error);
            }
        }
    }
}

#[cfg(test)]
mod tests;
