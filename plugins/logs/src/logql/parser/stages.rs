//! The stages of a log query.
//!
//! Part of parsing. It deliberately knows every stage of Loki by name: those that are missing here are refused as such,
//! not as labels.

use super::super::ast::{Choice, Extraction, LabelFormat, LineFilter, LineOp, Logfmt, Stage, is_label_name};
use super::super::error::{ParseError, Place};
use super::super::json_path::JsonPath;
use super::super::lexer::TokenKind;
use super::super::line_filter::LineTest;
use super::super::line_pattern::LinePattern;
use super::super::regexp::Regexp;
use super::super::template::Template;
use super::{MAX_STAGES, Parser};

/// Operators that follow a label in a filter; a word before them is no stage's name.
const COMPARISONS: [&str; 9] = ["=", "==", "!=", ">", ">=", "<", "<=", "=~", "!~"];

impl<'t> Parser<'t> {
    /// Whether a stage follows; `| unwrap` is none of a log query.
    pub(super) fn at_stage(&self) -> bool {
        let token = self.peek();
        token.kind == TokenKind::Symbol
            && (matches!(token.text, "|=" | "|~" | "!=" | "!~" | "|>" | "!>")
                || (token.text == "|" && !self.at_unwrap()))
    }

    /// At the `|` of an unwrap expression.
    pub(super) fn at_unwrap(&self) -> bool {
        self.at_symbol("|")
            && self.peek_at(1).text == "unwrap"
            && !COMPARISONS.contains(&self.peek_at(2).text)
    }

    pub(super) fn stage(&mut self) -> Result<Stage, ParseError> {
        self.count_stage()?;
        if !self.take_symbol("|") {
            return self.line_filter();
        }
        let (token, next) = (self.peek(), self.peek_at(1));
        let is_label = COMPARISONS.contains(&next.text) && next.kind == TokenKind::Symbol;
        if token.kind != TokenKind::Word || is_label {
            return Ok(Stage::Filter(self.label_filter()?));
        }
        let at = token.at;
        self.advance();
        match token.text {
            "json" => Ok(Stage::Json(self.extractions(|path| JsonPath::new(&path))?)),
            "logfmt" => self.logfmt(),
            "regexp" => self.regexp(),
            "pattern" => {
                let source = self.quoted("a pattern in quotes, such as \"<ip> - <_>\"")?;
                LinePattern::new(&source).map(Stage::Pattern).map_err(|reason| self.invalid(next.at, reason))
            }
            "unpack" => Ok(Stage::Unpack),
            "decolorize" => Ok(Stage::Decolorize),
            "line_format" => {
                let source = self.quoted("a template in quotes, such as \"{{.level}}\"")?;
                Template::new(&source).map(Stage::LineFormat).map_err(|reason| self.invalid(next.at, reason))
            }
            "label_format" => self.label_format(),
            "drop" => Ok(Stage::Drop(self.choices()?)),
            "keep" => Ok(Stage::Keep(self.choices()?)),
            "distinct" => Err(self.unsupported(at, "`| distinct`", "leave it out")),
            "variants" | "ip" => Err(self.unsupported(at, &format!("`{}`", token.text), "leave it out")),
            _ => Err(self.unknown_stage(token.text)),
        }
    }

    pub(super) fn count_stage(&mut self) -> Result<(), ParseError> {
        self.stages += 1;
        if self.stages <= MAX_STAGES {
            return Ok(());
        }
        let place = Place::of(self.text, self.peek().at);
        Err(ParseError::TooMuch { place, what: "stages", found: self.stages, limit: MAX_STAGES })
    }

    fn unknown_stage(&mut self, name: &str) -> ParseError {
        self.unexpected(&format!(
            "a comparison behind the label `{name}`, or one of the stages json, logfmt, regexp, pattern, unpack, \
             line_format, label_format, decolorize, drop, keep"
        ))
    }

    fn line_filter(&mut self) -> Result<Stage, ParseError> {
        let token = self.peek();
        let op = match token.text {
            "|=" => LineOp::Contains,
            "!=" => LineOp::NotContains,
            "|~" => LineOp::Matches,
            "!~" => LineOp::NotMatches,
            "|>" | "!>" => {
                let help = "use `|~` with a regular expression";
                return Err(self.unsupported(token.at, &format!("the line filter `{}`", token.text), help));
            }
            _ => return Err(self.unexpected("a stage")),
        };
        self.advance();
        let mut alternatives = vec![self.line_test(op)?];
        while self.take_word("or") {
            self.count_stage()?;
            alternatives.push(self.line_test(op)?);
        }
        Ok(Stage::Line(LineFilter { op, alternatives }))
    }

    fn line_test(&mut self, op: LineOp) -> Result<LineTest, ParseError> {
        let at = self.peek().at;
        if self.at_word("ip") {
            return Err(self.unsupported(at, "`ip(…)` in a filter", "use `|~` with a regular expression"));
        }
        let text = self.quoted("a text in quotes")?;
        match op {
            LineOp::Contains | LineOp::NotContains => Ok(LineTest::text(&text)),
            LineOp::Matches | LineOp::NotMatches => {
                Regexp::in_line(&text).map(LineTest::Pattern).map_err(|reason| self.invalid(at, reason))
            }
        }
    }

    fn logfmt(&mut self) -> Result<Stage, ParseError> {
        let mut logfmt = Logfmt::default();
        while self.peek().kind == TokenKind::Flag {
            match self.peek().text {
                "--strict" => logfmt.strict = true,
                "--keep-empty" => logfmt.keep_empty = true,
                _ => return Err(self.unexpected("--strict or --keep-empty")),
            }
            self.advance();
        }
        logfmt.fields = self.extractions(|key| match key.trim() {
            "" => Err("found an empty key, expected one of the line's keys".to_owned()),
            key => Ok(key.to_owned()),
        })?;
        Ok(Stage::Logfmt(logfmt))
    }

    /// `label, other="expression"`, perhaps none.
    fn extractions<S>(
        &mut self,
        read: impl Fn(String) -> Result<S, String>,
    ) -> Result<Vec<Extraction<S>>, ParseError> {
        let mut extractions: Vec<Extraction<S>> = Vec::new();
        if self.peek().kind != TokenKind::Word || self.at_end_of_range() {
            return Ok(extractions);
        }
        loop {
            let at = self.peek().at;
            let label = self.word("a label's name")?;
            let from_at = if self.take_symbol("=") { self.peek().at } else { at };
            let source =
                if from_at == at { label.to_owned() } else { self.quoted("an expression in quotes")? };
            let from = read(source).map_err(|reason| self.invalid(from_at, reason))?;
            if extractions.iter().any(|extraction| extraction.label == label) {
                return Err(self
                    .invalid(at, format!("found the label `{label}` twice in one stage, expected it once")));
            }
            extractions.push(Extraction { label: label.to_owned(), from });
            if !self.take_symbol(",") {
                return Ok(extractions);
            }
        }
    }

    /// At a word that belongs to what is around the query.
    fn at_end_of_range(&self) -> bool {
        self.at_word("offset") && matches!(self.peek_at(1).kind, TokenKind::Duration(_))
    }

    fn regexp(&mut self) -> Result<Stage, ParseError> {
        let at = self.peek().at;
        let source = self.quoted("a regular expression in quotes")?;
        let regexp = Regexp::anywhere(&source).map_err(|reason| self.invalid(at, reason))?;
        let names: Vec<&str> = regexp.group_names().flatten().collect();
        if names.is_empty() {
            let reason = format!(
                "found the pattern {source:?}, expected at least one named group such as (?P<status>…)"
            );
            return Err(self.invalid(at, reason));
        }
        if let Some(name) = names.iter().find(|name| !is_label_name(name)) {
            return Err(self.invalid(at, format!("found the group {name:?}, expected a label's name")));
        }
        Ok(Stage::Regexp(regexp))
    }

    fn label_format(&mut self) -> Result<Stage, ParseError> {
        let mut formats: Vec<LabelFormat> = Vec::new();
        loop {
            let at = self.peek().at;
            let to = self.word("a label's name")?.to_owned();
            if to == "__error__" {
                return Err(
                    self.invalid(at, "found the label `__error__`, which can't be formatted".to_owned())
                );
            }
            let same = |format: &LabelFormat| {
                matches!(format,
                LabelFormat::Rename { to: other, .. } | LabelFormat::Template { to: other, .. } if *other == to)
            };
            if formats.iter().any(same) {
                return Err(
                    self.invalid(at, format!("found the label `{to}` twice in one stage, expected it once"))
                );
            }
            self.symbol("=", "`=`")?;
            let token = self.peek();
            formats.push(match token.kind {
                TokenKind::Word => {
                    self.advance();
                    LabelFormat::Rename { to, from: token.text.to_owned() }
                }
                TokenKind::Text(source) => {
                    self.advance();
                    let template = Template::new(&source).map_err(|reason| self.invalid(token.at, reason))?;
                    LabelFormat::Template { to, template }
                }
                _ => return Err(self.unexpected("a label's name or a template in quotes")),
            });
            if !self.take_symbol(",") {
                return Ok(Stage::LabelFormat(formats));
            }
        }
    }

    /// `label, other="value"`; `!=` compares the label, as in Loki, and begins no line filter.
    fn choices(&mut self) -> Result<Vec<Choice>, ParseError> {
        let mut choices = Vec::new();
        loop {
            let name = self.word("a label's name")?;
            choices.push(match self.peek().text {
                "=" | "!=" | "=~" | "!~" => Choice::Matches(self.matcher(name)?),
                _ => Choice::Name(name.to_owned()),
            });
            if !self.take_symbol(",") {
                return Ok(choices);
            }
        }
    }
}
