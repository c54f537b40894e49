//! A place in a line of text, and the few ways to move on from it.
//!
//! It deliberately knows nothing of metrics but the letters of a name.

/// What is left of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self(line)
    }

    pub(super) fn rest(&self) -> &'a str {
        self.0
    }

    /// Takes the longest beginning made of such bytes. Only ASCII may be accepted.
    pub(super) fn take_while(&mut self, accepts: fn(u8) -> bool) -> &'a str {
        let end = self.0.bytes().position(|byte| !accepts(byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at_checked(end).unwrap_or(("", self.0));
        self.0 = rest;
        taken
    }

    /// Takes everything up to a blank or the end.
    pub(super) fn take_word(&mut self) -> &'a str {
        let (word, rest) =
            self.0.split_at_checked(self.0.find([' ', '\t']).unwrap_or(self.0.len())).unwrap_or_default();
        self.0 = rest;
        word
    }

    pub(super) fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Whether a word ends here.
    pub(super) fn at_blank(&self) -> bool {
        self.0.is_empty() || self.0.starts_with([' ', '\t'])
    }

    /// Takes a character if it comes next.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Takes the inside of a quoted text, escapes and all, and its closing quote; `None` if it isn't closed.
    pub(super) fn take_quoted(&mut self) -> Option<&'a str> {
        let mut escaped = false;
        let end = self.0.bytes().position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        })?;
        let (inside, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.strip_prefix('"')?;
        Some(inside)
    }
}

/// What may stand in a metric's name. Label names lack the colon.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':'
}

/// What a metric's name may begin with.
pub(super) fn is_name_start(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_' || letter == ':'
}

/// The beginning of a text, for an error.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.is_empty() {
        return "the end of the line".to_owned();
    }
    match text.char_indices().nth(LONGEST).and_then(|(end, _)| text.get(..end)) {
        Some(beginning) => format!("{beginning:?}…"),
        None => format!("{text:?}"),
    }
}
