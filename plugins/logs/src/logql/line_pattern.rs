//! The expression of `| pattern`: texts and captures, `<ip> - - <_> "<method> <path> <_>"`.
//!
//! A stage of the pipeline. It deliberately backs off never: each capture ends where the next text first occurs.

use memchr::memmem::Finder;

use super::ast::is_label_name;

/// A pattern that has been read.
#[derive(Debug, Clone)]
pub(super) struct LinePattern {
    source: String,
    /// What the line must begin with; may be empty.
    prefix: String,
    captures: Vec<Capture>,
}

#[derive(Debug, Clone)]
struct Capture {
    /// `None` for `<_>`.
    label: Option<String>,
    /// What follows; `None` at the end of the pattern.
    until: Option<Finder<'static>>,
}

impl PartialEq for LinePattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl LinePattern {
    pub(super) fn new(source: &str) -> Result<Self, String> {
        let unusable = |reason: &str| format!("found the pattern {source:?}, which can't be used: {reason}");
        let mut pattern = Self { source: source.to_owned(), prefix: String::new(), captures: Vec::new() };
        let mut literal = String::new();
        let mut rest = source;
        while let Some(char) = rest.chars().next() {
            let Some((label, tail)) = capture(rest) else {
                literal.push(char);
                rest = rest.get(char.len_utf8()..).unwrap_or_default();
                continue;
            };
            if literal.is_empty() && !pattern.captures.is_empty() {
                return Err(unusable("two captures have nothing between them"));
            }
            pattern.end_literal(&literal);
            literal.clear();
            let label = (label != "_").then(|| label.to_owned());
            if label.is_some() && pattern.captures.iter().any(|capture| capture.label == label) {
                return Err(unusable("a name stands in it twice"));
            }
            pattern.captures.push(Capture { label, until: None });
            rest = tail;
        }
        if !pattern.captures.iter().any(|capture| capture.label.is_some()) {
            return Err(unusable("it has no capture with a name, expected one such as <method>"));
        }
        if !literal.is_empty() {
            pattern.end_literal(&literal);
        }
        Ok(pattern)
    }

    fn end_literal(&mut self, literal: &str) {
        match self.captures.last_mut() {
            Some(capture) => capture.until = Some(Finder::new(literal).into_owned()),
            None => literal.clone_into(&mut self.prefix),
        }
    }

    /// As it was written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Gives each label's value. A text that doesn't occur leaves the rest of the line to the capture before it, and
    /// ends the search.
    pub(super) fn each<'l>(&self, line: &'l [u8], mut found: impl FnMut(&str, &'l [u8])) {
        let Some(mut rest) = line.strip_prefix(self.prefix.as_bytes()) else { return };
        for capture in &self.captures {
            let end =
                capture.until.as_ref().and_then(|until| Some((until.find(rest)?, until.needle().len())));
            let (at, skip) = end.unwrap_or((rest.len(), 0));
            if let Some(label) = &capture.label {
                found(label, rest.get(..at).unwrap_or_default());
            }
            if end.is_none() {
                return;
            }
            rest = rest.get(at + skip..).unwrap_or_default();
        }
    }
}

/// The name of the capture that a text begins with, and what follows it.
fn capture(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix('<')?.split_once('>')?;
    is_label_name(name).then_some((name, rest))
}

#[cfg(test)]
mod tests;
