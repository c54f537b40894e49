//! What crossed the wire during one call, handed to whoever made the call.
//!
//! The host's observer runs on the task that makes a call, so a task-local list ties reports to callers without
//! numbering them. It deliberately keeps reports of calls nobody asked about nowhere.

use std::cell::RefCell;
use std::future::Future;
use std::time::{Duration, UNIX_EPOCH};

use graftwire_host::{CallObserver, CallReport, Outcome};
use serde_json::{Value, json};

tokio::task_local! {
    static CALLS: RefCell<Vec<CallReport>>;
}

/// Gives each report to the task that made the call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToTask;

impl CallObserver for ToTask {
    fn ended(&self, report: CallReport) {
        // Outside of `recorded` there is nobody who wants it.
        let _ = CALLS.try_with(|calls| calls.borrow_mut().push(report));
    }
}

/// Makes calls and gives the reports of all that ended meanwhile, in the order of their ends.
pub(crate) async fn recorded<T>(calls: impl Future<Output = T>) -> (T, Vec<CallReport>) {
    let both = async {
        let answer = calls.await;
        (answer, CALLS.with(|reports| reports.take()))
    };
    CALLS.scope(RefCell::default(), both).await
}

/// A report as one line for a person.
pub(crate) fn summary(call: &CallReport) -> String {
    format!(
        "{}: {:.1} ms, {} bytes out, {} bytes in, {}",
        call.path,
        millis(call.took),
        call.sent,
        call.received,
        outcome(call.outcome)
    )
}

/// A report for a page.
pub(crate) fn to_json(call: &CallReport) -> Value {
    let started = call.started_at.duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({
        "path": call.path,
        "started": millis(started).round(),
        "millis": millis(call.took),
        "firstAnswerMillis": call.first_answer.map(millis),
        "sent": call.sent,
        "received": call.received,
        "outcome": outcome(call.outcome),
    })
}

fn millis(length: Duration) -> f64 {
    length.as_secs_f64() * 1000.0
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Failed(code) => format!("failed: {code}"),
        Outcome::Dropped => "ended by us".to_owned(),
    }
}
