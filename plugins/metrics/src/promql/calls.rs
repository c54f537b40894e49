//! Function calls: arguments are evaluated here, values computed by the function's own file.
//!
//! Part of evaluation. It deliberately doesn't check numbers and types of arguments: the parser did.

use super::ast::{Expr, Kind, ValueType};
use super::calendar::Date;
use super::evaluator::Evaluator;
use super::functions::{Function, Run};
use super::grid::Grid;
use super::rows::{ABSENT, Evaluated, Row, is_absent, is_present};
use super::windows::{Reduction, Window};
use super::{PromqlError, math};
use crate::series::{Labels, METRIC_NAME, MatchOp, Matcher};

impl Evaluator<'_> {
    pub(super) fn call(
        &self,
        expr: &Expr,
        function: &Function,
        args: &[Expr],
        grid: Grid,
    ) -> Result<Evaluated, PromqlError> {
        let vector = || self.vector_argument(expr, args, grid);
        let rows = match function.run {
            Run::Pi => return Ok(Evaluated::Scalar(vec![std::f64::consts::PI; grid.count])),
            Run::Time => return Ok(Evaluated::Scalar(seconds(grid).collect())),
            Run::Scalar => return Ok(Evaluated::Scalar(single(&vector()?, grid))),
            Run::Map(map) => self.mapped(vector()?, expr, |value, _| Some(map(value)))?,
            Run::MapWith(map) => {
                let params = self.scalars(args, grid)?;
                self.mapped(vector()?, expr, |value, step| {
                    let params: Vec<f64> =
                        params.iter().filter_map(|param| param.get(step)).copied().collect();
                    map(value, &params)
                })?
            }
            Run::Date(part) => {
                let rows =
                    if args.is_empty() { vec![unlabelled(seconds(grid).collect())] } else { vector()? };
                self.mapped(rows, expr, |value, _| Some(Date::of(value).map_or(f64::NAN, part)))?
            }
            Run::Window(run) => self.windows(expr, args, grid, run)?,
            Run::WindowKeepingName(run) => {
                let reduction = Reduction { run, needs_drops: false, keeps_name: true, params: &[] };
                self.over_windows(self.range_argument(expr, args)?, grid, reduction)?
            }
            Run::Counter(run) => {
                let reduction = Reduction { run, needs_drops: true, keeps_name: false, params: &[] };
                self.over_windows(self.range_argument(expr, args)?, grid, reduction)?
            }
            Run::Smoothed => self.smoothed(expr, args, grid)?,
            Run::Absent => absent(&vector()?, grid, args.first()),
            Run::AbsentOverTime => {
                let run = super::over_time::present;
                absent(&self.windows(expr, args, grid, run)?, grid, args.first())
            }
            Run::HistogramQuantile => self.histogram_quantile(args, grid)?,
            Run::LabelJoin => self.label_join(expr, args, grid)?,
            Run::LabelReplace => self.label_replace(expr, args, grid)?,
            Run::Sort(direction) => self.sorted(expr, vector()?, direction, grid),
            Run::Timestamp => self.timestamps(expr, args, grid)?,
            Run::Vector => vec![unlabelled(self.scalars(args, grid)?.pop().unwrap_or_default())],
        };
        Ok(Evaluated::Vector(rows))
    }

    fn vector_argument(&self, expr: &Expr, args: &[Expr], grid: Grid) -> Result<Vec<Row>, PromqlError> {
        match args.iter().find(|arg| arg.value_type() == ValueType::Vector) {
            Some(arg) => self.eval_vector(arg, grid),
            None => Err(self.invalid(expr, "found no instant vector among the arguments, expected one")),
        }
    }

    fn range_argument<'e>(&self, expr: &Expr, args: &'e [Expr]) -> Result<&'e Expr, PromqlError> {
        args.iter()
            .find(|arg| arg.value_type() == ValueType::Range)
            .ok_or_else(|| self.invalid(expr, "found no range vector among the arguments, expected one"))
    }

    /// Every scalar argument, in order.
    fn scalars(&self, args: &[Expr], grid: Grid) -> Result<Vec<Vec<f64>>, PromqlError> {
        let scalars = args.iter().filter(|arg| arg.value_type() == ValueType::Scalar);
        scalars.map(|arg| self.eval_scalar(arg, grid)).collect()
    }

    fn windows(
        &self,
        expr: &Expr,
        args: &[Expr],
        grid: Grid,
        run: fn(&Window<'_>) -> Option<f64>,
    ) -> Result<Vec<Row>, PromqlError> {
        let params = self.scalars(args, grid)?;
        if let (Some(phi), Some(arg), "quantile_over_time") = (params.first(), args.first(), name(expr)) {
            self.check_quantile(arg, phi);
        }
        let reduction = Reduction { run, needs_drops: false, keeps_name: false, params: &params };
        self.over_windows(self.range_argument(expr, args)?, grid, reduction)
    }

    fn smoothed(&self, expr: &Expr, args: &[Expr], grid: Grid) -> Result<Vec<Row>, PromqlError> {
        for (arg, factor) in args.iter().skip(1).zip(self.scalars(args, grid)?) {
            if let Some(wrong) = factor.iter().find(|factor| !(0.0 < **factor && **factor < 1.0)) {
                let reason = format!("found the factor {wrong}, expected one above 0 and below 1");
                return Err(self.parameter(arg, reason));
            }
        }
        self.windows(expr, args, grid, super::trend::smoothed)
    }

    /// Warns once if a quantile lies outside of 0 to 1.
    pub(super) fn check_quantile(&self, arg: &Expr, phi: &[f64]) {
        if let Some(wrong) = phi.iter().find(|phi| !(0.0..=1.0).contains(*phi)) {
            self.warn(arg, &format!("the quantile should be between 0 and 1, found {wrong}"));
        }
    }

    /// The samples' own times if the argument is a selector, else the step's.
    fn timestamps(&self, expr: &Expr, args: &[Expr], grid: Grid) -> Result<Vec<Row>, PromqlError> {
        let of_sample = |selector| self.vector(selector, grid, |sample| sample.at as f64 / 1000.0);
        match args.first().map(Expr::bare) {
            Some(Expr { kind: Kind::Vector(selector), .. }) => {
                self.mapped(of_sample(selector)?, expr, |value, _| Some(value))
            }
            _ => {
                let times: Vec<f64> = seconds(grid).collect();
                let rows = self.vector_argument(expr, args, grid)?;
                self.mapped(rows, expr, |_, step| times.get(step).copied())
            }
        }
    }

    fn sorted(&self, expr: &Expr, mut rows: Vec<Row>, direction: math::Direction, grid: Grid) -> Vec<Row> {
        if grid.count > 1 {
            self.warn(expr, "sorting has no effect on a range query");
            return rows;
        }
        let first = |row: &Row| row.values.first().copied().unwrap_or(f64::NAN);
        rows.sort_by(|a, b| direction.compare(first(a), first(b)));
        rows
    }
}

fn name(expr: &Expr) -> &'static str {
    match expr.kind {
        Kind::Call(function, _) => function.name,
        _ => "",
    }
}

fn seconds(grid: Grid) -> impl Iterator<Item = f64> {
    grid.instants().map(|at| at as f64 / 1000.0)
}

fn unlabelled(values: Vec<f64>) -> Row {
    Row { labels: Labels::default(), values }
}

/// Per step the only value there is; NaN if there are none or several.
fn single(rows: &[Row], grid: Grid) -> Vec<f64> {
    let at = |step: usize| {
        let mut present =
            rows.iter().filter_map(|row| row.values.get(step)).filter(|value| is_present(**value));
        match (present.next(), present.next()) {
            (Some(only), None) => *only,
            _ => f64::NAN,
        }
    };
    (0..grid.count).map(at).collect()
}

/// 1 where no row has a value, under the labels that the selector asks for by `=`.
fn absent(rows: &[Row], grid: Grid, arg: Option<&Expr>) -> Vec<Row> {
    let none =
        |step: usize| rows.iter().all(|row| row.values.get(step).is_none_or(|value| is_absent(*value)));
    let values: Vec<f64> = (0..grid.count).map(|step| if none(step) { 1.0 } else { ABSENT }).collect();
    let row = Row { labels: arg.map(asked_labels).unwrap_or_default(), values };
    if row.is_empty() { Vec::new() } else { vec![row] }
}

/// Labels that `=` fixes, without those that further matchers name.
fn asked_labels(arg: &Expr) -> Labels {
    let (Kind::Vector(selector) | Kind::Range(selector, _)) = &arg.bare().kind else {
        return Labels::default();
    };
    let alone = |matcher: &&Matcher| {
        let named = selector.matchers.iter().filter(|other| other.name == matcher.name);
        named.count() == 1 && &*matcher.name != METRIC_NAME
    };
    Labels::new(selector.matchers.iter().filter(alone).filter_map(|matcher| match &matcher.op {
        MatchOp::Equal(value) => Some((matcher.name.clone(), value.clone())),
        _ => None,
    }))
}
