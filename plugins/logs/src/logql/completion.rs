//! What can follow at a place in a query: for editors that complete while somebody types.
//!
//! It works on the tokens before the cursor, so queries that are not finished are its normal case. It deliberately knows
//! no labels and no values: it says that one is wanted, of which label and with which selector, and whoever reads streams
//! looks it up.

use super::ast::{RangeOp, VectorOp};
use super::lexer::{self, Token, TokenKind};
use super::template;

/// What can follow. Of several, all are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    /// A label's name in a selector or a grouping.
    LabelName,
    /// The value of this label.
    LabelValue(String),
    /// A label that parsers extract, besides those of streams.
    ExtractedLabel,
    /// A stage's name, such as `json`.
    Stage(&'static str),
    /// An operator of a line filter or a comparison, such as `|=`.
    Operator(&'static str),
    /// A function, such as `rate`.
    Function(&'static str),
    /// A keyword, such as `by`.
    Keyword(&'static str),
    /// A range, such as `[5m]`.
    Range,
    /// A function of templates.
    TemplateFunction(&'static str),
}

/// Stages by their names.
const STAGES: [&str; 12] = [
    "json",
    "logfmt",
    "pattern",
    "regexp",
    "unpack",
    "line_format",
    "label_format",
    "decolorize",
    "drop",
    "keep",
    "unwrap",
    "__error__=\"\"",
];
const LINE_FILTERS: [&str; 5] = ["|=", "!=", "|~", "!~", "|"];
const MATCHERS: [&str; 4] = ["=", "!=", "=~", "!~"];
const COMPARISONS: [&str; 9] = ["=", "!=", "=~", "!~", ">", ">=", "<", "<=", "=="];
const BETWEEN_SERIES: [&str; 15] =
    ["+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<=", "and", "or", "unless"];

/// What can follow the first `cursor` bytes of a text. A word that ends at the cursor is taken as begun: it is replaced
/// by what is chosen.
#[must_use]
pub fn at(text: &str, cursor: usize) -> Vec<Completion> {
    let before = text.get(..cursor).unwrap_or(text);
    let before = before.trim_end_matches(|char: char| char.is_ascii_alphanumeric() || char == '_');
    if let Some(open) = open_text(before) {
        return in_text(open);
    }
    // What is no token, such as a lone `!`, can be completed by nobody.
    let Ok(tokens) = lexer::tokens(before) else { return in_unfinished(before) };
    let mut place = Place::Start;
    let mut around = Vec::new();
    for token in &tokens {
        place = place.after(token, &mut around);
    }
    place.completions(&around)
}

/// The text up to a quote that is not closed, and what stands behind that quote.
fn open_text(before: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    while let Some(found) = before.get(at..).and_then(|rest| rest.find(['"', '`'])) {
        at += found;
        match lexer::quoted(before.get(at..)?) {
            Ok((_, length)) => at += length,
            Err(_) => return Some((before.get(..at)?, before.get(at + 1..)?)),
        }
    }
    None
}

fn in_text((outside, inside): (&str, &str)) -> Vec<Completion> {
    let tokens = lexer::tokens(outside).unwrap_or_default();
    let words: Vec<&Token<'_>> = tokens.iter().rev().skip(1).take(2).collect();
    match words.as_slice() {
        [op, name] if MATCHERS.contains(&op.text) && name.kind == TokenKind::Word => {
            let is_template = inside.contains("{{");
            if is_template {
                template_functions()
            } else {
                vec![Completion::LabelValue(name.text.to_owned())]
            }
        }
        [word, ..] if word.text == "line_format" && inside.rfind("{{") > inside.rfind("}}") => {
            template_functions()
        }
        _ => Vec::new(),
    }
}

fn template_functions() -> Vec<Completion> {
    let functions = template::function_names().map(Completion::TemplateFunction);
    std::iter::once(Completion::ExtractedLabel).chain(functions).collect()
}

/// At a bracket that is not closed a duration is wanted.
fn in_unfinished(before: &str) -> Vec<Completion> {
    if before.rfind('[') > before.rfind(']') { vec![Completion::Range] } else { Vec::new() }
}

/// Where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// In a selector: a name is wanted.
    MatcherName,
    MatcherOperator,
    MatcherValue,
    AfterMatcher,
    /// Behind a selector or a stage.
    AfterStage,
    /// Behind `|`.
    StageName,
    /// Behind `|=` and its kin.
    FilterText,
    /// Behind a label in a filter.
    Comparison,
    ComparedWith,
    /// Behind `drop`, `by (` and wherever names of labels stand in a list.
    LabelList,
    AfterLabel,
    /// Behind a function or `by (…)`.
    AfterFunction,
    /// Behind a complete metric query.
    AfterMetric,
    /// Behind `by` or `without`.
    GroupingBegin,
}

/// What a bracket was opened by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Selector,
    Range,
    Vector,
    Grouping,
    Parentheses,
}

impl Place {
    fn after(self, token: &Token<'_>, around: &mut Vec<Around>) -> Self {
        match (&token.kind, token.text) {
            (TokenKind::End, _) => self,
            (_, "{") => {
                around.push(Around::Selector);
                Self::MatcherName
            }
            (_, "}") => {
                around.pop();
                Self::AfterStage
            }
            (_, "(") => self.opened(around),
            (_, ")") => match around.pop() {
                Some(Around::Grouping) => Self::AfterFunction,
                _ => Self::AfterMetric,
            },
            (TokenKind::Range(_), _) => Self::AfterStage,
            (_, "|") => Self::StageName,
            (_, "|=" | "|~") => Self::FilterText,
            (_, "!=" | "!~") if self == Self::AfterStage => Self::FilterText,
            (_, ",") => match (around.last(), self) {
                (Some(Around::Selector), _) => Self::MatcherName,
                (Some(Around::Grouping), _) | (_, Self::AfterLabel) => Self::LabelList,
                (Some(Around::Range | Around::Vector | Around::Parentheses), Self::AfterMetric) => {
                    Self::Start
                }
                _ => Self::StageName,
            },
            (TokenKind::Symbol, _) => match self {
                Self::MatcherOperator => Self::MatcherValue,
                Self::Comparison | Self::AfterLabel => Self::ComparedWith,
                _ => Self::Start,
            },
            (TokenKind::Word, word) => self.after_word(word, around),
            _ => match self {
                Self::MatcherValue => Self::AfterMatcher,
                Self::Start => Self::AfterMetric,
                _ => Self::AfterStage,
            },
        }
    }

    fn opened(self, around: &mut Vec<Around>) -> Self {
        let kind = match self {
            Self::GroupingBegin => Around::Grouping,
            Self::AfterFunction => match around.pop() {
                Some(kind @ (Around::Range | Around::Vector)) => kind,
                Some(other) => {
                    around.push(other);
                    Around::Vector
                }
                None => Around::Vector,
            },
            _ => Around::Parentheses,
        };
        around.push(kind);
        match kind {
            Around::Grouping => Self::LabelList,
            _ if self == Self::StageName => Self::StageName,
            _ => Self::Start,
        }
    }

    fn after_word(self, word: &str, around: &mut Vec<Around>) -> Self {
        match (self, word) {
            (Self::MatcherName, _) => Self::MatcherOperator,
            (Self::Start | Self::AfterMetric | Self::AfterFunction, "by" | "without") => Self::GroupingBegin,
            (Self::AfterMetric, _) => Self::Start,
            (Self::Start, _) => {
                // Remembered until its parenthesis opens.
                let is_range = RangeOp::ALL.iter().any(|op| op.name() == word);
                around.push(if is_range { Around::Range } else { Around::Vector });
                Self::AfterFunction
            }
            (Self::StageName, "drop" | "keep" | "label_format" | "unwrap") => Self::LabelList,
            (Self::StageName, "json" | "logfmt" | "unpack" | "decolorize") => Self::AfterStage,
            (Self::StageName, "pattern" | "regexp" | "line_format") => Self::FilterText,
            (Self::StageName, _) => Self::Comparison,
            (Self::LabelList, _) => Self::AfterLabel,
            (Self::AfterStage, "and" | "or") => Self::StageName,
            _ => Self::AfterStage,
        }
    }

    fn completions(self, around: &[Around]) -> Vec<Completion> {
        use Completion as C;
        let operators = |all: &[&'static str]| all.iter().copied().map(C::Operator).collect::<Vec<_>>();
        match self {
            Self::Start if around.last() == Some(&Around::Range) => vec![C::Operator("{")],
            Self::Start => {
                let functions =
                    RangeOp::ALL.map(RangeOp::name).into_iter().chain(VectorOp::ALL.map(VectorOp::name));
                std::iter::once(C::Operator("{")).chain(functions.map(C::Function)).collect()
            }
            Self::MatcherName => vec![C::LabelName],
            Self::MatcherOperator => operators(&MATCHERS),
            Self::AfterMatcher => operators(&[",", "}"]),
            Self::AfterStage => {
                let mut all = operators(&LINE_FILTERS);
                if around.contains(&Around::Range) {
                    all.extend([C::Range, C::Operator(")"), C::Keyword("offset")]);
                }
                all
            }
            Self::StageName => STAGES.into_iter().map(C::Stage).chain([C::ExtractedLabel]).collect(),
            Self::Comparison => operators(&COMPARISONS),
            Self::LabelList if around.last() == Some(&Around::Grouping) => {
                vec![C::LabelName, C::ExtractedLabel]
            }
            Self::LabelList => vec![C::ExtractedLabel, C::LabelName],
            Self::AfterLabel if around.last() == Some(&Around::Grouping) => operators(&[",", ")"]),
            Self::AfterLabel => operators(&[",", "=", "|"]),
            Self::AfterFunction => vec![C::Operator("("), C::Keyword("by"), C::Keyword("without")],
            Self::GroupingBegin => operators(&["("]),
            Self::AfterMetric => {
                let mut all = operators(&BETWEEN_SERIES);
                all.extend([C::Keyword("by"), C::Keyword("without")]);
                all
            }
            Self::MatcherValue | Self::FilterText | Self::ComparedWith => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
