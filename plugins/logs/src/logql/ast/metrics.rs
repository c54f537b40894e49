//! Metric queries once they have been read.
//!
//! It deliberately keeps numbers of nanoseconds and plain numbers apart by the names of fields, not by types.

use super::super::regexp::Regexp;
use super::{CompareOp, LabelFilter, LogQuery};

/// A metric query.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricQuery(pub(in crate::logql) Metric);

#[derive(Debug, Clone, PartialEq)]
pub(in crate::logql) enum Metric {
    Range(Box<RangeAggregation>),
    Aggregate(Box<VectorAggregation>),
    Binary(Box<Binary>),
    Number(f64),
    /// `vector(…)`: one series without labels.
    Vector(f64),
    LabelReplace(Box<LabelReplace>),
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::logql) struct RangeAggregation {
    pub(in crate::logql) op: RangeOp,
    /// Of `quantile_over_time`.
    pub(in crate::logql) parameter: Option<f64>,
    pub(in crate::logql) of: LogRange,
    pub(in crate::logql) grouping: Option<Grouping>,
}

/// Lines, or values of a label of theirs, of a while.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::logql) struct LogRange {
    pub(in crate::logql) query: LogQuery,
    pub(in crate::logql) unwrap: Option<Unwrap>,
    /// Nanoseconds.
    pub(in crate::logql) range: i64,
    /// Nanoseconds, not negative.
    pub(in crate::logql) offset: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::logql) struct Unwrap {
    pub(in crate::logql) label: String,
    pub(in crate::logql) conversion: Conversion,
    pub(in crate::logql) filters: Vec<LabelFilter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::logql) enum Conversion {
    Number,
    Duration,
    DurationSeconds,
    Bytes,
}

impl Conversion {
    pub(in crate::logql) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Number => None,
            Self::Duration => Some("duration"),
            Self::DurationSeconds => Some("duration_seconds"),
            Self::Bytes => Some("bytes"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::logql) enum RangeOp {
    Count,
    Rate,
    Bytes,
    BytesRate,
    Absent,
    Sum,
    Avg,
    Min,
    Max,
    First,
    Last,
    Stddev,
    Stdvar,
    Quantile,
}

impl RangeOp {
    pub(in crate::logql) const ALL: [Self; 14] = [
        Self::Count,
        Self::Rate,
        Self::Bytes,
        Self::BytesRate,
        Self::Absent,
        Self::Sum,
        Self::Avg,
        Self::Min,
        Self::Max,
        Self::First,
        Self::Last,
        Self::Stddev,
        Self::Stdvar,
        Self::Quantile,
    ];

    pub(in crate::logql) const fn name(self) -> &'static str {
        match self {
            Self::Count => "count_over_time",
            Self::Rate => "rate",
            Self::Bytes => "bytes_over_time",
            Self::BytesRate => "bytes_rate",
            Self::Absent => "absent_over_time",
            Self::Sum => "sum_over_time",
            Self::Avg => "avg_over_time",
            Self::Min => "min_over_time",
            Self::Max => "max_over_time",
            Self::First => "first_over_time",
            Self::Last => "last_over_time",
            Self::Stddev => "stddev_over_time",
            Self::Stdvar => "stdvar_over_time",
            Self::Quantile => "quantile_over_time",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::logql) struct VectorAggregation {
    pub(in crate::logql) op: VectorOp,
    /// Of `topk` and `bottomk`.
    pub(in crate::logql) parameter: Option<usize>,
    pub(in crate::logql) of: Metric,
    pub(in crate::logql) grouping: Option<Grouping>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::logql) enum VectorOp {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
}

impl VectorOp {
    pub(in crate::logql) const ALL: [Self; 9] = [
        Self::Sum,
        Self::Avg,
        Self::Min,
        Self::Max,
        Self::Count,
        Self::Stddev,
        Self::Stdvar,
        Self::Topk,
        Self::Bottomk,
    ];

    pub(in crate::logql) const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::Stddev => "stddev",
            Self::Stdvar => "stdvar",
            Self::Topk => "topk",
            Self::Bottomk => "bottomk",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::logql) struct Grouping {
    pub(in crate::logql) without: bool,
    pub(in crate::logql) labels: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::logql) struct Binary {
    pub(in crate::logql) op: BinaryOp,
    pub(in crate::logql) as_bool: bool,
    pub(in crate::logql) left: Metric,
    pub(in crate::logql) right: Metric,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::logql) enum BinaryOp {
    Or,
    And,
    Unless,
    Compare(CompareOp),
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
}

impl BinaryOp {
    pub(in crate::logql) fn spelled(text: &str) -> Option<Self> {
        Some(match text {
            "or" => Self::Or,
            "and" => Self::And,
            "unless" => Self::Unless,
            "==" => Self::Compare(CompareOp::Equal),
            "!=" => Self::Compare(CompareOp::NotEqual),
            ">" => Self::Compare(CompareOp::Greater),
            ">=" => Self::Compare(CompareOp::GreaterOrEqual),
            "<" => Self::Compare(CompareOp::Less),
            "<=" => Self::Compare(CompareOp::LessOrEqual),
            "+" => Self::Add,
            "-" => Self::Sub,
            "*" => Self::Mul,
            "/" => Self::Div,
            "%" => Self::Mod,
            "^" => Self::Pow,
            _ => return None,
        })
    }

    pub(in crate::logql) const fn spelling(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Unless => "unless",
            Self::Compare(op) => op.spelling(),
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
        }
    }

    /// Greater binds tighter.
    pub(in crate::logql) const fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Compare(_) => 3,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div | Self::Mod => 5,
            Self::Pow => 6,
        }
    }
}

/// `label_replace(…)`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::logql) struct LabelReplace {
    pub(in crate::logql) of: Metric,
    pub(in crate::logql) to: String,
    pub(in crate::logql) replacement: String,
    pub(in crate::logql) from: String,
    pub(in crate::logql) regexp: Regexp,
}
