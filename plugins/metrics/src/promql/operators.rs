//! Operators with a scalar on at least one side, and the arithmetic of all.
//!
//! Part of evaluation; vectors on both sides are in `matching`. It deliberately doesn't know how series are paired.

use super::ast::{Binary, BinaryOp, Expr};
use super::evaluator::Evaluator;
use super::grid::Grid;
use super::rows::{ABSENT, Evaluated, Row, is_absent};
use super::{PromqlError, labelset};

impl Evaluator<'_> {
    pub(super) fn binary(&self, expr: &Expr, binary: &Binary, grid: Grid) -> Result<Evaluated, PromqlError> {
        let left = self.eval(&binary.left, grid)?;
        let right = self.eval(&binary.right, grid)?;
        let op = Operation { op: binary.op, as_bool: binary.as_bool };
        Ok(match (left, right) {
            (Evaluated::Scalar(left), Evaluated::Scalar(right)) => {
                let op = Operation { as_bool: true, ..op };
                let pairs = left.into_iter().zip(right);
                Evaluated::Scalar(pairs.map(|(left, right)| op.apply(left, right, left)).collect())
            }
            (Evaluated::Vector(rows), Evaluated::Scalar(scalar)) => {
                let apply = |value, scalar| op.apply(value, scalar, value);
                Evaluated::Vector(self.with_scalar(expr, op, rows, &scalar, apply)?)
            }
            (Evaluated::Scalar(scalar), Evaluated::Vector(rows)) => {
                let apply = |value, scalar| op.apply(scalar, value, value);
                Evaluated::Vector(self.with_scalar(expr, op, rows, &scalar, apply)?)
            }
            (Evaluated::Vector(left), Evaluated::Vector(right)) => {
                Evaluated::Vector(self.vectors(expr, binary, op, left, right, grid)?)
            }
            _ => return Err(self.invalid(expr, "found a string as operand, expected a scalar or a vector")),
        })
    }

    fn with_scalar(
        &self,
        expr: &Expr,
        op: Operation,
        rows: Vec<Row>,
        scalar: &[f64],
        apply: impl Fn(f64, f64) -> f64,
    ) -> Result<Vec<Row>, PromqlError> {
        let slot = |(value, scalar): (f64, &f64)| match is_absent(value) {
            true => ABSENT,
            false => apply(value, *scalar),
        };
        let row = |row: Row| Row {
            labels: if op.drops_name() { labelset::without_name(&row.labels) } else { row.labels },
            values: row.values.into_iter().zip(scalar).map(slot).collect(),
        };
        self.merge(rows.into_iter().map(row).collect(), expr)
    }
}

/// An operator that yields values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) op: BinaryOp,
    pub(super) as_bool: bool,
}

impl Operation {
    /// Whether the result is another quantity than the operands', so that the metric's name no longer fits.
    pub(super) const fn drops_name(self) -> bool {
        self.as_bool || !self.op.is_comparison()
    }

    /// The result; a comparison without `bool` yields `kept` where it holds, and nothing elsewhere.
    pub(super) fn apply(self, left: f64, right: f64, kept: f64) -> f64 {
        let holds = match self.op {
            BinaryOp::Equal => left == right,
            BinaryOp::NotEqual => left != right,
            BinaryOp::Greater => left > right,
            BinaryOp::Less => left < right,
            BinaryOp::GreaterEqual => left >= right,
            BinaryOp::LessEqual => left <= right,
            BinaryOp::Add => return left + right,
            BinaryOp::Sub => return left - right,
            BinaryOp::Mul => return left * right,
            BinaryOp::Div => return left / right,
            BinaryOp::Mod => return left % right,
            BinaryOp::Pow => return left.powf(right),
            BinaryOp::Atan2 => return left.atan2(right),
            // Set operators choose series and never come here.
            BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => return ABSENT,
        };
        match (self.as_bool, holds) {
            (true, holds) => f64::from(u8::from(holds)),
            (false, true) => kept,
            (false, false) => ABSENT,
        }
    }
}
