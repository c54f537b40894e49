//! A query as Grafana sends it → PromQL → frames.
//!
//! The steps "answer" and "frame" of the metrics data source. The query's JSON has the names of Prometheus' data
//! source, so that saved panels and alerts can be moved. It deliberately does no I/O of its own and knows no store:
//! samples come through [`SeriesSource`].
//!
//! | step | file |
//! |---|---|
//! | JSON → model | `model`, `filters` |
//! | model → step, times, expression without variables | `interval`, `variables` |
//! | values → frames | `series`, `table`, `heatmap`, `legend` |

mod error;
mod filters;
mod heatmap;
mod interval;
mod legend;
mod model;
mod series;
mod table;
mod variables;

#[cfg(test)]
mod tests;

use std::time::Duration;

use graftwire_frame::{Frame, FrameFormat};
use graftwire_model::{DataResponse, EpochMillis, TimeRange};

use crate::promql::{self, Answer};
use crate::series::SeriesSource;

pub use error::QueryFailure;
use interval::Steps;
pub(crate) use interval::least_step;
pub(crate) use legend::name as legend_name;
use model::{Format, QueryModel};

/// What the data source decides for all queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySettings {
    /// The distance of collected samples: the least step, and the base of `$__rate_interval`. Default 15 seconds,
    /// as in Prometheus' data source.
    pub scrape_interval: Duration,
    /// How expressions are evaluated.
    pub promql: promql::Options,
}

impl Default for QuerySettings {
    fn default() -> Self {
        Self { scrape_interval: Duration::from_secs(15), promql: promql::Options::default() }
    }
}

/// Answers one query, encoded. `cancelled` is asked between steps; once it says yes, the query ends.
///
/// Errors are in the response: the user's are status 400, those of a store that can't be read 500 (the plugin's
/// fault), and a query that was stopped or ran out of time 504.
pub fn answer(
    source: &dyn SeriesSource,
    query: &graftwire_model::Query,
    format: FrameFormat,
    settings: &QuerySettings,
    cancelled: &dyn Fn() -> bool,
) -> DataResponse {
    let encoded = frames(source, query, settings, cancelled).and_then(|frames| {
        let encoded = frames.into_iter().map(|frame| frame.into_encoded(format));
        encoded.collect::<Result<Vec<_>, _>>().map_err(QueryFailure::Frame)
    });
    match encoded {
        Ok(frames) => DataResponse::ok(frames),
        Err(failure) => DataResponse::failed(failure.status(), failure.origin(), failure.with_causes()),
    }
}

/// Answers one query with frames, for callers that encode and log themselves.
///
/// # Errors
/// See [`QueryFailure`].
pub fn frames(
    source: &dyn SeriesSource,
    query: &graftwire_model::Query,
    settings: &QuerySettings,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Frame>, QueryFailure> {
    let asked = Asked::new(query, settings)?;
    let mut frames = Vec::new();
    if asked.model.range {
        let answer = asked
            .expr
            .range(source, asked.aligned_range(), &settings.promql, cancelled)
            .map_err(QueryFailure::Promql)?;
        frames.extend(asked.frames(answer, false));
    }
    if asked.model.instant {
        let at = asked.time_range.to.0;
        let answer =
            asked.expr.instant(source, at, &settings.promql, cancelled).map_err(QueryFailure::Promql)?;
        frames.extend(asked.frames(answer, true));
    }
    for frame in &mut frames {
        frame.ref_id.clone_from(&query.ref_id);
    }
    Ok(frames)
}

/// The expression of a live channel with the variables of time filled in, for rows `pace` apart over a window, both in
/// milliseconds.
pub(crate) fn live_expression(expr: &str, pace: i64, window: i64) -> String {
    let steps = Steps { step: pace, rate_interval: pace.saturating_mul(4) };
    variables::replaced(expr, &steps, TimeRange { from: EpochMillis(0), to: EpochMillis(window) })
}

/// A query that is ready to be evaluated.
struct Asked {
    model: QueryModel,
    /// The expression's text without variables.
    text: String,
    expr: promql::Query,
    time_range: TimeRange,
    /// Milliseconds.
    step: i64,
}

impl Asked {
    fn new(query: &graftwire_model::Query, settings: &QuerySettings) -> Result<Self, QueryFailure> {
        let model = QueryModel::read(query)?;
        let time_range = bounded(query.time_range)?;
        let steps = Steps::of(&model, time_range, settings)?;
        let text = variables::replaced(&model.expr, &steps, time_range);
        let mut expr = promql::Query::parse(&text).map_err(QueryFailure::Promql)?;
        expr.narrow(&model.filters);
        Ok(Self { model, text, expr, time_range, step: steps.step })
    }

    /// Start, end and step; both ends rounded down to multiples of the step in the user's time zone, so that the
    /// same instants are asked for while a dashboard's range moves on.
    fn aligned_range(&self) -> (i64, i64, i64) {
        let offset = self.model.utc_offset;
        let align = |at: EpochMillis| (at.0 + offset).div_euclid(self.step) * self.step - offset;
        (align(self.time_range.from), align(self.time_range.to), self.step)
    }

    fn frames(&self, answer: Answer, instant: bool) -> Vec<Frame> {
        let mut frames = match self.model.format {
            Format::TimeSeries => series::frames(self, answer.value, instant),
            Format::Table => table::frames(answer.value, instant),
            Format::Heatmap => heatmap::frames(self, answer.value, instant),
        };
        if let Some(first) = frames.first_mut() {
            let meta = first.meta_mut();
            meta.executed_query_string = self.executed();
            let notice = |text| graftwire_frame::Notice::new(graftwire_frame::NoticeSeverity::Warning, text);
            meta.notices = answer.warnings.into_iter().map(notice).collect();
        }
        frames
    }

    /// What the panel inspector shows.
    fn executed(&self) -> String {
        let mut text = format!("Expr: {}\nStep: {}", self.text, interval::written(self.step));
        if !self.model.filters.is_empty() {
            text += &format!("\nFilters: {}", self.model.filters_text);
        }
        text
    }
}

/// Times within what sums and products here can hold; an error if they are the wrong way round.
fn bounded(range: TimeRange) -> Result<TimeRange, QueryFailure> {
    // The engine's own bound; frames saturate long before, in 1677 and 2262.
    const FARTHEST: i64 = 1 << 53;
    let bound = |at: EpochMillis| EpochMillis(at.0.clamp(-FARTHEST, FARTHEST));
    let range = TimeRange { from: bound(range.from), to: bound(range.to) };
    if range.from > range.to {
        return Err(QueryFailure::TimeRange { from: range.from.0, to: range.to.0 });
    }
    Ok(range)
}
