//! A query as Grafana sends it → LogQL → frames.
//!
//! The steps "answer" and "frame" of the logs data source. The query's JSON has the names of Loki's data source, so that
//! saved panels and alerts can be moved. It deliberately does no I/O of its own: lines come through [`Sources`].
//!
//! | step | file |
//! |---|---|
//! | JSON → model | `model` |
//! | model → expression without variables, step | `variables` |
//! | entries → one frame of log lines | `lines`, `ids` |
//! | series → a frame each | `series` |

mod error;
mod ids;
mod lines;
mod model;
mod series;
mod variables;

use graftwire_sdk::frame::{Frame, FrameMeta, Notice, NoticeSeverity, QueryStat};
use graftwire_sdk::model::Query;

pub use error::QueryFailure;
use model::{Kind, QueryModel};

use crate::logql::{self, Expr, LogQuery, Pipeline};
use crate::read::sources::Sources;
use crate::read::{Direction, ReadStats};
use crate::settings::MAX_LINES;

pub(crate) use ids::fnv32;
pub(crate) use lines::Rows;

/// What the data source decides for all queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuerySettings {
    /// Lines of an answer if the query says no number.
    pub max_lines: usize,
}

/// Answers one query with frames. `cancelled` is asked between pieces of what is read; once it says yes, the query ends.
///
/// # Errors
/// See [`QueryFailure`].
pub fn frames(
    sources: &Sources,
    query: &Query,
    settings: QuerySettings,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Frame>, QueryFailure> {
    let model = QueryModel::read(query)?;
    let window = model.window(query)?;
    let steps = variables::Steps::of(&model, query, window)?;
    let text = variables::replaced(&model.expr, &steps, window);
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let expr = logql::parse(&text).map_err(QueryFailure::LogQl)?;
    let asked = series::Asked { sources, model: &model, steps, window, cancelled, text: &text };
    let mut frames = match expr {
        Expr::Log(log) if model.kind == Kind::Volume => asked.volume(&log)?,
        Expr::Log(log) => vec![log_lines(&asked, &log, settings)?],
        Expr::Metric(_) if model.kind == Kind::Volume => {
            return Err(QueryFailure::Field {
                field: "expr",
                found: "a query of numbers".to_owned(),
                expected: "a selector with stages, whose lines are counted by level",
            });
        }
        Expr::Metric(metric) => asked.metric(&metric)?,
    };
    for frame in &mut frames {
        frame.ref_id.clone_from(&query.ref_id);
    }
    // What was learned about files serves the next query, also after a restart.
    sources.save();
    Ok(frames)
}

fn log_lines(
    asked: &series::Asked<'_>,
    log: &LogQuery,
    settings: QuerySettings,
) -> Result<Frame, QueryFailure> {
    let series::Asked { sources, model, window, cancelled, text, .. } = *asked;
    let wanted = model.max_lines.unwrap_or(settings.max_lines);
    let limit = wanted.min(MAX_LINES);
    let direction = model.direction;
    let (mut merge, mut notices) = sources.open(log.selector(), window, direction);
    let mut pipeline = Pipeline::new(log);
    let mut rows = Rows::default();
    let mut more = false;
    while let Some(line) = merge.next(cancelled) {
        let Some(entry) = pipeline.process(line.at, line.text, line.labels) else { continue };
        if rows.len() == limit {
            more = true;
            break;
        }
        rows.push(&entry, line.labels, line.cut);
    }
    if cancelled() {
        return Err(QueryFailure::GivenUp { lines: merge.stats().lines });
    }
    notices.extend(merge.notices().iter().cloned());
    let mut frame = rows.into_frame(direction);
    let meta = frame.meta_mut();
    add_stats(meta, merge.stats(), text);
    meta.notices = notices.into_iter().map(|text| Notice::new(NoticeSeverity::Warning, text)).collect();
    if more {
        let which = if direction == Direction::Backward { "newest" } else { "oldest" };
        let mut text = format!("Only the {which} {limit} lines that match are shown; there are more.");
        if wanted > MAX_LINES {
            text += &format!(" {wanted} were asked for, {MAX_LINES} is the most that are given.");
        }
        meta.notices.push(Notice::new(NoticeSeverity::Info, text));
    }
    Ok(frame)
}

fn add_stats(meta: &mut FrameMeta, stats: ReadStats, text: &str) {
    text.clone_into(&mut meta.executed_query_string);
    meta.stats = vec![
        QueryStat::new("Bytes read", "decbytes", stats.bytes as f64),
        QueryStat::new("Lines read", "short", stats.lines as f64),
        QueryStat::new("Files read", "short", stats.files as f64),
    ];
}

#[cfg(test)]
mod tests;
