//! Label filters: conditions on labels, joined by `and`, `or`, commas, or by standing side by side.
//!
//! Part of parsing. It deliberately follows Loki's grammar in what binds: `and` tighter than `or`, while a comma or
//! nothing between two conditions binds loosest.

use super::super::ast::{CompareOp, LabelFilter};
use super::super::error::ParseError;
use super::super::lexer::TokenKind;
use super::Parser;

impl Parser<'_> {
    /// Conditions joined by commas, or by nothing.
    pub(super) fn label_filter(&mut self) -> Result<LabelFilter, ParseError> {
        let mut filter = self.alternatives()?;
        loop {
            let comma = self.take_symbol(",");
            if !comma && !self.at_condition() {
                return Ok(filter);
            }
            self.count_condition()?;
            filter = LabelFilter::And(Box::new((filter, self.alternatives()?)));
        }
    }

    fn alternatives(&mut self) -> Result<LabelFilter, ParseError> {
        let mut filter = self.conjunction()?;
        while self.take_word("or") {
            self.count_condition()?;
            filter = LabelFilter::Or(Box::new((filter, self.conjunction()?)));
        }
        Ok(filter)
    }

    fn conjunction(&mut self) -> Result<LabelFilter, ParseError> {
        let mut filter = self.condition()?;
        while self.take_word("and") {
            self.count_condition()?;
            filter = LabelFilter::And(Box::new((filter, self.condition()?)));
        }
        Ok(filter)
    }

    /// Conditions nest to the left: long chains are deep, and count like stages.
    fn count_condition(&mut self) -> Result<(), ParseError> {
        self.count_stage()
    }

    /// Whether a condition follows without anything between.
    fn at_condition(&self) -> bool {
        let token = self.peek();
        self.at_symbol("(")
            || (token.kind == TokenKind::Word
                && matches!(self.peek_at(1).text, "=" | "==" | "!=" | ">" | ">=" | "<" | "<=" | "=~" | "!~"))
    }

    fn condition(&mut self) -> Result<LabelFilter, ParseError> {
        if self.take_symbol("(") {
            self.deeper()?;
            let filter = self.label_filter()?;
            self.symbol(")", "`)`, `and`, `or` or a comma")?;
            self.depth -= 1;
            return Ok(filter);
        }
        let name = self.word("a label's name or a stage")?;
        let value = self.peek_at(1);
        if matches!(value.kind, TokenKind::Text(_)) && self.peek().text != "==" {
            return self.matcher(name).map(LabelFilter::Matches);
        }
        if value.text == "ip" {
            return Err(self.unsupported(
                value.at,
                "`ip(…)` in a filter",
                "use `=~` with a regular expression",
            ));
        }
        let op = match self.peek().text {
            "=" | "==" => CompareOp::Equal,
            "!=" => CompareOp::NotEqual,
            ">" => CompareOp::Greater,
            ">=" => CompareOp::GreaterOrEqual,
            "<" => CompareOp::Less,
            "<=" => CompareOp::LessOrEqual,
            "=~" | "!~" => {
                self.advance();
                return Err(self.unexpected("a regular expression in quotes"));
            }
            _ => return Err(self.unexpected("a comparison such as `=`, `=~`, `>` or `<=`")),
        };
        self.advance();
        self.comparison(name.to_owned(), op)
    }

    fn comparison(&mut self, name: String, op: CompareOp) -> Result<LabelFilter, ParseError> {
        let negative = !self.take_symbol("+") && self.take_symbol("-");
        let filter = match self.peek().kind {
            TokenKind::Number(value) => {
                LabelFilter::Number { name, op, value: if negative { -value } else { value } }
            }
            TokenKind::Duration(value) => {
                LabelFilter::Duration { name, op, value: if negative { -value } else { value } }
            }
            TokenKind::Bytes(value) if !negative => LabelFilter::Bytes { name, op, value },
            _ => {
                return Err(self.unexpected(
                    "a number, a duration such as 20ms, a size such as 5KB, or a text in quotes",
                ));
            }
        };
        self.advance();
        Ok(filter)
    }
}
