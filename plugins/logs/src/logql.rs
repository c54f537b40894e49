//! LogQL over lines that somebody else reads: text → query → entries, or series.
//!
//! The steps "query → pipeline" and "line → entry" of the logs data source. [`parse`] gives an [`Expr`]: a
//! [`LogQuery`], whose lines go through a [`Pipeline`], or a [`MetricQuery`], which an [`Evaluation`] answers. It
//! deliberately does no I/O, reads no files and knows neither Grafana's query model nor frames.
//!
//! ```
//! use graftwire_logs::logql::{self, Expr, Labels, Pipeline};
//!
//! let Expr::Log(query) = logql::parse(r#"{job="nginx"} |= "GET" | logfmt | status >= 500"#).unwrap() else { panic!() };
//! let stream = Labels::new([("job", "nginx")]);
//! assert!(query.selector().matches(&stream));
//!
//! let mut pipeline = Pipeline::new(&query);
//! let entry = pipeline.process(0, b"method=GET status=502 path=/", &stream).unwrap();
//! assert_eq!(entry.labels.get("status"), Some("502"));
//! assert!(pipeline.process(1, b"method=GET status=200 path=/", &stream).is_none());
//! ```
//!
//! | step | file |
//! |---|---|
//! | text → tokens | `lexer`, `units` |
//! | tokens → query | `parser` → `ast`, and back in `print` |
//! | what stands in quotes | `regexp` and `dialect`, `template`, `line_pattern`, `json_path` |
//! | line → entry | `pipeline`, over `line_filter`, `json`, `logfmt`, `label_filter`, `formats`; labels in `scope` |
//! | entries → series | `metric` |
//! | what Grafana asks besides | `level`, [`volume`], [`completion`] |
//!
//! It follows Loki: up to 2.2 by comparison with its own code, later additions by its documentation. Selectors may be
//! empty here. Refused by name: `ip(…)`, `|>`, `!>`, `distinct`, `on`, `ignoring`, `group_left`, `group_right`,
//! `sort`, `approx_topk`, `rate_counter`, variables and `range` in templates, negative offsets.

mod ast;
pub mod completion;
mod dialect;
mod error;
mod formats;
mod json;
mod json_path;
mod label_filter;
mod labels;
mod level;
mod lexer;
mod line_filter;
mod line_pattern;
mod logfmt;
mod metric;
mod parser;
mod pipeline;
mod print;
mod regexp;
mod scope;
mod template;
mod units;
pub mod volume;

#[cfg(test)]
mod tests;

pub use ast::{Expr, LogQuery, MatchOp, Matcher, MetricQuery, Selector};
pub use error::{MetricError, ParseError, Place};
pub use labels::Labels;
pub use level::Level;
pub use metric::{Evaluation, Grid, MetricLimits, Read, Series};
pub use pipeline::{Entry, EntryLabels, MAX_PARSED_LINE, Origin, Pipeline};
pub use scope::{ERROR, ERROR_DETAILS};

/// Reads a query.
///
/// At most 64 KiB of text, 64 levels of parentheses and 128 stages, conditions and operators.
///
/// # Errors
/// Says at which line and column what was found and what was expected.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    parser::parse(text)
}

/// Reads a selector alone, such as `{job="nginx"}`.
///
/// # Errors
/// As [`parse`], and for what is more than a selector.
pub fn parse_selector(text: &str) -> Result<Selector, ParseError> {
    parser::selector(text)
}
