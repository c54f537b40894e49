//! A query as text again: what is printed reads back to the same query.
//!
//! It deliberately prints one way only: conditions joined by `and` and `or`, parentheses where they are needed to read
//! back, ranges at the end.

use std::fmt::{self, Write as _};

use super::ast::{
    Binary, Choice, CompareOp, Expr, Extraction, Grouping, LabelFilter, LabelFormat, LineFilter, LineOp,
    LogQuery, LogRange, MatchOp, Matcher, Metric, MetricQuery, RangeAggregation, Selector, Stage, Unwrap,
    VectorAggregation,
};
use super::units;

/// A text in double quotes, with what can't stand there escaped.
pub(super) struct Quoted<'t>(pub(super) &'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for char in self.0.chars() {
            match char {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                char if char.is_control() => write!(f, "\\u{:04x}", u32::from(char))?,
                char => f.write_char(char)?,
            }
        }
        f.write_char('"')
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(query) => query.fmt(f),
            Self::Metric(query) => query.fmt(f),
        }
    }
}

impl fmt::Display for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.selector.fmt(f)?;
        self.stages.iter().try_for_each(|stage| write!(f, " {stage}"))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        list(f, &self.0, ", ")?;
        f.write_str("}")
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Matches => "=~",
            MatchOp::NotMatches => "!~",
        };
        write!(f, "{}{op}{}", self.name, Quoted(&self.value))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(filter) => filter.fmt(f),
            Self::Json(fields) => extractions(f, "| json", fields),
            Self::Logfmt(logfmt) => {
                f.write_str("| logfmt")?;
                if logfmt.strict {
                    f.write_str(" --strict")?;
                }
                if logfmt.keep_empty {
                    f.write_str(" --keep-empty")?;
                }
                extractions(f, "", &logfmt.fields)
            }
            Self::Regexp(regexp) => write!(f, "| regexp {}", Quoted(regexp.source())),
            Self::Pattern(pattern) => write!(f, "| pattern {}", Quoted(pattern.source())),
            Self::Unpack => f.write_str("| unpack"),
            Self::Filter(filter) => write!(f, "| {filter}"),
            Self::LineFormat(template) => write!(f, "| line_format {}", Quoted(template.source())),
            Self::LabelFormat(formats) => {
                f.write_str("| label_format ")?;
                list(f, formats, ", ")
            }
            Self::Decolorize => f.write_str("| decolorize"),
            Self::Drop(choices) => {
                f.write_str("| drop ")?;
                list(f, choices, ", ")
            }
            Self::Keep(choices) => {
                f.write_str("| keep ")?;
                list(f, choices, ", ")
            }
        }
    }
}

impl fmt::Display for LineFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            LineOp::Contains => "|=",
            LineOp::NotContains => "!=",
            LineOp::Matches => "|~",
            LineOp::NotMatches => "!~",
        };
        write!(f, "{op} ")?;
        for (at, alternative) in self.alternatives.iter().enumerate() {
            let or = if at == 0 { "" } else { " or " };
            write!(f, "{or}{}", Quoted(alternative.source()))?;
        }
        Ok(())
    }
}

impl fmt::Display for LabelFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matches(matcher) => matcher.fmt(f),
            Self::Number { name, op, value } => write!(f, "{name}{}{value}", op.spelling()),
            Self::Duration { name, op, value } => {
                write!(f, "{name}{}{}", op.spelling(), units::print_go_duration(*value))
            }
            Self::Bytes { name, op, value } => write!(f, "{name}{}{value}B", op.spelling()),
            Self::And(both) => write!(f, "({} and {})", both.0, both.1),
            Self::Or(both) => write!(f, "({} or {})", both.0, both.1),
        }
    }
}

impl CompareOp {
    /// As it is written in label filters and between series.
    pub(super) const fn spelling(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

impl<S: AsRef<str>> fmt::Display for Extraction<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.label, Quoted(self.from.as_ref()))
    }
}

impl fmt::Display for LabelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename { to, from } => write!(f, "{to}={from}"),
            Self::Template { to, template } => write!(f, "{to}={}", Quoted(template.source())),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Matches(matcher) => matcher.fmt(f),
        }
    }
}

impl fmt::Display for MetricQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(range) => range.fmt(f),
            Self::Aggregate(aggregate) => aggregate.fmt(f),
            Self::Binary(binary) => binary.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Vector(value) => write!(f, "vector({value})"),
            Self::LabelReplace(call) => write!(
                f,
                "label_replace({}, {}, {}, {}, {})",
                call.of,
                Quoted(&call.to),
                Quoted(&call.replacement),
                Quoted(&call.from),
                Quoted(call.regexp.source())
            ),
        }
    }
}

impl fmt::Display for RangeAggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.op.name())?;
        if let Some(parameter) = self.parameter {
            write!(f, "{parameter}, ")?;
        }
        write!(f, "{})", self.of)?;
        self.grouping.iter().try_for_each(|grouping| write!(f, " {grouping}"))
    }
}

impl fmt::Display for LogRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.query.fmt(f)?;
        self.unwrap.iter().try_for_each(|unwrap| write!(f, " {unwrap}"))?;
        write!(f, " [{}]", units::print_range_duration(self.range))?;
        if self.offset != 0 {
            write!(f, " offset {}", units::print_range_duration(self.offset))?;
        }
        Ok(())
    }
}

impl fmt::Display for Unwrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.conversion.name() {
            Some(conversion) => write!(f, "| unwrap {conversion}({})", self.label)?,
            None => write!(f, "| unwrap {}", self.label)?,
        }
        self.filters.iter().try_for_each(|filter| write!(f, " | {filter}"))
    }
}

impl fmt::Display for VectorAggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.name())?;
        self.grouping.iter().try_for_each(|grouping| write!(f, " {grouping} "))?;
        f.write_str("(")?;
        if let Some(parameter) = self.parameter {
            write!(f, "{parameter}, ")?;
        }
        write!(f, "{})", self.of)
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.without { "without" } else { "by" };
        write!(f, "{word} ({})", self.labels.join(", "))
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bool = if self.as_bool { " bool" } else { "" };
        write!(f, "({} {}{bool} {})", self.left, self.op.spelling(), self.right)
    }
}

fn extractions<S: AsRef<str>>(
    f: &mut fmt::Formatter<'_>,
    stage: &str,
    fields: &[Extraction<S>],
) -> fmt::Result {
    f.write_str(stage)?;
    if !fields.is_empty() {
        f.write_str(" ")?;
    }
    list(f, fields, ", ")
}

fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], between: &str) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { between })?;
        item.fmt(f)?;
    }
    Ok(())
}
