//! A query as Grafana sends it → one statement → frames.
//!
//! The steps around "answer". It deliberately knows no engine: statements run through [`Upstream`].

use std::time::{Duration, Instant};

use graftwire_frame::{Frame, Notice, NoticeSeverity};
use graftwire_model::{Query, TimeRange};
use graftwire_sdk::interval::Interval;
use graftwire_sdk::prelude::*;
use graftwire_sdk::sql::{
    self, Format, GroupFill, MacroContext, MacroError, RowLimits, SeriesError, SqlQuery, SqlQueryError,
};

use crate::collector::Collector;
use crate::upstream::{Upstream, UpstreamError};

/// Points that are aimed at when a query doesn't say.
const USUAL_POINTS: u64 = 1_000;

/// A query that has no answer, or only part of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum QueryFailure {
    /// The model can't be read.
    #[error(transparent)]
    Model(#[from] SqlQueryError),
    /// The range is the wrong way round.
    #[error("time range: from ({from} ms) is after to ({to} ms); swap them")]
    TimeRange {
        /// From.
        from: i64,
        /// To.
        to: i64,
    },
    /// A macro.
    #[error(transparent)]
    Macro(#[from] MacroError),
    /// More than one statement.
    #[error("line {line}: {}", crate::upstream::sqlite::TWO_STATEMENTS)]
    TwoStatements {
        /// Where the first one ends.
        line: usize,
    },
    /// A byte that ends texts in C.
    #[error("the SQL text holds a NUL character; remove it")]
    Nul,
    /// The engine.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// Rows of another shape than asked for.
    #[error(transparent)]
    Series(#[from] SeriesError),
}

impl QueryFailure {
    fn into_error(self, partial: Vec<Frame>) -> QueryError {
        let status = match &self {
            Self::Upstream(error) => error.status(),
            _ => 400,
        };
        let text = graftwire_sdk::error_text(&self);
        QueryError::downstream(text).with_status(status).with_partial(partial)
    }
}

/// A query that is ready to run.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) format: Format,
    time_columns: Vec<String>,
    sql: String,
    fill: Option<GroupFill>,
    range: TimeRange,
    ref_id: String,
}

impl Asked {
    fn new(upstream: &dyn Upstream, query: &Query) -> Result<Self, QueryFailure> {
        let model = SqlQuery::read(query)?;
        let range = query.time_range;
        if range.from > range.to {
            return Err(QueryFailure::TimeRange { from: range.from.0, to: range.to.0 });
        }
        let text = sql::replace_globals(&model.sql, range);
        let interval = match query.interval.0 {
            asked if asked > 0 => Interval::from_millis(asked),
            _ => {
                let points = u64::try_from(query.max_data_points).ok().filter(|points| *points > 0);
                Interval::for_points(
                    range.duration(),
                    points.unwrap_or(USUAL_POINTS),
                    Interval::from_millis(1),
                )
            }
        };
        let cx = MacroContext { time_range: range, interval, table: model.table, column: model.column };
        let dialect = upstream.dialect();
        let expanded = sql::expand(&text, dialect, &cx)?;
        if expanded.sql.contains('\0') {
            return Err(QueryFailure::Nul);
        }
        if let Some(end) = sql::first_statement_end(&expanded.sql, dialect.lexis) {
            let line = expanded.sql.bytes().take(end).filter(|byte| *byte == b'\n').count() + 1;
            return Err(QueryFailure::TwoStatements { line });
        }
        Ok(Self {
            format: model.format,
            time_columns: model.time_columns,
            sql: expanded.sql,
            fill: expanded.fill,
            range,
            ref_id: query.ref_id.clone(),
        })
    }

    fn collector(
        &self,
        limits: RowLimits,
        in_pieces: bool,
    ) -> (Collector, tokio::sync::mpsc::Receiver<Frame>) {
        Collector::new(self.format, self.time_columns.clone(), limits, in_pieces)
    }

    /// A frame of all rows in the shape that was asked for.
    fn shaped(&self, frame: Frame) -> Result<Frame, SeriesError> {
        let mut frame = match self.format {
            Format::TimeSeries => sql::time_series(frame, self.fill, self.range)?,
            Format::Logs => sql::log_lines(frame)?,
            _ => sql::table(frame),
        };
        frame.ref_id.clone_from(&self.ref_id);
        frame.meta_mut().executed_query_string.clone_from(&self.sql);
        Ok(frame)
    }
}

/// How long a query may take by what its caller says.
fn patience(cx: &RequestContext) -> Duration {
    cx.deadline().map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()))
}

/// Answers a query at once.
pub(crate) async fn answer(
    upstream: &dyn Upstream,
    cx: &RequestContext,
    query: &Query,
    limits: RowLimits,
) -> Result<Frame, QueryError> {
    let asked = Asked::new(upstream, query).map_err(|failure| failure.into_error(Vec::new()))?;
    let (collector, mut frames) = asked.collector(limits, false);
    let end = upstream.select(asked.sql.clone(), patience(cx), collector).await;
    let frame = frames.try_recv().ok();
    match (end, frame) {
        (Ok(()), frame) => asked
            .shaped(frame.unwrap_or_default())
            .map_err(|error| QueryFailure::from(error).into_error(Vec::new())),
        (Err(error), frame) => {
            let frame = frame.filter(|frame| frame.fields.first().is_some_and(|field| !field.is_empty()));
            let partial = frame.and_then(|frame| asked.shaped(cut(frame)).ok());
            Err(QueryFailure::from(error).into_error(partial.into_iter().collect()))
        }
    }
}

/// Marks rows that came before an error.
fn cut(mut frame: Frame) -> Frame {
    let rows = frame.fields.first().map_or(0, Field::len);
    let text =
        format!("These are the {rows} row(s) that were read before the query failed; others are missing");
    frame.meta_mut().notices.push(Notice::new(NoticeSeverity::Warning, text));
    frame
}

/// Answers a query piece by piece. Tables and log lines are sent while they are read; a time series is shaped as a whole.
pub(crate) async fn stream(
    upstream: &dyn Upstream,
    cx: &RequestContext,
    query: Query,
    limits: RowLimits,
    chunks: &mut ChunkSender,
) -> Result<(), QueryError> {
    let asked = Asked::new(upstream, &query).map_err(|failure| failure.into_error(Vec::new()))?;
    if asked.format != Format::Table {
        let frame = answer(upstream, cx, &query, limits).await?;
        return chunks.send(FRAME_ID, frame).await;
    }
    let (collector, mut frames) = asked.collector(limits, true);
    let select = upstream.select(asked.sql.clone(), patience(cx), collector);
    let send = async {
        let mut sent = false;
        while let Some(frame) = frames.recv().await {
            // An empty piece is only worth sending for its columns or its notices.
            let empty = frame.fields.first().is_none_or(Field::is_empty);
            if !empty || !sent || frame.meta.is_some() {
                chunks.send(FRAME_ID, asked.piece(frame, sent)).await?;
                sent = true;
            }
        }
        Ok::<(), QueryError>(())
    };
    let mut select = std::pin::pin!(select);
    let mut send = std::pin::pin!(send);
    let mut end = None;
    loop {
        tokio::select! {
            done = &mut select, if end.is_none() => end = Some(done),
            sent = &mut send => {
                sent?;
                break;
            }
        }
    }
    let end = match end {
        Some(end) => end,
        None => select.await,
    };
    end.map_err(|error| QueryFailure::from(error).into_error(Vec::new()))
}

/// The id that ties the pieces of an answer together: each query has one frame.
const FRAME_ID: &str = "rows";

impl Asked {
    /// A piece of a table. What it is can't be told before all rows are seen, so it declares no type.
    fn piece(&self, mut frame: Frame, later: bool) -> Frame {
        frame.ref_id.clone_from(&self.ref_id);
        if !later {
            frame.meta_mut().executed_query_string.clone_from(&self.sql);
        }
        frame
    }
}
