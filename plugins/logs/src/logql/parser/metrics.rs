//! Metric queries: ranges, aggregations, operators.
//!
//! Part of parsing. It deliberately knows every function of Loki by name: those that are missing here are refused as
//! such.

use super::super::ast::{
    Binary, BinaryOp, Conversion, Grouping, LabelReplace, LogQuery, LogRange, Metric, MetricQuery,
    RangeAggregation, RangeOp, Unwrap, VectorAggregation, VectorOp,
};
use super::super::error::ParseError;
use super::super::lexer::TokenKind;
use super::super::regexp::Regexp;
use super::Parser;

/// Functions that Loki has and this parser lacks, with what to do.
const MISSING: [(&str, &str); 8] = [
    ("rate_counter", "use `rate` with `unwrap`"),
    ("bytes_over_time_counter", "use `bytes_over_time`"),
    ("approx_topk", "use `topk`"),
    ("sort", "sort in the panel"),
    ("sort_desc", "sort in the panel"),
    ("group", "use `count`"),
    ("label_join", "use `label_format`"),
    ("variants", "use several queries"),
];

impl<'t> Parser<'t> {
    pub(super) fn metric_query(&mut self) -> Result<MetricQuery, ParseError> {
        self.operators(0).map(MetricQuery)
    }

    /// Operators that bind at least as tight as `least`, and their operands.
    fn operators(&mut self, least: u8) -> Result<Metric, ParseError> {
        self.deeper()?;
        let mut left = self.operand()?;
        while let Some(op) = BinaryOp::spelled(self.peek().text).filter(|op| op.precedence() >= least) {
            let at = self.peek().at;
            self.advance();
            // Chains nest to the left, and count like stages.
            self.count_stage()?;
            left = self.operation(left, op, at)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operation(&mut self, left: Metric, op: BinaryOp, at: usize) -> Result<Metric, ParseError> {
        let modifier = self.peek();
        let as_bool = self.take_word("bool");
        if as_bool && !matches!(op, BinaryOp::Compare(_)) {
            return Err(self.invalid(
                modifier.at,
                format!("found `bool` behind `{}`, expected a comparison", op.spelling()),
            ));
        }
        if matches!(self.peek().text, "on" | "ignoring" | "group_left" | "group_right") {
            let what = format!("`{}`", self.peek().text);
            let help = "give both sides the same labels with `sum by (…)`";
            return Err(self.unsupported(self.peek().at, &what, help));
        }
        // `^` groups to the right, all others to the left.
        let right = self.operators(op.precedence() + u8::from(op != BinaryOp::Pow))?;
        if let (Metric::Number(left), Metric::Number(right)) = (&left, &right) {
            return self.folded(op, *left, *right, at);
        }
        let numbers = matches!(left, Metric::Number(_)) || matches!(right, Metric::Number(_));
        if numbers && matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless) {
            let found = format!(
                "found `{}` between a number and series, expected series on both sides",
                op.spelling()
            );
            return Err(self.invalid(at, found));
        }
        Ok(Metric::Binary(Box::new(Binary { op, as_bool, left, right })))
    }

    /// Two numbers make a number.
    fn folded(&self, op: BinaryOp, left: f64, right: f64, at: usize) -> Result<Metric, ParseError> {
        let value = match op {
            BinaryOp::Add => left + right,
            BinaryOp::Sub => left - right,
            BinaryOp::Mul => left * right,
            BinaryOp::Div if right == 0.0 => f64::NAN,
            BinaryOp::Div => left / right,
            BinaryOp::Mod if right == 0.0 => f64::NAN,
            BinaryOp::Mod => left % right,
            BinaryOp::Pow => left.powf(right),
            BinaryOp::Compare(op) => f64::from(u8::from(op.holds(left, right))),
            BinaryOp::Or | BinaryOp::And | BinaryOp::Unless => {
                let found = format!("found `{}` between two numbers, expected series", op.spelling());
                return Err(self.invalid(at, found));
            }
        };
        if value.is_finite() {
            return Ok(Metric::Number(value));
        }
        Err(self.invalid(at, format!("found `{left} {} {right}`, which is no finite number", op.spelling())))
    }

    fn operand(&mut self) -> Result<Metric, ParseError> {
        let token = self.peek();
        match (&token.kind, token.text) {
            (TokenKind::Symbol, "(") => {
                self.advance();
                let metric = self.operators(0)?;
                self.symbol(")", "`)` or an operator")?;
                Ok(metric)
            }
            (TokenKind::Symbol, "+" | "-") => {
                self.advance();
                let value = self.number("a number behind the sign")?;
                Ok(Metric::Number(if token.text == "-" { -value } else { value }))
            }
            (TokenKind::Number(value), _) => {
                self.advance();
                Ok(Metric::Number(*value))
            }
            (TokenKind::Symbol, "{") => {
                Err(self.unexpected("a function around a log query, such as rate({…}[5m])"))
            }
            (TokenKind::Word, name) => self.call(name, token.at),
            _ => Err(self.unexpected("a selector such as {job=\"nginx\"}, a function or a number")),
        }
    }

    fn call(&mut self, name: &'t str, at: usize) -> Result<Metric, ParseError> {
        if let Some(op) = RangeOp::ALL.into_iter().find(|op| op.name() == name) {
            self.advance();
            return self.range_aggregation(op, at);
        }
        if let Some(op) = VectorOp::ALL.into_iter().find(|op| op.name() == name) {
            self.advance();
            return self.vector_aggregation(op, at);
        }
        if let Some((name, help)) = MISSING.iter().find(|(missing, _)| *missing == name) {
            return Err(self.unsupported(at, &format!("the function `{name}`"), help));
        }
        match name {
            "vector" => {
                self.advance();
                self.symbol("(", "`(` behind `vector`")?;
                let negative = self.take_symbol("-");
                let value = self.number("a number")?;
                self.symbol(")", "`)`")?;
                Ok(Metric::Vector(if negative { -value } else { value }))
            }
            "label_replace" => {
                self.advance();
                self.label_replace()
            }
            _ => {
                let ranges = RangeOp::ALL.map(RangeOp::name).join(", ");
                let vectors = VectorOp::ALL.map(VectorOp::name).join(", ");
                Err(self.unexpected(&format!("a selector such as {{job=\"nginx\"}}, or one of {ranges}, {vectors}, vector, label_replace")))
            }
        }
    }

    fn number(&mut self, expected: &str) -> Result<f64, ParseError> {
        let TokenKind::Number(value) = self.peek().kind else { return Err(self.unexpected(expected)) };
        self.advance();
        Ok(value)
    }

    fn range_aggregation(&mut self, op: RangeOp, at: usize) -> Result<Metric, ParseError> {
        self.symbol("(", &format!("`(` behind `{}`", op.name()))?;
        let mut parameter = None;
        if op == RangeOp::Quantile {
            parameter = Some(
                self.number("a number from 0 to 1, such as quantile_over_time(0.99, {…} | unwrap x [5m])")?,
            );
            self.symbol(",", "`,` behind the number")?;
        }
        let of = self.log_range()?;
        self.symbol(")", "`)`")?;
        let grouping = self.grouping()?;
        let range = RangeAggregation { op, parameter, of, grouping };
        self.check_range(&range, at)?;
        Ok(Metric::Range(Box::new(range)))
    }

    fn check_range(&self, range: &RangeAggregation, at: usize) -> Result<(), ParseError> {
        use RangeOp as Op;
        let name = range.op.name();
        let unwrapped = range.of.unwrap.is_some();
        let takes_lines = matches!(range.op, Op::Count | Op::Rate | Op::Bytes | Op::BytesRate | Op::Absent);
        let takes_values = !matches!(range.op, Op::Count | Op::Bytes | Op::BytesRate);
        if unwrapped && !takes_values {
            return Err(self
                .invalid(at, format!("found `{name}` with `unwrap`, expected it without: it counts lines")));
        }
        if !unwrapped && !takes_lines {
            let expected = format!(
                "found `{name}` without `unwrap`, expected a label to take values of: {{…}} | unwrap label [5m]"
            );
            return Err(self.invalid(at, expected));
        }
        let groups = !takes_lines && range.op != Op::Sum;
        if range.grouping.is_some() && !groups {
            let expected =
                format!("found `by` or `without` behind `{name}(…)`, expected `sum by (…) ({name}(…))`");
            return Err(self.invalid(at, expected));
        }
        Ok(())
    }

    /// A log query with its range, which may stand behind the selector, behind the stages, or behind parentheses.
    fn log_range(&mut self) -> Result<LogRange, ParseError> {
        let range = self.log_range_parts()?;
        if range.range > 0 { Ok(range) } else { Err(self.unexpected("a stage or a range such as [5m]")) }
    }

    /// The same without checking that there is a range: 0 stands for none.
    fn log_range_parts(&mut self) -> Result<LogRange, ParseError> {
        if self.take_symbol("(") {
            self.deeper()?;
            let mut range = self.log_range_parts()?;
            self.symbol(")", "a stage, a range or `)` behind the query")?;
            self.depth -= 1;
            self.rest_of_range(&mut range)?;
            return Ok(range);
        }
        let selector = self.stream_selector()?;
        let query = LogQuery { selector, stages: Vec::new() };
        let mut range = LogRange { query, unwrap: None, range: 0, offset: 0 };
        self.range_and_offset(&mut range)?;
        while self.at_stage() {
            let stage = self.stage()?;
            range.query.stages.push(stage);
        }
        self.rest_of_range(&mut range)?;
        Ok(range)
    }

    /// What is still missing of `| unwrap label [5m]`, in either order.
    fn rest_of_range(&mut self, range: &mut LogRange) -> Result<(), ParseError> {
        if range.unwrap.is_none() && self.at_unwrap() {
            range.unwrap = Some(self.unwrap()?);
        }
        if range.range == 0 {
            self.range_and_offset(range)?;
        }
        if range.unwrap.is_none() && self.at_unwrap() {
            range.unwrap = Some(self.unwrap()?);
        }
        Ok(())
    }

    /// `[5m] offset 1h`, or nothing.
    fn range_and_offset(&mut self, range: &mut LogRange) -> Result<(), ParseError> {
        let TokenKind::Range(nanos) = self.peek().kind else { return Ok(()) };
        self.advance();
        range.range = nanos;
        if !self.take_word("offset") {
            return Ok(());
        }
        if self.at_symbol("-") {
            return Err(self.unsupported(
                self.peek().at,
                "a negative offset",
                "lines of the future aren't there yet",
            ));
        }
        let TokenKind::Duration(nanos) = self.peek().kind else {
            return Err(self.unexpected("a duration such as 5m behind `offset`"));
        };
        self.advance();
        range.offset = nanos;
        Ok(())
    }

    /// `| unwrap label`, `| unwrap duration(label)`, and the filters behind it.
    fn unwrap(&mut self) -> Result<Unwrap, ParseError> {
        self.advance();
        self.advance();
        let word = self.word("a label's name, or one of duration, duration_seconds, bytes")?;
        let conversions = [Conversion::Duration, Conversion::DurationSeconds, Conversion::Bytes];
        let mut unwrap =
            Unwrap { label: word.to_owned(), conversion: Conversion::Number, filters: Vec::new() };
        if self.at_symbol("(") {
            let known = conversions.into_iter().find(|conversion| conversion.name() == Some(word));
            let Some(conversion) = known else {
                self.next -= 1;
                return Err(self.unexpected("one of duration, duration_seconds, bytes"));
            };
            self.advance();
            unwrap.label = self.word("a label's name")?.to_owned();
            unwrap.conversion = conversion;
            self.symbol(")", "`)`")?;
        }
        while self.at_symbol("|") {
            self.advance();
            self.count_stage()?;
            unwrap.filters.push(self.label_filter()?);
        }
        Ok(unwrap)
    }

    fn vector_aggregation(&mut self, op: VectorOp, at: usize) -> Result<Metric, ParseError> {
        let mut grouping = self.grouping()?;
        self.symbol("(", &format!("`(`, `by` or `without` behind `{}`", op.name()))?;
        let mut parameter = None;
        if matches!(op, VectorOp::Topk | VectorOp::Bottomk) {
            let at = self.peek().at;
            let count = self.number(&format!("a number, such as {}(5, …)", op.name()))?;
            if count < 1.0 || count.fract() != 0.0 || count > 1e6 {
                return Err(self.invalid(
                    at,
                    format!("found `{}({count}, …)`, expected a whole number from 1", op.name()),
                ));
            }
            parameter = Some(count as usize);
            self.symbol(",", "`,` behind the number")?;
        }
        let of = self.operators(0)?;
        self.symbol(")", "`)` or an operator")?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        if matches!(of, Metric::Number(_)) {
            return Err(self.invalid(at, format!("found `{}` of a number, expected series", op.name())));
        }
        Ok(Metric::Aggregate(Box::new(VectorAggregation { op, parameter, of, grouping })))
    }

    /// `by (a, b)` or `without (a, b)`, or nothing.
    fn grouping(&mut self) -> Result<Option<Grouping>, ParseError> {
        let without = self.at_word("without");
        if !without && !self.at_word("by") {
            return Ok(None);
        }
        self.advance();
        self.symbol("(", "`(` and labels")?;
        let mut labels = Vec::new();
        while !self.take_symbol(")") {
            labels.push(self.word("a label's name or `)`")?.to_owned());
            if !self.at_symbol(")") {
                self.symbol(",", "`,` or `)`")?;
            }
        }
        Ok(Some(Grouping { without, labels }))
    }

    fn label_replace(&mut self) -> Result<Metric, ParseError> {
        self.symbol("(", "`(` behind `label_replace`")?;
        let of = self.operators(0)?;
        let mut texts = Vec::with_capacity(4);
        let mut last_at = 0;
        for what in ["the label to write", "the replacement", "the label to read", "the regular expression"] {
            self.symbol(",", &format!("`,` and {what} in quotes"))?;
            last_at = self.peek().at;
            texts.push(self.quoted(&format!("{what} in quotes"))?);
        }
        self.symbol(")", "`)`")?;
        let [to, replacement, from, pattern] = <[String; 4]>::try_from(texts).unwrap_or_default();
        let regexp = Regexp::anchored(&pattern).map_err(|reason| self.invalid(last_at, reason))?;
        Ok(Metric::LabelReplace(Box::new(LabelReplace { of, to, replacement, from, regexp })))
    }
}
