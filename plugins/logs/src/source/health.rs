//! The health check: whether there is anything to read, tried by reading the newest line of everything.

use std::sync::Arc;

use graftwire_sdk::frame::Timestamp;
use graftwire_sdk::prelude::*;
use serde::Serialize;

use super::{LOOKS, Source};
use crate::logql::Selector;
use crate::read::{Direction, Window};

/// How many streams are told by name.
const SHOWN: usize = 20;
/// How far back the newest line is looked for: a week.
const LOOKED_BACK: i64 = 7 * 86_400_000_000_000;
/// Entries of the journal that are looked at for their streams.
const MOST_ENTRIES: usize = 10_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    streams: usize,
    some_streams: Vec<String>,
    newest_line: Option<i64>,
    problems: Vec<String>,
}

impl CheckHealth for Source {
    async fn check_health(&self, cx: &RequestContext) -> Result<HealthResponse, CallError> {
        if self.sources.is_empty() {
            return Ok(health_error(
                "nothing is read: the settings name no files, and neither journal nor kernel log",
            ));
        }
        let sources = Arc::clone(&self.sources);
        let now = now_nanos();
        let window =
            Window { from: now.saturating_sub(LOOKED_BACK), to: now.saturating_add(3_600_000_000_000) };
        let (streams, newest, problems) = LOOKS
            .run(cx, move |given_up| {
                let selector = Selector::default();
                let streams = sources.streams(&selector, window, MOST_ENTRIES);
                let (mut merge, mut problems) = sources.open(&selector, window, Direction::Backward);
                let newest = merge.next(given_up).map(|line| line.at);
                problems.extend(merge.notices().iter().cloned());
                (streams, newest, problems)
            })
            .await;
        let mut message = match newest {
            Some(_) => format!("{} streams; lines can be read", streams.len()),
            None if streams.is_empty() => "nothing is found to read; name files in the settings".to_owned(),
            None => format!("{} streams, without a line in the last week", streams.len()),
        };
        for problem in &problems {
            message.push_str("; ");
            message.push_str(problem);
        }
        let details = Details {
            streams: streams.len(),
            some_streams: streams.iter().take(SHOWN).map(ToString::to_string).collect(),
            newest_line: newest.map(|at| at / 1_000_000),
            problems,
        };
        let mut response = if streams.is_empty() { health_error(message) } else { health_ok(message) };
        response.json_details = serde_json::to_vec(&details).unwrap_or_default().into();
        Ok(response)
    }
}

pub(super) fn now_nanos() -> i64 {
    Timestamp::now().as_nanos()
}
