//! `label_replace` and `label_join`.
//!
//! Part of evaluation: labels change, values don't. It deliberately keeps the metric's name, unless the name is
//! what is replaced.

use super::ast::{Expr, Kind};
use super::evaluator::Evaluator;
use super::grid::Grid;
use super::pattern::AnchoredPattern;
use super::rows::Row;
use super::{PromqlError, labelset};
use crate::series::Labels;

impl Evaluator<'_> {
    /// `label_replace(v, target, template, source, pattern)`
    pub(super) fn label_replace(
        &self,
        expr: &Expr,
        args: &[Expr],
        grid: Grid,
    ) -> Result<Vec<Row>, PromqlError> {
        let [vector, target, template, source, pattern] = args else {
            return Err(self.invalid(expr, "found other than 5 arguments, expected 5"));
        };
        let name = self.label_name(target)?;
        let (template, source) = (text(template), text(source));
        let compiled =
            AnchoredPattern::new(text(pattern)).map_err(|reason| self.parameter(pattern, reason))?;
        let relabelled = |labels: &Labels| {
            let value = labels.get(source).unwrap_or_default();
            compiled.expand(value, template).map(|value| labelset::with(labels, name, &value))
        };
        let rows = self.eval_vector(vector, grid)?;
        self.merge(rows.into_iter().map(|row| changed(row, &relabelled)).collect(), expr)
    }

    /// `label_join(v, target, separator, source, …)`
    pub(super) fn label_join(&self, expr: &Expr, args: &[Expr], grid: Grid) -> Result<Vec<Row>, PromqlError> {
        let [vector, target, separator, sources @ ..] = args else {
            return Err(self.invalid(expr, "found fewer than 3 arguments, expected at least 3"));
        };
        let name = self.label_name(target)?;
        let joined = |labels: &Labels| {
            let values: Vec<&str> =
                sources.iter().map(|source| labels.get(text(source)).unwrap_or_default()).collect();
            Some(labelset::with(labels, name, &values.join(text(separator))))
        };
        let rows = self.eval_vector(vector, grid)?;
        self.merge(rows.into_iter().map(|row| changed(row, &joined)).collect(), expr)
    }

    fn label_name<'e>(&self, arg: &'e Expr) -> Result<&'e str, PromqlError> {
        match text(arg) {
            "" => Err(self.parameter(arg, "found an empty label name, expected one")),
            name => Ok(name),
        }
    }
}

fn changed(row: Row, to: &impl Fn(&Labels) -> Option<Labels>) -> Row {
    match to(&row.labels) {
        Some(labels) => Row { labels, ..row },
        None => row,
    }
}

/// The text of a string argument; the parser has made sure that it is one.
fn text(arg: &Expr) -> &str {
    match &arg.bare().kind {
        Kind::Text(text) => text,
        _ => "",
    }
}
