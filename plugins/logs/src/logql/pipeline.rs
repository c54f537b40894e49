//! A log query's stages on one line after the other.
//!
//! The step "line → entry". Lines and labels are borrowed as long as no stage rewrites them, and what stages make goes
//! into buffers that are used again. It deliberately looks at no selector: whoever reads streams has chosen them.

use regex::bytes::CaptureLocations;

use super::ast::{LogQuery, Stage};
use super::labels::Labels;
use super::scope::{Changes, ERROR, ERROR_DETAILS, Scope, Wanted};
use super::{formats, json, label_filter, logfmt};

/// Lines that are longer are not parsed: parsers say so in `__error__`. In bytes; Loki's own limit is 256 KiB.
pub const MAX_PARSED_LINE: usize = 1 << 20;

/// A log query's stages with the buffers they work in.
#[derive(Debug)]
pub struct Pipeline {
    steps: Vec<(Stage, Option<CaptureLocations>)>,
    wanted: Wanted,
    changes: Changes,
    line: LineBuffers,
}

/// The line in the making. `current` counts once a stage has written it.
#[derive(Debug, Default)]
struct LineBuffers {
    written: bool,
    current: Vec<u8>,
    next: Vec<u8>,
}

impl LineBuffers {
    fn now<'l>(&'l self, given: &'l [u8]) -> &'l [u8] {
        if self.written { &self.current } else { given }
    }

    /// Puts a new line in the place of the old one if `write` says that it wrote one.
    fn rewrite(&mut self, given: &[u8], write: impl FnOnce(&[u8], &mut Vec<u8>) -> bool) {
        self.next.clear();
        let now = if self.written { self.current.as_slice() } else { given };
        if write(now, &mut self.next) {
            std::mem::swap(&mut self.current, &mut self.next);
            self.written = true;
        }
    }
}

/// A line that passed every stage.
#[derive(Debug)]
pub struct Entry<'e> {
    /// Nanoseconds since the epoch.
    pub timestamp: i64,
    /// The line; borrowed from what was read unless a stage rewrote it. It may hold bytes that are no UTF-8.
    pub line: &'e [u8],
    /// Its labels.
    pub labels: EntryLabels<'e>,
}

/// The labels of a line that passed: the stream's, as stages left them.
#[derive(Debug, Clone, Copy)]
pub struct EntryLabels<'e> {
    stream: &'e Labels,
    changes: &'e Changes,
}

/// Where a label comes from: Grafana shows it beside the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The stream has it.
    Stream,
    /// A stage extracted or wrote it.
    Parsed,
}

impl<'e> EntryLabels<'e> {
    /// Every label with its value and origin: first those of the stream in order of their names, then those that stages
    /// gave, then the error.
    pub fn iter(self) -> impl Iterator<Item = (&'e str, &'e str, Origin)> {
        let of_stream = self.stream.iter().filter(move |(name, _)| self.changes.keeps(name));
        let parsed = self.changes.added().chain(self.error_labels());
        let of_stream = of_stream.map(|(name, value)| (name, value, Origin::Stream));
        of_stream.chain(parsed.map(|(name, value)| (name, value, Origin::Parsed)))
    }

    /// The value of a label; `None` if the line lacks it.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'e str> {
        let mut found = self.changes.added().chain(self.error_labels());
        found
            .find_map(|(label, value)| (label == name).then_some(value))
            .or_else(|| self.stream.get(name).filter(|_| self.changes.keeps(name)))
    }

    /// The stage that failed on this line, as `__error__` names it.
    #[must_use]
    pub fn error(self) -> Option<&'static str> {
        self.changes.error()
    }

    /// Whether they are just the stream's: then the stream's need no copy.
    #[must_use]
    pub fn are_the_streams(self) -> bool {
        self.changes.is_empty()
    }

    /// A copy that outlives the line.
    #[must_use]
    pub fn to_labels(self) -> Labels {
        if self.are_the_streams() {
            return self.stream.clone();
        }
        Labels::new(self.iter().map(|(name, value, _)| (name, value)))
    }

    fn error_labels(self) -> impl Iterator<Item = (&'e str, &'e str)> {
        let error = self.changes.error().map(|error| (ERROR, error));
        let details = Some(self.changes.details()).filter(|details| !details.is_empty());
        error.into_iter().chain(details.map(|details| (ERROR_DETAILS, details)))
    }
}

impl Pipeline {
    /// Gets the stages of a query ready to run.
    #[must_use]
    pub fn new(query: &LogQuery) -> Self {
        Self::with_wanted(query, Wanted::All)
    }

    /// The same for somebody who looks at certain labels only.
    pub(super) fn with_wanted(query: &LogQuery, wanted: Wanted) -> Self {
        let locations = |stage: &Stage| match stage {
            Stage::Regexp(regexp) => Some(regexp.locations()),
            _ => None,
        };
        let steps = query.stages.iter().map(|stage| (stage.clone(), locations(stage))).collect();
        Self { steps, wanted, changes: Changes::default(), line: LineBuffers::default() }
    }

    /// Runs the stages on a line of a stream. `None` if one of them drops it.
    pub fn process<'e>(
        &'e mut self,
        timestamp: i64,
        line: &'e [u8],
        labels: &'e Labels,
    ) -> Option<Entry<'e>> {
        self.run(timestamp, line, labels).then(|| Entry {
            timestamp,
            line: self.line.now(line),
            labels: EntryLabels { stream: labels, changes: &self.changes },
        })
    }

    /// Texts that every line holds that passes, the longest first. Readers can look for them in whole blocks, and hand
    /// over only the lines they stand in. Empty if nothing is known.
    #[must_use]
    pub fn required_texts(&self) -> Vec<&[u8]> {
        let as_read = self.steps.iter().map(|(stage, _)| stage).take_while(|stage| !rewrites_line(stage));
        let mut texts: Vec<&[u8]> = as_read
            .filter_map(|stage| match stage {
                Stage::Line(filter) => filter.literal(),
                _ => None,
            })
            .collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts
    }

    /// Whether every line passes as it is: there are no stages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Runs the stages; what they left is in [`Self::scope`] and [`Self::line`].
    pub(super) fn run(&mut self, timestamp: i64, given: &[u8], stream: &Labels) -> bool {
        self.changes.clear();
        self.line.written = false;
        let Self { steps, wanted, changes, line } = self;
        let mut scope = Scope { stream, changes, wanted };
        steps
            .iter_mut()
            .all(|(stage, locations)| step(stage, locations.as_mut(), timestamp, given, line, &mut scope))
    }

    pub(super) fn scope<'s>(&'s mut self, stream: &'s Labels) -> Scope<'s> {
        Scope { stream, changes: &mut self.changes, wanted: &self.wanted }
    }

    pub(super) fn line<'l>(&'l self, given: &'l [u8]) -> &'l [u8] {
        self.line.now(given)
    }

    pub(super) fn labels<'s>(&'s self, stream: &'s Labels) -> EntryLabels<'s> {
        EntryLabels { stream, changes: &self.changes }
    }
}

const fn rewrites_line(stage: &Stage) -> bool {
    matches!(stage, Stage::LineFormat(_) | Stage::Unpack | Stage::Decolorize)
}

/// Whether the line stays.
fn step(
    stage: &Stage,
    locations: Option<&mut CaptureLocations>,
    timestamp: i64,
    given: &[u8],
    buffers: &mut LineBuffers,
    scope: &mut Scope<'_>,
) -> bool {
    let now = buffers.now(given);
    match stage {
        Stage::Line(filter) => return filter.keeps(now),
        Stage::Filter(filter) => return label_filter::keeps(filter, scope),
        Stage::Drop(choices) => label_filter::drop_labels(choices, scope),
        Stage::Keep(choices) => label_filter::keep_labels(choices, scope),
        Stage::LabelFormat(all) => formats::label_format(all, (timestamp, now), scope),
        Stage::LineFormat(template) => {
            buffers.rewrite(given, |now, out| formats::line_format(template, (timestamp, now), out, scope));
        }
        Stage::Decolorize => buffers.rewrite(given, formats::decolorize),
        Stage::Json(_) | Stage::Unpack | Stage::Logfmt(_) if now.len() > MAX_PARSED_LINE => {
            let error = if matches!(stage, Stage::Logfmt(_)) { "LogfmtParserErr" } else { "JSONParserErr" };
            scope.fail(error, &format!("the line is longer than {MAX_PARSED_LINE} bytes"));
        }
        Stage::Json(fields) if fields.is_empty() => json::all(now, scope),
        Stage::Json(fields) => json::some(now, fields, scope),
        Stage::Unpack => buffers.rewrite(given, |now, out| json::unpack(now, out, scope)),
        Stage::Logfmt(options) => logfmt::logfmt(now, options, scope),
        Stage::Pattern(pattern) => {
            scope.begin_parser();
            // A pattern has fewer labels than its query has bytes: what is too many is left out.
            pattern.each(now, |label, value| _ = scope.extract_bytes(label, value));
        }
        Stage::Regexp(regexp) => {
            let Some(locations) = locations else { return true };
            scope.begin_parser();
            let text = regexp.as_text(now);
            if regexp.find_groups(&text, locations) {
                for (at, name) in regexp.group_names().enumerate() {
                    let Some(name) = name else { continue };
                    let value =
                        locations.get(at).and_then(|(from, to)| text.get(from..to)).unwrap_or_default();
                    _ = scope.extract_bytes(name, value);
                }
            }
        }
    }
    true
}
