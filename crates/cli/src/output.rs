//! Standard output: text for people, bytes for programs, and never bytes for a person's terminal.
//!
//! It deliberately holds no format: callers hand in finished text or bytes.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use crate::failure::Failure;

/// Standard output, buffered. Every error of it is a [`Failure`]; a closed pipe is a silent one.
#[derive(Debug)]
pub(crate) struct Output {
    out: BufWriter<Stdout>,
    terminal: bool,
}

impl Output {
    /// The program's standard output.
    pub(crate) fn stdout() -> Self {
        let out = io::stdout();
        let terminal = out.is_terminal();
        Self { out: BufWriter::new(out), terminal }
    }

    /// Whether a person looks at it.
    pub(crate) const fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether colours are welcome.
    pub(crate) fn color(&self) -> bool {
        color_wanted(self.terminal)
    }

    /// Writes text.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text(text)?;
        self.text("\n")
    }

    /// Writes a JSON value, indented for a person and on one line for a program.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text =
            if self.terminal { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        self.line(&text.map_err(|cause| Failure::file("the answer can't be written as JSON").because(cause))?)
    }

    /// Writes bytes of a binary format; refuses when a person would see them.
    pub(crate) fn binary(&mut self, bytes: &[u8], what: &str) -> Result<(), Failure> {
        if self.terminal {
            return Err(Failure::usage(format!(
                "{what} is binary and standard output is a terminal; add --out FILE or a pipe"
            )));
        }
        self.bytes(bytes)
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes).map_err(Failure::stdout)
    }

    /// Hands everything to the reader.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::stdout)
    }
}

/// Colours go to terminals only, and not when `NO_COLOR` is set to anything (no-color.org) or `TERM` is `dumb`.
pub(crate) fn color_wanted(terminal: bool) -> bool {
    let set = |key: &str| std::env::var_os(key).filter(|value| !value.is_empty());
    terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// Characters in a line of the terminal; 100 where there is none.
pub(crate) fn columns() -> u32 {
    console::Term::stdout().size_checked().map_or(100, |(_, columns)| u32::from(columns))
}
