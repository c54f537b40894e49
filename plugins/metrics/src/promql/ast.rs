//! A parsed query: expressions with their place in the text and their type.
//!
//! The parser builds it, the evaluator walks it; it deliberately knows neither text nor samples.

use crate::series::Matcher;

use super::functions::Function;

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number per step.
    Scalar,
    /// At most one value per series and step.
    Vector,
    /// A window of samples per series and step.
    Range,
    /// A text.
    Text,
}

impl ValueType {
    /// The name that PromQL's documentation uses, with its article.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Vector => "an instant vector",
            Self::Range => "a range vector",
            Self::Text => "a string",
        }
    }
}

/// An expression.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub(super) kind: Kind,
    /// Byte offset of its first character.
    pub(super) at: usize,
    /// How many expressions stand one inside the other, itself included.
    pub(super) depth: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Number(f64),
    Text(String),
    Vector(Selector),
    /// A selector and the window's length in milliseconds.
    Range(Selector, i64),
    Subquery(Box<Subquery>),
    Call(&'static Function, Vec<Expr>),
    Aggregate(Box<Aggregate>),
    Binary(Box<Binary>),
    Negate(Box<Expr>),
    Paren(Box<Expr>),
}

impl Expr {
    pub(super) fn new(kind: Kind, at: usize) -> Self {
        let below = match &kind {
            Kind::Number(_) | Kind::Text(_) | Kind::Vector(_) | Kind::Range(..) => 0,
            Kind::Subquery(subquery) => subquery.expr.depth,
            Kind::Call(_, args) => args.iter().map(|arg| arg.depth).max().unwrap_or(0),
            Kind::Aggregate(aggregate) => {
                aggregate.expr.depth.max(aggregate.param.as_ref().map_or(0, |param| param.depth))
            }
            Kind::Binary(binary) => binary.left.depth.max(binary.right.depth),
            Kind::Negate(inner) | Kind::Paren(inner) => inner.depth,
        };
        Self { kind, at, depth: below + 1 }
    }

    pub(super) fn value_type(&self) -> ValueType {
        match &self.kind {
            Kind::Number(_) => ValueType::Scalar,
            Kind::Text(_) => ValueType::Text,
            Kind::Vector(_) | Kind::Aggregate(_) => ValueType::Vector,
            Kind::Range(..) | Kind::Subquery(_) => ValueType::Range,
            Kind::Call(function, _) => function.returns,
            Kind::Binary(binary) => binary.returns,
            Kind::Negate(inner) | Kind::Paren(inner) => inner.value_type(),
        }
    }

    /// Adds matchers to every selector in it.
    pub(super) fn narrow(&mut self, matchers: &[Matcher]) {
        match &mut self.kind {
            Kind::Number(_) | Kind::Text(_) => {}
            Kind::Vector(selector) | Kind::Range(selector, _) => {
                selector.matchers.extend_from_slice(matchers)
            }
            Kind::Subquery(subquery) => subquery.expr.narrow(matchers),
            Kind::Call(_, args) => args.iter_mut().for_each(|arg| arg.narrow(matchers)),
            Kind::Aggregate(aggregate) => {
                aggregate.expr.narrow(matchers);
                aggregate.param.iter_mut().for_each(|param| param.narrow(matchers));
            }
            Kind::Binary(binary) => {
                binary.left.narrow(matchers);
                binary.right.narrow(matchers);
            }
            Kind::Negate(inner) | Kind::Paren(inner) => inner.narrow(matchers),
        }
    }

    /// The expression without the parentheses around it.
    pub(super) fn bare(&self) -> &Self {
        match &self.kind {
            Kind::Paren(inner) => inner.bare(),
            _ => self,
        }
    }
}

/// Which series, and how far their times are moved.
#[derive(Debug, Clone)]
pub(super) struct Selector {
    pub(super) matchers: Vec<Matcher>,
    pub(super) shift: Shift,
}

/// `offset` and `@`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shift {
    /// Milliseconds into the past; `None` = not written.
    pub(super) offset: Option<i64>,
    pub(super) pin: Option<Pin>,
}

/// The instant of an `@`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pin {
    /// Milliseconds since the epoch.
    At(i64),
    Start,
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Subquery {
    pub(super) expr: Expr,
    /// Milliseconds.
    pub(super) range: i64,
    /// Milliseconds; `None` = the engine's default.
    pub(super) step: Option<i64>,
    pub(super) shift: Shift,
}

#[derive(Debug, Clone)]
pub(super) struct Aggregate {
    pub(super) op: AggregateOp,
    pub(super) param: Option<Expr>,
    pub(super) expr: Expr,
    pub(super) grouping: Grouping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum AggregateOp {
    Avg,
    BottomK,
    Count,
    CountValues,
    Group,
    Max,
    Min,
    Quantile,
    StdDev,
    StdVar,
    Sum,
    TopK,
}

impl AggregateOp {
    /// The operator of that name, in any case.
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "avg" => Self::Avg,
            "bottomk" => Self::BottomK,
            "count" => Self::Count,
            "count_values" => Self::CountValues,
            "group" => Self::Group,
            "max" => Self::Max,
            "min" => Self::Min,
            "quantile" => Self::Quantile,
            "stddev" => Self::StdDev,
            "stdvar" => Self::StdVar,
            "sum" => Self::Sum,
            "topk" => Self::TopK,
            _ => return None,
        })
    }

    /// The type of the parameter before the vector, if it takes one.
    pub(super) const fn param(self) -> Option<ValueType> {
        match self {
            Self::BottomK | Self::Quantile | Self::TopK => Some(ValueType::Scalar),
            Self::CountValues => Some(ValueType::Text),
            _ => None,
        }
    }
}

/// Labels by which series are put together: of an aggregation, or of an operator's two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grouping {
    /// `by`, `on`
    By(Vec<String>),
    /// `without`, `ignoring`
    Without(Vec<String>),
}

impl Grouping {
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::By(names) | Self::Without(names) => names,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Binary {
    pub(super) op: BinaryOp,
    pub(super) left: Expr,
    pub(super) right: Expr,
    pub(super) matching: Matching,
    /// `bool`: 0 or 1 instead of a filter.
    pub(super) as_bool: bool,
    pub(super) returns: ValueType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    And,
    Or,
    Unless,
}

impl BinaryOp {
    /// The operator of that spelling; words in any case.
    pub(super) fn spelled(text: &str) -> Option<Self> {
        Some(match text {
            "+" => Self::Add,
            "-" => Self::Sub,
            "*" => Self::Mul,
            "/" => Self::Div,
            "%" => Self::Mod,
            "^" => Self::Pow,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            ">" => Self::Greater,
            "<" => Self::Less,
            ">=" => Self::GreaterEqual,
            "<=" => Self::LessEqual,
            word => match word.to_ascii_lowercase().as_str() {
                "atan2" => Self::Atan2,
                "and" => Self::And,
                "or" => Self::Or,
                "unless" => Self::Unless,
                _ => return None,
            },
        })
    }

    /// Higher binds tighter.
    pub(super) const fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Greater
            | Self::Less
            | Self::GreaterEqual
            | Self::LessEqual => 3,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div | Self::Mod | Self::Atan2 => 5,
            Self::Pow => 6,
        }
    }

    pub(super) const fn is_comparison(self) -> bool {
        matches!(self.precedence(), 3)
    }

    pub(super) const fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

/// How the series of two sides find each other.
#[derive(Debug, Clone)]
pub(super) struct Matching {
    pub(super) labels: Grouping,
    pub(super) cardinality: Cardinality,
    /// Labels that the many side takes over from the one side.
    pub(super) include: Vec<String>,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            labels: Grouping::Without(Vec::new()),
            cardinality: Cardinality::OneToOne,
            include: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Cardinality {
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
}
