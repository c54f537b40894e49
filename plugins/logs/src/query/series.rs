//! Counts → a frame per series.
//!
//! The frames follow the data plane contract: `timeseries-multi` for ranges, `numeric-multi` for instants. It
//! deliberately fills no gaps: the time field says how far apart points are.

use graftwire_sdk::frame::{
    Column, Field, FieldConfig, FieldLabels, Frame, FrameMeta, FrameType, FrameTypeVersion, Notice,
    NoticeSeverity, Timestamp,
};

use super::model::{Kind, QueryModel};
use super::variables::Steps;
use super::{QueryFailure, add_stats};
use crate::logql::volume::Counts;
use crate::logql::{
    Evaluation, Grid, Labels, Level, LogQuery, MetricLimits, MetricQuery, Pipeline, Selector, Series,
};
use crate::read::sources::Sources;
use crate::read::{Direction, Window};

const VERSION: FrameTypeVersion = FrameTypeVersion::new(0, 1);
const MILLI: i64 = 1_000_000;

/// How a query of counts is answered.
pub(super) struct Asked<'a> {
    pub(super) sources: &'a Sources,
    pub(super) model: &'a QueryModel,
    pub(super) steps: Steps,
    pub(super) window: Window,
    pub(super) cancelled: &'a dyn Fn() -> bool,
    /// The expression as it is evaluated.
    pub(super) text: &'a str,
}

impl Asked<'_> {
    fn grid(&self) -> Grid {
        let step = self.steps.step.saturating_mul(MILLI);
        match self.model.kind {
            Kind::Instant => Grid { start: self.window.to, end: self.window.to, step: 0 },
            // Steps are whole multiples of their distance, so that a panel that moves on keeps its points.
            Kind::Range | Kind::Volume => {
                let start = self.window.from.div_euclid(step).saturating_mul(step);
                Grid { start, end: self.window.to, step }
            }
        }
    }

    /// Evaluates a metric query.
    pub(super) fn metric(&self, query: &MetricQuery) -> Result<Vec<Frame>, QueryFailure> {
        let mut evaluation =
            Evaluation::new(query, self.grid(), MetricLimits::default()).map_err(QueryFailure::Metric)?;
        let (selector, window) = read_by(&evaluation);
        let (mut merge, mut notices) = self.sources.open(&selector, window, Direction::Forward);
        while let Some(line) = merge.next(self.cancelled) {
            if evaluation.wants(line.labels) {
                evaluation.add(line.at, line.text, line.labels).map_err(QueryFailure::Metric)?;
            }
        }
        let stats = merge.stats();
        if (self.cancelled)() {
            return Err(QueryFailure::GivenUp { lines: stats.lines });
        }
        notices.extend(merge.notices().iter().cloned());
        let series = evaluation.finish().map_err(QueryFailure::Metric)?;
        Ok(self.frames(series, &notices, |meta| add_stats(meta, stats, self.text)))
    }

    /// Counts lines by level.
    pub(super) fn volume(&self, query: &LogQuery) -> Result<Vec<Frame>, QueryFailure> {
        let mut volume = Counts::new(self.grid()).map_err(QueryFailure::Metric)?;
        let (mut merge, mut notices) = self.sources.open(query.selector(), self.window, Direction::Forward);
        let mut pipeline = Pipeline::new(query);
        while let Some(line) = merge.next(self.cancelled) {
            if let Some(entry) = pipeline.process(line.at, line.text, line.labels) {
                volume.add(entry.timestamp, Level::of_entry(&entry));
            }
        }
        let stats = merge.stats();
        if (self.cancelled)() {
            return Err(QueryFailure::GivenUp { lines: stats.lines });
        }
        notices.extend(merge.notices().iter().cloned());
        Ok(self.frames(volume.finish(), &notices, |meta| add_stats(meta, stats, self.text)))
    }

    fn frames(&self, series: Vec<Series>, notices: &[String], finish: impl Fn(&mut FrameMeta)) -> Vec<Frame> {
        let instant = self.model.kind == Kind::Instant;
        let frame_type = if instant { FrameType::NUMERIC_MULTI } else { FrameType::TIMESERIES_MULTI };
        let meta = || FrameMeta::of_type(frame_type.clone(), VERSION);
        let mut frames: Vec<Frame> = series.iter().map(|series| self.frame(series, meta())).collect();
        if frames.is_empty() {
            frames.push(Frame::default().with_meta(meta()));
        }
        if let Some(first) = frames.first_mut() {
            let meta = first.meta_mut();
            finish(meta);
            meta.notices = notices.iter().map(|text| Notice::new(NoticeSeverity::Warning, text)).collect();
        }
        frames
    }

    fn frame(&self, series: &Series, meta: FrameMeta) -> Frame {
        let times: Column<Timestamp> =
            series.points.iter().map(|(at, _)| Timestamp::from_millis(*at)).collect();
        let values: Column<f64> = series.points.iter().map(|(_, value)| *value).collect();
        let mut time = Field::new("Time", times);
        if self.model.kind != Kind::Instant {
            time.config = Some(FieldConfig { interval: self.steps.step as f64, ..FieldConfig::default() });
        }
        let mut value = Field::new("Value", values);
        if !series.labels.is_empty() {
            value.labels = Some(series.labels.iter().collect::<FieldLabels>());
        }
        if let Some(name) = legend(&self.model.legend, &series.labels, self.text) {
            value.config_mut().display_name_from_ds = name;
        }
        Frame::default().with_meta(meta).with_field(time).with_field(value)
    }
}

/// What an evaluation reads: one selector if it has one part, else every stream of all parts' times.
fn read_by(evaluation: &Evaluation) -> (Selector, Window) {
    let reads: Vec<_> = evaluation.reads().collect();
    let selector = match reads.as_slice() {
        [read] => read.selector.clone(),
        _ => Selector::default(),
    };
    // Windows of the language leave out their first instant and hold their last one.
    let from = reads.iter().map(|read| read.after.saturating_add(1)).min().unwrap_or(0);
    let to = reads.iter().map(|read| read.until.saturating_add(1)).max().unwrap_or(0);
    (selector, Window { from, to })
}

/// The name to show; `None` = the front end makes one of the labels.
fn legend(format: &str, labels: &Labels, expr: &str) -> Option<String> {
    let name = match format {
        "" | "__auto" if labels.is_empty() => String::new(),
        "" | "__auto" => return None,
        format => filled(format, labels),
    };
    Some(if name.is_empty() { expr.to_owned() } else { name })
}

/// The format with `{{label}}` replaced by the label's value.
fn filled(format: &str, labels: &Labels) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((label, behind)) = after.split_once("}}") else { break };
        text += before;
        text += labels.get(label.trim()).unwrap_or_default();
        rest = behind;
    }
    text + rest
}
