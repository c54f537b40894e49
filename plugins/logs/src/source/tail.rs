//! Live tail: lines as they are written.
//!
//! | channel | expression |
//! |---|---|
//! | `tail/<name>` | in the data of the subscription: `{"expr":"{job=\"varlogs\"} |= \"error\"","maxLines":100}` |
//!
//! A subscriber first gets the newest lines that match, then each new one, oldest first, as frames of log lines. Places
//! that are written to are looked at four times a second, without a watch of the file system: that works on all of
//! them. It deliberately looks back half a minute each time, since writers are late, and remembers what it sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use graftwire_sdk::frame::{Notice, NoticeSeverity, json};
use graftwire_sdk::prelude::*;
use serde::Deserialize;

use super::health::now_nanos;
use super::{LOOKS, Source};
use crate::logql::{self, Expr, LogQuery, Pipeline};
use crate::query::{Rows, fnv32};
use crate::read::sources::Sources;
use crate::read::{Direction, Window};

/// The prefix of every channel.
const PREFIX: &str = "tail/";
/// How often is looked.
const PACE: Duration = Duration::from_millis(250);
/// How late a line may be written, and how far ahead of this machine's clock it may say it is.
const LATE: i64 = 30_000_000_000;
/// How far back the first frame reaches.
const FIRST: i64 = 3_600_000_000_000;
/// Lines of the first frame if the subscription says no number, and the most there are.
const FIRST_LINES: (usize, usize) = (100, 1_000);
/// Lines of one frame; what is more is left out, and said.
const MOST_LINES: usize = 1_000;

/// What a subscriber wants to see.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    expr: String,
    max_lines: Option<usize>,
}

/// A channel that is followed.
struct Channel {
    query: LogQuery,
    first_lines: usize,
}

/// What was sent: by time, then by the hash of line and labels, how often.
#[derive(Debug, Default)]
struct Sent {
    rows: HashMap<(i64, u32), u32>,
}

impl Channel {
    fn read(path: &str, data: &[u8]) -> Result<Self, CallError> {
        let wrong =
            |text: String| CallError::new(Code::InvalidArgument, text).with_origin(ErrorSource::Downstream);
        if !path.starts_with(PREFIX) {
            return Err(wrong(format!("no channel {path:?}; channels are {PREFIX}<any name>")));
        }
        let wanted: Wanted = serde_json::from_slice(data).map_err(|cause| {
            wrong(format!("the subscription of {path:?} carries no query that can be read: {cause}; expected {{\"expr\":\"…\"}}"))
        })?;
        match logql::parse(&wanted.expr).map_err(|error| wrong(format!("expr: {error}")))? {
            Expr::Log(query) => {
                let (usual, most) = FIRST_LINES;
                Ok(Self { query, first_lines: wanted.max_lines.unwrap_or(usual).min(most) })
            }
            Expr::Metric(_) => Err(wrong("expr gives numbers, a live tail shows lines".to_owned())),
        }
    }

    /// The newest lines.
    fn first(&self, sources: &Sources, given_up: &dyn Fn() -> bool) -> Frame {
        let now = now_nanos();
        let window = Window { from: now.saturating_sub(FIRST), to: now.saturating_add(LATE) };
        let (mut merge, _) = sources.open(self.query.selector(), window, Direction::Backward);
        let mut pipeline = Pipeline::new(&self.query);
        let mut rows = Rows::default();
        while let Some(line) = merge.next(given_up) {
            if rows.len() >= self.first_lines {
                break;
            }
            if let Some(entry) = pipeline.process(line.at, line.text, line.labels) {
                rows.push(&entry, line.labels, line.cut);
            }
        }
        rows.into_frame(Direction::Backward)
    }

    /// What is new. The first time nothing is: it was in the first frame.
    fn news(
        &self,
        sources: &Sources,
        sent: &mut Sent,
        first: bool,
        given_up: &dyn Fn() -> bool,
    ) -> Option<Frame> {
        let now = now_nanos();
        let window = Window { from: now.saturating_sub(LATE), to: now.saturating_add(LATE) };
        let (mut merge, _) = sources.open(self.query.selector(), window, Direction::Forward);
        let mut pipeline = Pipeline::new(&self.query);
        let mut rows = Rows::default();
        let (mut left_out, mut seen) = (0_u64, HashMap::<(i64, u32), u32>::new());
        while let Some(line) = merge.next(given_up) {
            let Some(entry) = pipeline.process(line.at, line.text, line.labels) else { continue };
            let key = (line.at, fnv32(line.text, line.labels.to_string().as_bytes()));
            let count = seen.entry(key).or_insert(0);
            *count += 1;
            if first || *count <= sent.rows.get(&key).copied().unwrap_or(0) {
                continue;
            }
            if rows.len() < MOST_LINES {
                rows.push(&entry, line.labels, line.cut);
            } else {
                left_out += 1;
            }
        }
        sent.rows = seen;
        if rows.len() == 0 {
            return None;
        }
        let mut frame = rows.into_frame(Direction::Forward);
        if left_out > 0 {
            let text = format!("{left_out} more lines came at once and were left out; narrow the query");
            frame.meta_mut().notices.push(Notice::new(NoticeSeverity::Warning, text));
        }
        Some(frame)
    }
}

impl StreamData for Source {
    async fn subscribe(
        &self,
        cx: &RequestContext,
        request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        if !request.path.starts_with(PREFIX) {
            return Ok(SubscribeResponse { status: StreamStatus::NotFound, ..SubscribeResponse::default() });
        }
        let channel = Channel::read(&request.path, &request.data)?;
        let sources = Arc::clone(&self.sources);
        let frame = LOOKS.run(cx, move |given_up| channel.first(&sources, given_up)).await;
        let text = json::write(&frame, json::Include::All).map_err(|cause| {
            CallError::new(Code::Internal, "the frame can't be written as JSON").with_cause(cause)
        })?;
        Ok(SubscribeResponse { status: StreamStatus::Ok, initial_data: text.into_bytes() })
    }

    async fn run(
        &self,
        cx: &RequestContext,
        request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        let channel = Arc::new(Channel::read(&request.path, &request.data)?);
        let mut sent = Sent::default();
        let mut first = true;
        let mut ticks = tokio::time::interval(PACE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let (sources, of_look) = (Arc::clone(&self.sources), Arc::clone(&channel));
            let mut memory = std::mem::take(&mut sent);
            let look = move |given_up: &dyn Fn() -> bool| {
                let frame = of_look.news(&sources, &mut memory, first, given_up);
                (frame, memory)
            };
            let (frame, memory) = LOOKS.run(cx, look).await;
            (sent, first) = (memory, false);
            if let Some(frame) = frame {
                packets.send_frame(&frame, json::Include::All).await?;
            }
        }
    }
}
