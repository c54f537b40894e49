//! Tokens → queries, with every pattern, template and path compiled on the way.
//!
//! Second half of parsing: selectors and log queries here, stages in `parser/stages`, label filters in
//! `parser/filters`, metric queries in `parser/metrics`. It deliberately evaluates nothing, and it is the reason that a
//! hostile query can't exhaust stack or memory: length, depth and stages are bounded.

mod filters;
mod metrics;
mod stages;
#[cfg(test)]
mod tests;

use super::ast::{Expr, LogQuery, MatchOp, Matcher, Selector};
use super::error::{ParseError, Place};
use super::lexer::{self, Token, TokenKind};

/// How long a query's text may be, in bytes.
pub(super) const MAX_LENGTH: usize = 64 * 1024;
/// How deep expressions may stand in each other.
pub(super) const MAX_DEPTH: usize = 64;
/// How many stages the queries of an expression may have together.
pub(super) const MAX_STAGES: usize = 128;

/// Reads a whole query.
pub(super) fn parse(text: &str) -> Result<Expr, ParseError> {
    if text.len() > MAX_LENGTH {
        let place = Place { line: 1, column: 1 };
        return Err(ParseError::TooMuch {
            place,
            what: "bytes of query",
            found: text.len(),
            limit: MAX_LENGTH,
        });
    }
    let mut parser = Parser { text, tokens: lexer::tokens(text)?, next: 0, depth: 0, stages: 0 };
    let expr = if parser.begins_log_query() {
        Expr::Log(parser.log_query()?)
    } else {
        Expr::Metric(parser.metric_query()?)
    };
    match parser.peek().kind {
        TokenKind::End => Ok(expr),
        _ => Err(parser.behind(&expr)),
    }
}

/// Reads a selector alone, as `match[]` of Loki's API has it.
pub(super) fn selector(text: &str) -> Result<Selector, ParseError> {
    match parse(text)? {
        Expr::Log(query) if query.stages.is_empty() => Ok(query.selector),
        _ => Err(ParseError::Syntax {
            place: Place { line: 1, column: 1 },
            found: "a query".to_owned(),
            expected: "a selector alone, such as {job=\"nginx\"}".to_owned(),
        }),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
    depth: usize,
    stages: usize,
}

impl<'t> Parser<'t> {
    /// Whether the first thing but parentheses is a selector.
    fn begins_log_query(&self) -> bool {
        let mut after = self.tokens.iter().skip(self.next).skip_while(|token| token.text == "(");
        if after.next().is_none_or(|token| token.text != "{") {
            return false;
        }
        // `({a="b"} |= "c")` is a log query; nothing that is metric begins with a selector.
        true
    }

    /// A selector and its stages, perhaps in parentheses.
    fn log_query(&mut self) -> Result<LogQuery, ParseError> {
        if self.take_symbol("(") {
            self.deeper()?;
            let query = self.log_query()?;
            self.symbol(")", "`)` behind the query")?;
            self.depth -= 1;
            return Ok(query);
        }
        let selector = self.stream_selector()?;
        let mut query = LogQuery { selector, stages: Vec::new() };
        while self.at_stage() {
            let stage = self.stage()?;
            query.stages.push(stage);
        }
        Ok(query)
    }

    fn stream_selector(&mut self) -> Result<Selector, ParseError> {
        self.symbol("{", "a selector such as {job=\"nginx\"}")?;
        let mut matchers = Vec::new();
        if self.take_symbol("}") {
            return Ok(Selector(matchers));
        }
        loop {
            let name = self.word("a label's name")?;
            matchers.push(self.matcher(name)?);
            if self.take_symbol("}") {
                return Ok(Selector(matchers));
            }
            self.symbol(",", "`,` or `}`")?;
        }
    }

    /// What follows a label's name: an operator and a text.
    fn matcher(&mut self, name: &str) -> Result<Matcher, ParseError> {
        let op = match self.peek().text {
            "=" => MatchOp::Equal,
            "!=" => MatchOp::NotEqual,
            "=~" => MatchOp::Matches,
            "!~" => MatchOp::NotMatches,
            _ => return Err(self.unexpected("one of `=`, `!=`, `=~`, `!~`")),
        };
        self.advance();
        let at = self.peek().at;
        let value = self.quoted("a text in quotes")?;
        Matcher::new(name, op, &value).map_err(|reason| self.invalid(at, reason))
    }

    fn peek(&self) -> Token<'t> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Token<'t> {
        let end = Token { kind: TokenKind::End, text: "", at: self.text.len() };
        self.tokens.get(self.next + ahead).cloned().unwrap_or(end)
    }

    fn advance(&mut self) {
        self.next += 1;
    }

    fn at_symbol(&self, symbol: &str) -> bool {
        let token = self.tokens.get(self.next);
        token.is_some_and(|token| token.kind == TokenKind::Symbol && token.text == symbol)
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let taken = self.at_symbol(symbol);
        self.next += usize::from(taken);
        taken
    }

    fn symbol(&mut self, symbol: &str, expected: &str) -> Result<(), ParseError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn at_word(&self, word: &str) -> bool {
        let token = self.tokens.get(self.next);
        token.is_some_and(|token| token.kind == TokenKind::Word && token.text == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let taken = self.at_word(word);
        self.next += usize::from(taken);
        taken
    }

    fn word(&mut self, expected: &str) -> Result<&'t str, ParseError> {
        let token = self.peek();
        if token.kind != TokenKind::Word {
            return Err(self.unexpected(expected));
        }
        self.advance();
        Ok(token.text)
    }

    fn quoted(&mut self, expected: &str) -> Result<String, ParseError> {
        let TokenKind::Text(text) = self.peek().kind else { return Err(self.unexpected(expected)) };
        self.advance();
        Ok(text)
    }

    /// Counts a level of parentheses; whoever calls takes it back when the level is over.
    fn deeper(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        let place = Place::of(self.text, self.peek().at);
        Err(ParseError::TooMuch { place, what: "levels of parentheses", found: self.depth, limit: MAX_DEPTH })
    }

    fn invalid(&self, at: usize, reason: String) -> ParseError {
        ParseError::Invalid { place: Place::of(self.text, at), reason }
    }

    fn unsupported(&self, at: usize, what: &str, help: &str) -> ParseError {
        ParseError::Unsupported {
            place: Place::of(self.text, at),
            what: what.to_owned(),
            help: help.to_owned(),
        }
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        let token = self.peek();
        let found = match &token.kind {
            TokenKind::End if self.text.trim().is_empty() => "an empty query".to_owned(),
            TokenKind::End => "the end of the query".to_owned(),
            TokenKind::Text(text) => format!("the text {text:?}"),
            _ => format!("`{}`", token.text),
        };
        ParseError::Syntax { place: Place::of(self.text, token.at), found, expected: expected.to_owned() }
    }

    /// Something stands behind a query that is complete.
    fn behind(&self, expr: &Expr) -> ParseError {
        let token = self.peek();
        match (expr, &token.kind) {
            (Expr::Log(_), TokenKind::Range(_)) => {
                self.unexpected("a function around a range, such as count_over_time({…}[5m])")
            }
            (Expr::Log(_), _) => {
                self.unexpected("a stage (`|`, `|=`, `!=`, `|~`, `!~`) or the end of the query")
            }
            (Expr::Metric(_), _) if token.text == "offset" => {
                self.unexpected("`offset` directly behind the range, such as rate({…}[5m] offset 1h)")
            }
            (Expr::Metric(_), _) => self.unexpected("an operator or the end of the query"),
        }
    }
}
