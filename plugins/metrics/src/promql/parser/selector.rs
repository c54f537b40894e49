//! Selectors: label matchers, ranges, subqueries, `offset` and `@`, and lists of label names.
//!
//! Part of parsing. It deliberately compiles patterns right away, so that a bad one is reported at its place.

use super::Parser;
use crate::promql::ast::{Expr, Kind, Pin, Selector, Shift, Subquery, ValueType};
use crate::promql::error::PromqlError;
use crate::promql::lexer::TokenKind;
use crate::promql::{self, literal};
use crate::series::{METRIC_NAME, MatchOp, Matcher};

/// Words that PromQL doesn't take as a metric's name.
const RESERVED: [&str; 6] = ["atan2", "bool", "group_left", "group_right", "ignoring", "on"];

impl Parser<'_> {
    /// `name`, `name{…}` or `{…}`
    pub(super) fn selector(&mut self) -> Result<Selector, PromqlError> {
        let at = self.peek().at;
        let mut matchers = Vec::new();
        if self.peek().kind == TokenKind::Word {
            let word = self.peek().text;
            if RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved)) {
                return Err(self.unexpected("a metric or another operand"));
            }
            matchers.push(name_is(word));
            self.advance();
        }
        if self.take_symbol("{") {
            self.matchers(&mut matchers)?;
        }
        if matchers.iter().all(takes_empty) {
            return Err(self.wrong_at(
                at,
                "found a selector that would take every series, expected a metric or a matcher that refuses \
                 the empty text",
            ));
        }
        Ok(Selector { matchers, shift: Shift::default() })
    }

    /// Everything after `{`, up to and with `}`.
    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Result<(), PromqlError> {
        while !self.take_symbol("}") {
            let at = self.peek().at;
            let matcher = self.matcher()?;
            let named = |matcher: &Matcher| &*matcher.name == METRIC_NAME;
            let one = |matcher: &Matcher| named(matcher) && matches!(matcher.op, MatchOp::Equal(_));
            if named(&matcher) && matchers.iter().any(one) {
                return Err(self.wrong_at(at, "found the metric's name a second time, expected it once"));
            }
            matchers.push(matcher);
            if !self.take_symbol(",") {
                return self.expect("}", "`,` or `}`");
            }
        }
        Ok(())
    }

    /// `label="value"`, or the metric's name in quotes.
    fn matcher(&mut self) -> Result<Matcher, PromqlError> {
        let name = match &self.peek().kind {
            TokenKind::Word if !self.peek().text.contains(':') => self.peek().text.to_owned(),
            TokenKind::Text(text) => text.clone(),
            _ => return Err(self.unexpected("a label or `}`")),
        };
        let quoted = self.peek().kind != TokenKind::Word;
        self.advance();
        let op = self.peek().text;
        if !matches!(op, "=" | "!=" | "=~" | "!~") || self.peek().kind != TokenKind::Symbol {
            if quoted && (self.at_symbol(",") || self.at_symbol("}")) {
                return Ok(name_is(&name));
            }
            return Err(self.unexpected("one of `=`, `!=`, `=~`, `!~`"));
        }
        self.advance();
        let TokenKind::Text(value) = &self.peek().kind else {
            return Err(self.unexpected("a value in quotes"));
        };
        // The place of an error is the value, so it is read before the token is passed.
        let matcher = promql::matcher(&name, op, value).map_err(|reason| self.wrong(reason))?;
        self.advance();
        Ok(matcher)
    }

    /// `[5m]`, `[1h:1m]`, `offset 5m` and `@ 0` behind an operand, as many as follow.
    pub(super) fn suffixes(&mut self, mut expr: Expr) -> Result<Expr, PromqlError> {
        loop {
            let at = self.peek().at;
            expr = if self.take_symbol("[") {
                self.range(expr, at)?
            } else if self.take_keyword("offset") {
                let sign = if self.take_symbol("-") { -1 } else { 1 };
                self.take_symbol("+");
                let offset = sign * self.duration()?;
                let expected = "expected it once, behind a selector or a subquery";
                let shift = shift_of(&mut expr).filter(|shift| shift.offset.is_none());
                let shift = shift.ok_or_else(|| self.wrong_at(at, format!("found `offset`, {expected}")))?;
                shift.offset = Some(offset);
                expr
            } else if self.take_symbol("@") {
                let pin = self.pin()?;
                let expected = "expected it once, behind a selector or a subquery";
                let shift = shift_of(&mut expr).filter(|shift| shift.pin.is_none());
                let shift = shift.ok_or_else(|| self.wrong_at(at, format!("found `@`, {expected}")))?;
                shift.pin = Some(pin);
                expr
            } else {
                return Ok(expr);
            };
        }
    }

    /// A range or a subquery; its `[` is read already.
    fn range(&mut self, expr: Expr, at: usize) -> Result<Expr, PromqlError> {
        let range = self.positive_duration("a range")?;
        if !self.take_symbol(":") {
            self.expect("]", "`]`, or `:` and the step of a subquery")?;
            return match expr.kind {
                Kind::Vector(selector) if selector.shift.offset.is_none() && selector.shift.pin.is_none() => {
                    Ok(Expr::new(Kind::Range(selector, range), expr.at))
                }
                Kind::Vector(_) => Err(self.wrong_at(
                    at,
                    "found a range behind `offset` or `@`, expected the range directly behind the selector",
                )),
                _ => Err(self.wrong_at(
                    at,
                    "found a range behind something that isn't a selector; for a subquery write `[range:step]`",
                )),
            };
        }
        let step = match self.at_symbol("]") {
            true => None,
            false => Some(self.positive_duration("a subquery's step")?),
        };
        self.expect("]", "`]`")?;
        if expr.value_type() != ValueType::Vector {
            let found = expr.value_type().name();
            return Err(self.wrong_at(at, format!("found a subquery of {found}, expected an instant vector")));
        }
        let at = expr.at;
        let subquery = Subquery { expr, range, step, shift: Shift::default() };
        self.shallow(Expr::new(Kind::Subquery(Box::new(subquery)), at))
    }

    fn positive_duration(&mut self, what: &str) -> Result<i64, PromqlError> {
        let at = self.peek().at;
        match self.duration()? {
            0 => Err(self.wrong_at(at, format!("found 0, expected {what} longer than 0"))),
            duration => Ok(duration),
        }
    }

    /// A duration, or a number of seconds; milliseconds.
    fn duration(&mut self) -> Result<i64, PromqlError> {
        let duration = match self.peek().kind {
            TokenKind::Duration(millis) => millis,
            TokenKind::Number(number) => self.seconds(number)?,
            _ => return Err(self.unexpected("a duration such as `5m`")),
        };
        self.advance();
        Ok(duration)
    }

    /// The number at hand as seconds; milliseconds.
    fn seconds(&self, number: f64) -> Result<i64, PromqlError> {
        let text = self.peek().text;
        let reason = || self.wrong(format!("found {text} seconds, expected at most 1000 years"));
        literal::seconds(number).ok_or_else(reason)
    }

    /// What follows `@`: seconds since the epoch, `start()` or `end()`.
    fn pin(&mut self) -> Result<Pin, PromqlError> {
        let pin = match self.peek().text.to_ascii_lowercase().as_str() {
            "start" => Pin::Start,
            "end" => Pin::End,
            _ => {
                let sign = if self.take_symbol("-") { -1.0 } else { 1.0 };
                self.take_symbol("+");
                let TokenKind::Number(number) = self.peek().kind else {
                    return Err(self.unexpected("seconds since 1970, `start()` or `end()`"));
                };
                let millis = self.seconds(sign * number)?;
                self.advance();
                return Ok(Pin::At(millis));
            }
        };
        self.advance();
        self.expect("(", "`()`")?;
        self.expect(")", "`)`")?;
        Ok(pin)
    }

    /// `(a, b, …)`
    pub(super) fn label_names(&mut self) -> Result<Vec<String>, PromqlError> {
        self.expect("(", "`(` and label names")?;
        let mut names = Vec::new();
        while !self.take_symbol(")") {
            let name = match &self.peek().kind {
                TokenKind::Word if !self.peek().text.contains(':') => self.peek().text.to_owned(),
                TokenKind::Text(text) => text.clone(),
                _ => return Err(self.unexpected("a label's name or `)`")),
            };
            names.push(name);
            self.advance();
            if !self.take_symbol(",") {
                self.expect(")", "`,` or `)`")?;
                break;
            }
        }
        Ok(names)
    }
}

fn name_is(name: &str) -> Matcher {
    Matcher { name: METRIC_NAME.into(), op: MatchOp::Equal(name.into()) }
}

/// Whether series without the label meet the matcher.
fn takes_empty(matcher: &Matcher) -> bool {
    match &matcher.op {
        MatchOp::Equal(value) => value.is_empty(),
        MatchOp::NotEqual(value) => !value.is_empty(),
        MatchOp::Matches(pattern) => pattern.is_match(""),
        MatchOp::NotMatches(pattern) => !pattern.is_match(""),
    }
}

fn shift_of(expr: &mut Expr) -> Option<&mut Shift> {
    match &mut expr.kind {
        Kind::Vector(selector) | Kind::Range(selector, _) => Some(&mut selector.shift),
        Kind::Subquery(subquery) => Some(&mut subquery.shift),
        _ => None,
    }
}
