//! Tokens → expressions, types checked on the way.
//!
//! Second half of parsing: operators by precedence, calls, aggregations; selectors are in `parser/selector.rs`.
//! It deliberately evaluates nothing, and it is the reason that a hostile query can't exhaust the stack: both
//! its own recursion and the depth of what it builds are bounded.
//!
//! Written here rather than taken from `promql-parser` 0.11: that crate adds 1.65 MB to a static binary (its
//! grammar runtime, chrono and the full regex), its errors have no position, and it panics on `x[1e300]`.

mod check;
mod selector;
#[cfg(test)]
mod tests;

use super::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Cardinality, Expr, Grouping, Kind, Matching, ValueType,
};
use super::error::{Place, PromqlError};
use super::functions;
use super::lexer::{self, Token, TokenKind};

/// How long a query's text may be, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// How deep expressions may stand in each other.
const MAX_DEPTH: usize = 128;
/// Binds tighter than multiplication, looser than `^`.
const UNARY: u8 = BinaryOp::Pow.precedence();

/// Reads a whole query.
pub(super) fn parse(text: &str) -> Result<Expr, PromqlError> {
    if text.len() > MAX_LENGTH {
        return Err(PromqlError::Invalid {
            place: Place { line: 1, column: 1 },
            reason: format!("found a query of {} bytes, expected at most {MAX_LENGTH}", text.len()),
        });
    }
    let mut parser = Parser { text, tokens: lexer::tokens(text)?, next: 0, depth: 0 };
    if parser.peek().kind == TokenKind::End {
        return Err(parser.wrong("found an empty query, expected an expression"));
    }
    let expr = parser.expression(0)?;
    match parser.peek().kind {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected("an operator or the end of the query")),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// Operators that bind at least as tight as `least`, and their operands.
    fn expression(&mut self, least: u8) -> Result<Expr, PromqlError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep(self.peek().at));
        }
        let mut left = self.signed()?;
        while let Some(op) = BinaryOp::spelled(self.peek().text).filter(|op| op.precedence() >= least) {
            self.advance();
            left = self.operation(left, op)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// What follows the operator, put together with the left side.
    fn operation(&mut self, left: Expr, op: BinaryOp) -> Result<Expr, PromqlError> {
        let modifiers_at = self.peek().at;
        let as_bool = self.take_keyword("bool");
        let matching = self.matching()?;
        // `^` groups to the right, all others to the left.
        let tighter = u8::from(op != BinaryOp::Pow);
        let right = self.expression(op.precedence() + tighter)?;
        let at = left.at;
        let returns = match (left.value_type(), right.value_type()) {
            (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
            _ => ValueType::Vector,
        };
        let written = matching.is_some();
        let matching = matching.unwrap_or_default();
        let binary = Binary { op, left, right, matching, as_bool, returns };
        self.check_operation(&binary, written, modifiers_at)?;
        self.shallow(Expr::new(Kind::Binary(Box::new(binary)), at))
    }

    /// `on (…)` or `ignoring (…)`, then perhaps `group_left (…)` or `group_right (…)`.
    fn matching(&mut self) -> Result<Option<Matching>, PromqlError> {
        let labels = if self.take_keyword("on") {
            Grouping::By(self.label_names()?)
        } else if self.take_keyword("ignoring") {
            Grouping::Without(self.label_names()?)
        } else if self.at_keyword("group_left") || self.at_keyword("group_right") {
            return Err(self.unexpected("`on` or `ignoring` before it"));
        } else {
            return Ok(None);
        };
        let cardinality = if self.take_keyword("group_left") {
            Cardinality::ManyToOne
        } else if self.take_keyword("group_right") {
            Cardinality::OneToMany
        } else {
            return Ok(Some(Matching { labels, ..Matching::default() }));
        };
        let include = if self.at_symbol("(") { self.label_names()? } else { Vec::new() };
        Ok(Some(Matching { labels, cardinality, include }))
    }

    /// An operand with the signs before it.
    fn signed(&mut self) -> Result<Expr, PromqlError> {
        let at = self.peek().at;
        let minus = match self.peek().text {
            "-" => true,
            "+" => false,
            _ => return self.operand(),
        };
        self.advance();
        let inner = self.expression(UNARY)?;
        if !matches!(inner.value_type(), ValueType::Scalar | ValueType::Vector) {
            let found = inner.value_type().name();
            return Err(self.wrong_at(
                at,
                format!("found a sign before {found}, expected a scalar or an instant vector after it"),
            ));
        }
        let kind = match inner.kind {
            Kind::Number(value) if minus => Kind::Number(-value),
            _ if minus => Kind::Negate(Box::new(inner)),
            _ => Kind::Paren(Box::new(inner)),
        };
        self.shallow(Expr::new(kind, at))
    }

    /// A literal, selector, call, aggregation or parenthesis, with the brackets and modifiers behind it.
    fn operand(&mut self) -> Result<Expr, PromqlError> {
        let at = self.peek().at;
        let kind = match &self.peek().kind {
            TokenKind::Number(value) => Kind::Number(*value),
            TokenKind::Duration(millis) => Kind::Number(*millis as f64 / 1000.0),
            TokenKind::Text(text) => Kind::Text(text.clone()),
            TokenKind::Symbol if self.at_symbol("(") => {
                self.advance();
                let inner = self.expression(0)?;
                self.expect(")", "an operator or `)`")?;
                let paren = self.shallow(Expr::new(Kind::Paren(Box::new(inner)), at))?;
                return self.suffixes(paren);
            }
            TokenKind::Symbol if self.at_symbol("{") => {
                let selector = self.selector()?;
                return self.suffixes(Expr::new(Kind::Vector(selector), at));
            }
            TokenKind::Word => return self.word(),
            _ => {
                return Err(self.unexpected("a metric, a number, a function, an aggregation, `(` or `{`"));
            }
        };
        self.advance();
        self.suffixes(Expr::new(kind, at))
    }

    /// What a word begins depends on the word and on what follows it.
    fn word(&mut self) -> Result<Expr, PromqlError> {
        let (word, at) = (self.peek().text, self.peek().at);
        let number = match word.to_ascii_lowercase().as_str() {
            "inf" => Some(f64::INFINITY),
            "nan" => Some(f64::NAN),
            _ => None,
        };
        let expr = if let Some(op) = AggregateOp::named(word).filter(|_| self.begins_aggregation()) {
            self.advance();
            self.aggregation(op, at)?
        } else if self.peek_after().text == "(" {
            self.advance();
            self.call(word, at)?
        } else if let Some(value) = number {
            self.advance();
            Expr::new(Kind::Number(value), at)
        } else {
            Expr::new(Kind::Vector(self.selector()?), at)
        };
        self.suffixes(expr)
    }

    /// `sum(`, `sum by (`, `sum without (`; anything else behind the word makes it a metric.
    fn begins_aggregation(&self) -> bool {
        let after = self.peek_after().text;
        after == "(" || after.eq_ignore_ascii_case("by") || after.eq_ignore_ascii_case("without")
    }

    fn aggregation(&mut self, op: AggregateOp, at: usize) -> Result<Expr, PromqlError> {
        let before = self.grouping()?;
        let mut args = self.arguments()?;
        let grouping = match before {
            Some(grouping) => Some(grouping),
            None => self.grouping()?,
        };
        let wanted = 1 + usize::from(op.param().is_some());
        if args.len() != wanted {
            let found = args.len();
            return Err(
                self.wrong_at(at, format!("found {found} arguments of the aggregation, expected {wanted}"))
            );
        }
        let Some(expr) = args.pop() else { return Err(self.unexpected("an argument")) };
        let param = args.pop();
        self.expect_type(&expr, ValueType::Vector, "argument of the aggregation")?;
        if let (Some(param), Some(wanted)) = (&param, op.param()) {
            self.expect_type(param, wanted, "parameter of the aggregation")?;
        }
        let grouping = grouping.unwrap_or_else(|| Grouping::By(Vec::new()));
        let aggregate = Aggregate { op, param, expr, grouping };
        self.shallow(Expr::new(Kind::Aggregate(Box::new(aggregate)), at))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, PromqlError> {
        if self.take_keyword("by") {
            return Ok(Some(Grouping::By(self.label_names()?)));
        }
        if self.take_keyword("without") {
            return Ok(Some(Grouping::Without(self.label_names()?)));
        }
        Ok(None)
    }

    fn call(&mut self, name: &str, at: usize) -> Result<Expr, PromqlError> {
        let Some(function) = functions::named(name) else {
            return Err(PromqlError::UnknownFunction {
                place: Place::of(self.text, at),
                name: name.to_owned(),
                supported: functions::names().collect::<Vec<_>>().join(", "),
            });
        };
        let args = self.arguments()?;
        self.check_call(function, &args, at)?;
        self.shallow(Expr::new(Kind::Call(function, args), at))
    }

    /// `(a, b, …)`
    fn arguments(&mut self) -> Result<Vec<Expr>, PromqlError> {
        self.expect("(", "`(` and the arguments")?;
        let mut args = Vec::new();
        if self.take_symbol(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression(0)?);
            if !self.take_symbol(",") {
                self.expect(")", "an operator, `,` or `)`")?;
                return Ok(args);
            }
        }
    }

    fn peek(&self) -> &Token<'t> {
        const END: Token<'static> = Token { kind: TokenKind::End, text: "", at: 0 };
        // The last token is `End` and is never passed.
        self.tokens.get(self.next).unwrap_or(const { &END })
    }

    fn peek_after(&self) -> &Token<'t> {
        self.tokens.get(self.next + 1).unwrap_or_else(|| self.peek())
    }

    fn advance(&mut self) {
        self.next = (self.next + 1).min(self.tokens.len().saturating_sub(1));
    }

    fn at_symbol(&self, symbol: &str) -> bool {
        self.peek().kind == TokenKind::Symbol && self.peek().text == symbol
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.at_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn at_keyword(&self, keyword: &str) -> bool {
        self.peek().kind == TokenKind::Word && self.peek().text.eq_ignore_ascii_case(keyword)
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.at_keyword(keyword);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str, expected: &str) -> Result<(), PromqlError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The expression, unless it has become too deep.
    fn shallow(&self, expr: Expr) -> Result<Expr, PromqlError> {
        if expr.depth > MAX_DEPTH { Err(self.too_deep(expr.at)) } else { Ok(expr) }
    }

    fn too_deep(&self, at: usize) -> PromqlError {
        self.wrong_at(at, format!("found expressions nested deeper than {MAX_DEPTH}, expected fewer levels"))
    }

    fn unexpected(&self, expected: &str) -> PromqlError {
        let token = self.peek();
        let found = match token.kind {
            TokenKind::End => "the end of the query".to_owned(),
            _ => format!("`{}`", token.text.chars().take(60).collect::<String>()),
        };
        self.wrong(format!("found {found}, expected {expected}"))
    }

    fn wrong(&self, reason: impl Into<String>) -> PromqlError {
        self.wrong_at(self.peek().at, reason)
    }

    fn wrong_at(&self, at: usize, reason: impl Into<String>) -> PromqlError {
        PromqlError::Invalid { place: Place::of(self.text, at), reason: reason.into() }
    }
}
