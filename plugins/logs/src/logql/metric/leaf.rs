//! One range aggregation: entry → series and value.
//!
//! It deliberately folds values at once; windows are made of them in `window`, when all have come.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::super::ast::{
    Choice, Conversion, Grouping, LabelFormat, MatchOp, RangeAggregation, RangeOp, Selector, Stage, Unwrap,
};
use super::super::error::MetricError;
use super::super::labels::Labels;
use super::super::pipeline::{EntryLabels, Pipeline};
use super::super::scope::{DUPLICATE, Wanted};
use super::super::{label_filter, units};
use super::vectors::Row;
use super::window::{Panes, Reduction, Steps};
use super::{Grid, MetricLimits, Read};

/// The value of `__error__` if a label can't be taken as a value.
const SAMPLE_ERROR: &str = "SampleExtractionErr";

#[derive(Debug)]
pub(super) struct Leaf {
    selector: Selector,
    pipeline: Pipeline,
    unwrap: Option<Unwrap>,
    shape: Shape,
    reduction: Reduction,
    range: i64,
    offset: i64,
    steps: Steps,
    series: Vec<(Labels, Panes)>,
    /// Series by the hash of their labels.
    index: HashMap<u64, Vec<usize>>,
    /// The stream of the last entry, whether it is selected, and the series of its own labels.
    last: Option<(Labels, bool, Option<usize>)>,
}

/// Which of an entry's labels its series has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    All,
    Only(Vec<String>),
    AllBut(Vec<String>),
}

impl Shape {
    fn of(grouping: Option<&Grouping>, range: &RangeAggregation) -> Self {
        let labels = |grouping: &Grouping| grouping.labels.clone();
        let unwrapped = range.of.unwrap.iter().map(|unwrap| unwrap.label.clone());
        match grouping {
            _ if range.op == RangeOp::Absent => Self::Only(Vec::new()),
            Some(grouping) if !grouping.without => Self::Only(labels(grouping)),
            // The label whose values are taken would make a series of each value.
            other => {
                let mut gone = other.map(labels).unwrap_or_default();
                gone.extend(unwrapped);
                if gone.is_empty() { Self::All } else { Self::AllBut(gone) }
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|wanted| wanted == name),
            Self::AllBut(names) => !names.iter().any(|gone| gone == name),
        }
    }
}

impl Leaf {
    pub(super) fn new(range: &RangeAggregation, grouping: Option<&Grouping>, steps: Steps) -> Self {
        let shape = Shape::of(grouping, range);
        let wanted = wanted(range, &shape);
        Self {
            selector: range.of.query.selector.clone(),
            pipeline: Pipeline::with_wanted(&range.of.query, wanted),
            unwrap: range.of.unwrap.clone(),
            shape,
            reduction: Reduction {
                op: range.op,
                quantile: range.parameter.unwrap_or_default(),
                seconds: range.of.range as f64 / 1e9,
                unwrapped: range.of.unwrap.is_some(),
            },
            range: range.of.range,
            offset: range.of.offset,
            steps,
            series: Vec::new(),
            index: HashMap::new(),
            last: None,
        }
    }

    pub(super) const fn selector(&self) -> &Selector {
        &self.selector
    }

    pub(super) fn required_texts(&self) -> Vec<&[u8]> {
        self.pipeline.required_texts()
    }

    pub(super) fn read(&self, grid: Grid) -> Read<'_> {
        let last = self.steps.time(self.steps.count().saturating_sub(1));
        Read {
            selector: &self.selector,
            after: grid.start.saturating_sub(self.offset).saturating_sub(self.range),
            until: last.saturating_sub(self.offset),
        }
    }

    /// Takes an entry in; `true` if one more value is held.
    pub(super) fn add(
        &mut self,
        timestamp: i64,
        line: &[u8],
        stream: &Labels,
        limits: &MetricLimits,
    ) -> Result<bool, MetricError> {
        let Some(steps) = self.steps.holding(timestamp, self.range, self.offset) else { return Ok(false) };
        if !self.selects(stream) || !self.pipeline.run(timestamp, line, stream) {
            return Ok(false);
        }
        let Some(value) = self.value(line, stream) else { return Ok(false) };
        let labels = self.pipeline.labels(stream);
        if let Some(error) = labels.error() {
            return Err(failed(error, labels));
        }
        let at = self.series_of(stream, limits.inner_series)?;
        let op = self.reduction.op;
        Ok(self.series.get_mut(at).is_some_and(|(_, panes)| panes.add(op, steps, value)))
    }

    fn selects(&mut self, stream: &Labels) -> bool {
        match &self.last {
            Some((last, selected, _)) if last.is_same(stream) => *selected,
            _ => {
                let selected = self.selector.matches(stream);
                self.last = Some((stream.clone(), selected, None));
                selected
            }
        }
    }

    /// What the entry counts; `None` if a filter behind `unwrap` drops it.
    fn value(&mut self, line: &[u8], stream: &Labels) -> Option<f64> {
        let Some(unwrap) = &self.unwrap else {
            let bytes = matches!(self.reduction.op, RangeOp::Bytes | RangeOp::BytesRate);
            return Some(if bytes { self.pipeline.line(line).len() as f64 } else { 1.0 });
        };
        let mut scope = self.pipeline.scope(stream);
        let text = scope.get(&unwrap.label).unwrap_or_default();
        let value = match unwrap.conversion {
            Conversion::Number => units::number(text),
            Conversion::Duration | Conversion::DurationSeconds => {
                units::go_duration(text).map(|nanos| nanos as f64 / 1e9)
            }
            Conversion::Bytes => units::bytes(text).map(|bytes| bytes as f64),
        };
        if value.is_none() {
            let details = format!("label {}: found {text:?}, expected a value to unwrap", unwrap.label);
            scope.fail(SAMPLE_ERROR, &details);
        }
        let kept = unwrap.filters.iter().all(|filter| label_filter::keeps(filter, &mut scope));
        kept.then(|| value.unwrap_or_default())
    }

    /// The series of the entry that the pipeline has just let pass.
    fn series_of(&mut self, stream: &Labels, limit: usize) -> Result<usize, MetricError> {
        let labels = self.pipeline.labels(stream);
        let as_read = labels.are_the_streams();
        if let Some((_, _, Some(at))) = self.last.as_ref().filter(|_| as_read) {
            return Ok(*at);
        }
        let mut pairs: Vec<(&str, &str)> = labels
            .iter()
            .filter(|(name, value, _)| !value.is_empty() && self.shape.has(name))
            .map(|(name, value, _)| (name, value))
            .collect();
        pairs.sort_unstable();
        let mut hasher = DefaultHasher::new();
        pairs.hash(&mut hasher);
        let same = self.index.entry(hasher.finish()).or_default();
        let known = same.iter().copied().find(|at| {
            self.series.get(*at).is_some_and(|(labels, _)| labels.iter().eq(pairs.iter().copied()))
        });
        let at = match known {
            Some(at) => at,
            None => {
                if self.series.len() >= limit {
                    return Err(MetricError::TooMuch {
                        action: "holds",
                        what: "series",
                        limit,
                        help: "count with `sum by (…)`, or let fewer labels be parsed",
                    });
                }
                same.push(self.series.len());
                self.series.push((Labels::new(pairs), Panes::default()));
                self.series.len() - 1
            }
        };
        if let Some((_, _, own)) = self.last.as_mut().filter(|_| as_read) {
            *own = Some(at);
        }
        Ok(at)
    }

    pub(super) fn finish(self, limit: usize) -> Result<Vec<Row>, MetricError> {
        let mut budget = limit;
        let mut rows = Vec::with_capacity(self.series.len());
        for (labels, panes) in self.series {
            let points = panes.points(self.reduction, self.steps, &mut budget, limit)?;
            drop(panes);
            rows.push(Row { labels, points });
        }
        if self.reduction.op == RangeOp::Absent {
            return Ok(absent(&self.selector, &rows, self.steps));
        }
        Ok(rows)
    }
}

/// A series with 1 where there is nothing, with the labels that the selector asks for by `=`.
fn absent(selector: &Selector, rows: &[Row], steps: Steps) -> Vec<Row> {
    let mut present: Vec<u32> =
        rows.iter().flat_map(|row| row.points.iter().map(|(step, _)| *step)).collect();
    present.sort_unstable();
    let points: Vec<(u32, f64)> = (0..steps.count())
        .filter(|step| present.binary_search(step).is_err())
        .map(|step| (step, 1.0))
        .collect();
    let once = |name: &str| selector.matchers().filter(|matcher| matcher.name() == name).count() == 1;
    let labels = selector
        .matchers()
        .filter(|matcher| {
            matcher.op() == MatchOp::Equal && !matcher.value().is_empty() && once(matcher.name())
        })
        .map(|matcher| (matcher.name(), matcher.value()));
    if points.is_empty() { Vec::new() } else { vec![Row { labels: Labels::new(labels), points }] }
}

fn failed(error: &str, labels: EntryLabels<'_>) -> MetricError {
    let details = labels.get(super::super::scope::ERROR_DETAILS).map(|details| format!(" ({details})"));
    MetricError::Pipeline {
        error: error.to_owned(),
        details: details.unwrap_or_default(),
        labels: labels.to_labels().to_string(),
    }
}

/// The labels that parsers must give: those of the series and those that stages look at.
fn wanted(range: &RangeAggregation, shape: &Shape) -> Wanted {
    let Shape::Only(kept) = shape else { return Wanted::All };
    let mut names: Vec<&str> = Vec::new();
    for stage in &range.of.query.stages {
        in_stage(stage, &mut names);
    }
    if let Some(unwrap) = &range.of.unwrap {
        names.push(&unwrap.label);
        unwrap.filters.iter().for_each(|filter| label_filter::names(filter, &mut names));
    }
    names.extend(kept.iter().map(String::as_str));
    // A name may have been given its suffix because the stream has it too.
    let bare: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(DUPLICATE)).collect();
    names.extend(bare);
    if names.is_empty() {
        return Wanted::None;
    }
    Wanted::Only(names.into_iter().map(str::to_owned).collect())
}

fn in_stage<'s>(stage: &'s Stage, names: &mut Vec<&'s str>) {
    match stage {
        Stage::Filter(filter) => label_filter::names(filter, names),
        Stage::LineFormat(template) => names.extend(template.fields()),
        Stage::LabelFormat(formats) => {
            for format in formats {
                match format {
                    LabelFormat::Rename { from, .. } => names.push(from),
                    LabelFormat::Template { template, .. } => names.extend(template.fields()),
                }
            }
        }
        // Whether a label goes changes nothing about labels that nobody asks for.
        Stage::Drop(choices) | Stage::Keep(choices) => {
            names.extend(
                choices.iter().filter(|choice| matches!(choice, Choice::Matches(_))).map(Choice::name),
            );
        }
        _ => {}
    }
}
