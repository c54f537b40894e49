//! The texts that every match of a pattern holds.
//!
//! It deliberately looks outside of groups alone: what it misses costs time, what it got wrong would lose lines.

/// The texts that every match holds, gathered along the way; groups count as unknown.
#[derive(Debug, Default)]
pub(super) struct Literals {
    current: String,
    best: String,
    /// Groups that are open.
    depth: usize,
    /// Whether alternatives make every text a mere possibility.
    spoilt: bool,
}

impl Literals {
    /// Shorter ones aren't worth a search of their own.
    const LEAST: usize = 2;

    pub(super) fn push(&mut self, char: char) {
        if self.depth == 0 {
            self.current.push(char);
        }
    }

    /// Something else than a character follows.
    pub(super) fn end(&mut self) {
        if self.current.len() > self.best.len() {
            self.best.clone_from(&self.current);
        }
        self.current.clear();
    }

    /// The last character may be missing.
    pub(super) fn optional(&mut self) {
        self.current.pop();
        self.end();
    }

    pub(super) fn open(&mut self) {
        self.end();
        self.depth += 1;
    }

    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn alternative(&mut self) {
        self.spoilt |= self.depth == 0;
    }

    pub(super) fn longest(mut self) -> Option<Vec<u8>> {
        self.end();
        (!self.spoilt && self.best.len() >= Self::LEAST).then(|| self.best.into_bytes())
    }
}
