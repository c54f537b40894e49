//! Regular expressions in Go's syntax over lines that may hold any bytes.
//!
//! Part of reading queries and of most stages. It deliberately uses `regex` with few of its features. Measured over
//! 34 MB of log lines, in a release build with `opt-level = "s"`: `regex-lite` adds 71 kB and matches 20 to 65 MB/s
//! (and only UTF-8); `regex` with `perf-dfa` adds 400 kB and matches 550 to 800 MB/s; `perf-onepass` and
//! `perf-backtrack` add 28 kB and find the groups of an access log at 74 instead of 7 MB/s; `perf-literal` would add
//! 250 kB and find literals at 4 to 12 GB/s. The literal search is here instead, with the `memchr` that is linked
//! anyway: a pattern is tried only on lines that hold its longest literal. Unicode tables stay out (150 kB for letter
//! case alone): `dialect` writes out what it needs.

use std::borrow::Cow;

use memchr::memmem::Finder;
use regex::bytes::{CaptureLocations, Regex, RegexBuilder};

use super::dialect;

/// How large a compiled pattern may become, and how much memory its automaton may use, in bytes.
const MAX_SIZE: usize = 1 << 20;
/// The same for one that is written in a template and compiled with it.
const MAX_PATTERN: usize = 16 * 1024;

/// A compiled pattern. Two are equal if they were written equal and are used alike.
#[derive(Debug, Clone)]
pub(super) struct Regexp {
    source: String,
    anchored: bool,
    compiled: Regex,
    /// A text that every match holds.
    literal: Option<Box<Finder<'static>>>,
    /// Whether it has parts that match any character, so that bytes that are no text could match too.
    matches_any: bool,
}

impl PartialEq for Regexp {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.anchored == other.anchored
    }
}

impl Eq for Regexp {}

impl Regexp {
    /// A pattern that must match a whole text.
    pub(super) fn anchored(source: &str) -> Result<Self, String> {
        Self::compile(source, true, false)
    }

    /// A pattern that may match anywhere. `.` matches no line end.
    pub(super) fn anywhere(source: &str) -> Result<Self, String> {
        Self::compile(source, false, false)
    }

    /// A pattern that may match anywhere in a line. `.` matches line ends too.
    pub(super) fn in_line(source: &str) -> Result<Self, String> {
        Self::compile(source, false, true)
    }

    fn compile(source: &str, anchored: bool, dot_matches_all: bool) -> Result<Self, String> {
        let unusable =
            |reason: String| format!("found the pattern {source:?}, which can't be used: {reason}");
        if source.len() > MAX_PATTERN {
            return Err(unusable(format!("it is longer than {MAX_PATTERN} bytes")));
        }
        let read = dialect::translate(source).map_err(unusable)?;
        let build = |pattern: &str| {
            RegexBuilder::new(pattern)
                .unicode(true)
                .dot_matches_new_line(dot_matches_all)
                .size_limit(MAX_SIZE)
                .dfa_size_limit(MAX_SIZE)
                .build()
        };
        // The pattern alone first: `a)(b` would be legal only between the anchors' parentheses.
        let alone = build(&read.pattern).map_err(|error| unusable(reason(&error)))?;
        let compiled = if anchored {
            build(&format!("^(?:{})$", read.pattern)).map_err(|error| unusable(reason(&error)))?
        } else {
            alone
        };
        let literal = read.literal.map(|literal| Box::new(Finder::new(&literal).into_owned()));
        Ok(Self { source: source.to_owned(), anchored, compiled, literal, matches_any: read.matches_any })
    }

    /// As it was written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn is_match(&self, line: &[u8]) -> bool {
        if !self.may_match(line) {
            return false;
        }
        if self.compiled.is_match(line) {
            return true;
        }
        match self.as_text(line) {
            Cow::Borrowed(_) => false,
            Cow::Owned(text) => self.compiled.is_match(&text),
        }
    }

    /// Whether the line holds what every match holds.
    fn may_match(&self, line: &[u8]) -> bool {
        self.literal.as_ref().is_none_or(|literal| literal.find(line).is_some())
    }

    /// The longest text that every match holds.
    pub(super) fn literal(&self) -> Option<&[u8]> {
        self.literal.as_ref().map(|literal| literal.needle())
    }

    /// The line as patterns see it: bytes that are no text stand for the replacement character, as in Go.
    pub(super) fn as_text<'l>(&self, line: &'l [u8]) -> Cow<'l, [u8]> {
        if !self.matches_any || std::str::from_utf8(line).is_ok() {
            return Cow::Borrowed(line);
        }
        let mut text = Vec::with_capacity(line.len() + 8);
        for chunk in line.utf8_chunks() {
            text.extend_from_slice(chunk.valid().as_bytes());
            for _ in chunk.invalid() {
                text.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        Cow::Owned(text)
    }

    /// The names of the groups, `None` for the whole match and for groups without a name.
    pub(super) fn group_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.compiled.capture_names()
    }

    /// Room for the places of groups.
    pub(super) fn locations(&self) -> CaptureLocations {
        self.compiled.capture_locations()
    }

    /// Finds the groups of the first match in a text that [`Regexp::as_text`] gave; `false` if there is none.
    pub(super) fn find_groups(&self, text: &[u8], locations: &mut CaptureLocations) -> bool {
        self.may_match(text) && self.compiled.captures_read(locations, text).is_some()
    }

    /// Every match replaced: `$1` and `${name}` stand for groups, unless it is to be taken as written.
    pub(super) fn replace_all(&self, text: &str, replacement: &str, as_written: bool) -> String {
        let replaced = if as_written {
            self.compiled.replace_all(text.as_bytes(), regex::bytes::NoExpand(replacement.as_bytes()))
        } else {
            self.compiled.replace_all(text.as_bytes(), replacement.as_bytes())
        };
        String::from_utf8_lossy(&replaced).into_owned()
    }

    /// What the template becomes with the groups of a match; `None` if the text doesn't match.
    pub(super) fn expand(&self, text: &str, template: &str) -> Option<String> {
        let captures = self.compiled.captures(text.as_bytes())?;
        let mut expanded = Vec::new();
        captures.expand(template.as_bytes(), &mut expanded);
        Some(String::from_utf8_lossy(&expanded).into_owned())
    }

    pub(super) fn count(&self, text: &str) -> usize {
        self.compiled.find_iter(text.as_bytes()).count()
    }
}

/// The last line of the library's message; the lines before it draw the pattern once more.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests;
