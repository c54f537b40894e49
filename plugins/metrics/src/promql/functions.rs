//! The table of PromQL functions: name, types, and which step of evaluation computes them.
//!
//! Parsing reads the types, evaluation the last column. It deliberately computes nothing itself; what is not in
//! the table (functions of native histograms, experimental ones) is refused by the parser with the list of names.

use super::ast::ValueType::{self, Range, Scalar, Text, Vector};
use super::calendar::{self, Date};
use super::counter;
use super::math;
use super::over_time;
use super::trend;
use super::windows::Window;

/// One function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Types of the arguments that must be there.
    pub(super) args: &'static [ValueType],
    /// What may follow them.
    pub(super) optional: Optional,
    pub(super) returns: ValueType,
    pub(super) run: Run,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Optional {
    None,
    One(ValueType),
    Many(ValueType),
}

/// How a function is computed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run {
    /// Value by value.
    Map(fn(f64) -> f64),
    /// Value by value, with the scalars of the step; `None` = no value.
    MapWith(fn(f64, &[f64]) -> Option<f64>),
    /// Value by value, the value being seconds since the epoch; without argument, of the step's time.
    Date(fn(Date) -> f64),
    /// Window by window; `None` = no value.
    Window(fn(&Window<'_>) -> Option<f64>),
    /// As `Window`, and the metric keeps its name.
    WindowKeepingName(fn(&Window<'_>) -> Option<f64>),
    /// As `Window`, with the values lost at counter resets.
    Counter(fn(&Window<'_>) -> Option<f64>),
    Absent,
    AbsentOverTime,
    HistogramQuantile,
    LabelJoin,
    LabelReplace,
    Pi,
    Scalar,
    /// As `Window`, its two parameters checked before.
    Smoothed,
    /// Ascending or descending; instant queries only.
    Sort(math::Direction),
    Time,
    Timestamp,
    Vector,
}

/// The function of that name; names are case-sensitive.
pub(super) fn named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Every name, sorted.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name)
}

const fn of(name: &'static str, args: &'static [ValueType], run: Run) -> Function {
    Function { name, args, optional: Optional::None, returns: Vector, run }
}

const fn map(name: &'static str, run: fn(f64) -> f64) -> Function {
    of(name, &[Vector], Run::Map(run))
}

const fn date(name: &'static str, run: fn(Date) -> f64) -> Function {
    let optional = Optional::One(Vector);
    Function { name, args: &[], optional, returns: Vector, run: Run::Date(run) }
}

const fn window(name: &'static str, run: fn(&Window<'_>) -> Option<f64>) -> Function {
    of(name, &[Range], Run::Window(run))
}

const fn scalar(name: &'static str, args: &'static [ValueType], run: Run) -> Function {
    Function { name, args, optional: Optional::None, returns: Scalar, run }
}

const fn and(function: Function, optional: Optional) -> Function {
    Function { optional, ..function }
}

static FUNCTIONS: [Function; 70] = [
    map("abs", f64::abs),
    of("absent", &[Vector], Run::Absent),
    of("absent_over_time", &[Range], Run::AbsentOverTime),
    map("acos", f64::acos),
    map("acosh", f64::acosh),
    map("asin", f64::asin),
    map("asinh", f64::asinh),
    map("atan", f64::atan),
    map("atanh", f64::atanh),
    window("avg_over_time", over_time::avg),
    map("ceil", f64::ceil),
    window("changes", over_time::changes),
    of("clamp", &[Vector, Scalar, Scalar], Run::MapWith(math::clamp)),
    of("clamp_max", &[Vector, Scalar], Run::MapWith(math::clamp_max)),
    of("clamp_min", &[Vector, Scalar], Run::MapWith(math::clamp_min)),
    map("cos", f64::cos),
    map("cosh", f64::cosh),
    window("count_over_time", over_time::count),
    date("day_of_month", calendar::day_of_month),
    date("day_of_week", calendar::day_of_week),
    date("day_of_year", calendar::day_of_year),
    date("days_in_month", calendar::days_in_month),
    map("deg", math::degrees),
    window("delta", counter::delta),
    window("deriv", trend::deriv),
    of("double_exponential_smoothing", &[Range, Scalar, Scalar], Run::Smoothed),
    map("exp", f64::exp),
    of("first_over_time", &[Range], Run::WindowKeepingName(over_time::first)),
    map("floor", f64::floor),
    of("histogram_quantile", &[Scalar, Vector], Run::HistogramQuantile),
    of("holt_winters", &[Range, Scalar, Scalar], Run::Smoothed),
    date("hour", calendar::hour),
    window("idelta", counter::idelta),
    of("increase", &[Range], Run::Counter(counter::increase)),
    window("irate", counter::irate),
    and(of("label_join", &[Vector, Text, Text], Run::LabelJoin), Optional::Many(Text)),
    of("label_replace", &[Vector, Text, Text, Text, Text], Run::LabelReplace),
    of("last_over_time", &[Range], Run::WindowKeepingName(over_time::last)),
    map("ln", f64::ln),
    map("log10", f64::log10),
    map("log2", f64::log2),
    window("mad_over_time", over_time::mad),
    window("max_over_time", over_time::max),
    window("min_over_time", over_time::min),
    date("minute", calendar::minute),
    date("month", calendar::month),
    scalar("pi", &[], Run::Pi),
    of("predict_linear", &[Range, Scalar], Run::Window(trend::predicted)),
    window("present_over_time", over_time::present),
    of("quantile_over_time", &[Scalar, Range], Run::Window(over_time::quantile)),
    map("rad", math::radians),
    of("rate", &[Range], Run::Counter(counter::rate)),
    window("resets", over_time::resets),
    and(of("round", &[Vector], Run::MapWith(math::round)), Optional::One(Scalar)),
    scalar("scalar", &[Vector], Run::Scalar),
    map("sgn", math::sign),
    map("sin", f64::sin),
    map("sinh", f64::sinh),
    of("sort", &[Vector], Run::Sort(math::Direction::Ascending)),
    of("sort_desc", &[Vector], Run::Sort(math::Direction::Descending)),
    map("sqrt", f64::sqrt),
    window("stddev_over_time", over_time::stddev),
    window("stdvar_over_time", over_time::stdvar),
    window("sum_over_time", over_time::sum),
    map("tan", f64::tan),
    map("tanh", f64::tanh),
    scalar("time", &[], Run::Time),
    of("timestamp", &[Vector], Run::Timestamp),
    of("vector", &[Scalar], Run::Vector),
    date("year", calendar::year),
];
