//! Do the parts of an expression fit together?
//!
//! Part of parsing: what can be known without data is refused here, at its place in the text.

use super::Parser;
use crate::promql::ast::{Binary, Cardinality, Expr, Grouping, ValueType};
use crate::promql::error::PromqlError;
use crate::promql::functions::{Function, Optional};

impl Parser<'_> {
    pub(super) fn expect_type(&self, expr: &Expr, wanted: ValueType, role: &str) -> Result<(), PromqlError> {
        let found = expr.value_type();
        if found == wanted {
            return Ok(());
        }
        let hint = match (found, wanted) {
            (ValueType::Vector, ValueType::Range) => "; add a range such as `[5m]`",
            (ValueType::Range, ValueType::Vector) => "; use a function such as `rate` or `avg_over_time`",
            (ValueType::Vector, ValueType::Scalar) => "; use `scalar(…)`",
            (ValueType::Scalar, ValueType::Vector) => "; use `vector(…)`",
            _ => "",
        };
        let (found, wanted) = (found.name(), wanted.name());
        Err(self.wrong_at(expr.at, format!("found {found} as {role}, expected {wanted}{hint}")))
    }

    pub(super) fn check_call(
        &self,
        function: &Function,
        args: &[Expr],
        at: usize,
    ) -> Result<(), PromqlError> {
        let least = function.args.len();
        let (most, optional) = match function.optional {
            Optional::None => (least, None),
            Optional::One(kind) => (least + 1, Some(kind)),
            Optional::Many(kind) => (usize::MAX, Some(kind)),
        };
        if args.len() < least || args.len() > most {
            let expected = match function.optional {
                Optional::None => format!("{least}"),
                Optional::One(_) => format!("{least} or {most}"),
                Optional::Many(_) => format!("at least {least}"),
            };
            let (name, found) = (function.name, args.len());
            return Err(
                self.wrong_at(at, format!("found {found} arguments of `{name}`, expected {expected}"))
            );
        }
        let wanted = function.args.iter().copied().chain(std::iter::repeat_with(|| optional).flatten());
        let role = format!("argument of `{}`", function.name);
        args.iter().zip(wanted).try_for_each(|(arg, wanted)| self.expect_type(arg, wanted, &role))
    }

    /// `written`: whether the query says `on` or `ignoring`; `modifiers_at`: where that would stand.
    pub(super) fn check_operation(
        &self,
        binary: &Binary,
        written: bool,
        modifiers_at: usize,
    ) -> Result<(), PromqlError> {
        for side in [&binary.left, &binary.right] {
            let found = side.value_type();
            if !matches!(found, ValueType::Scalar | ValueType::Vector) {
                let found = found.name();
                return Err(self.wrong_at(
                    side.at,
                    format!("found {found} as operand, expected a scalar or an instant vector"),
                ));
            }
        }
        let scalars = [&binary.left, &binary.right].map(|side| side.value_type() == ValueType::Scalar);
        let wrong = |reason: &str| Err(self.wrong_at(modifiers_at, reason));
        if binary.as_bool && !binary.op.is_comparison() {
            return wrong("found `bool`, expected it behind comparisons only");
        }
        if binary.op.is_comparison() && scalars == [true, true] && !binary.as_bool {
            return wrong("found a comparison of two scalars, expected `bool` behind the operator");
        }
        if binary.op.is_set() && scalars != [false, false] {
            return wrong("found a scalar beside `and`, `or` or `unless`, expected instant vectors");
        }
        if written && scalars != [false, false] {
            return wrong("found `on` or `ignoring` beside a scalar, expected them between vectors only");
        }
        if binary.op.is_set() && binary.matching.cardinality != Cardinality::OneToOne {
            return wrong("found `group_left` or `group_right` at `and`, `or` or `unless`, expected none");
        }
        match &binary.matching.labels {
            Grouping::By(on) => match on.iter().find(|name| binary.matching.include.contains(name)) {
                Some(name) => wrong(&format!(
                    "found the label {name:?} in `on` and in the group modifier, expected it in one of them"
                )),
                None => Ok(()),
            },
            Grouping::Without(_) => Ok(()),
        }
    }
}
