//! Many callers of one plugin process at once, and what that does to the process.
//!
//! Each caller asks one question after the other; some wait to the end, some set a deadline, some leave. Every answer
//! goes to a judge. It deliberately decides nothing: a [`LoadReport`] holds what was seen, and tests say what they
//! expect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use graftwire_host::{Plugin, Usage};
use graftwire_model::{CallContext, Code, DataResponse, QueryRequest};
use tokio::task::JoinSet;

/// How long a plugin is under load if the environment says nothing.
const SHORT: Duration = Duration::from_secs(3);
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How many wrong answers are kept; more of them say the same.
const KEPT: usize = 20;

/// How long a load test lasts: `GRAFTWIRE_LOAD_SECONDS`, else 3 seconds.
#[must_use]
pub fn load_time() -> Duration {
    let said = std::env::var("GRAFTWIRE_LOAD_SECONDS").ok().and_then(|text| text.trim().parse().ok());
    said.map_or(SHORT, Duration::from_secs)
}

/// How long a caller waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Until there is an answer; the call itself has to succeed.
    Whole,
    /// Until a deadline, which the plugin knows of.
    Deadline(Duration),
    /// The call is dropped after this time.
    Leaves(Duration),
}

/// One call of one caller.
#[derive(Debug)]
pub struct Question {
    /// What is asked.
    pub request: QueryRequest,
    /// How long the caller waits.
    pub patience: Patience,
    /// A name for the judge.
    pub kind: &'static str,
    /// A number for the judge, such as what was known when the question was asked.
    pub known: u64,
}

/// What a process holds at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// `VmRSS` in bytes.
    pub resident: u64,
    /// Threads.
    pub threads: u32,
    /// Open file descriptors.
    pub descriptors: usize,
}

impl Footprint {
    /// Looks at a process; `None` where there is no `/proc`, or no such process.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let usage = Usage::of_process(pid)?;
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
        Some(Self { resident: usage.resident, threads: usage.threads, descriptors })
    }

    /// Waits until a process holds no more threads and descriptors than these, or `longest` is over. Gives what it holds
    /// then.
    pub async fn regained(self, pid: u32, longest: Duration) -> Option<Self> {
        let until = Instant::now() + longest;
        loop {
            let now = Self::of(pid)?;
            let is_back = now.threads <= self.threads && now.descriptors <= self.descriptors;
            if is_back || Instant::now() >= until {
                return Some(now);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// What was seen under load.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// Queries that were answered in full, and found right by the judge, by kind.
    pub right: BTreeMap<&'static str, u64>,
    /// Queries that failed with a status and an origin, by kind, status and origin.
    pub failed: BTreeMap<(&'static str, i32, String), u64>,
    /// Calls that ended at their deadline.
    pub late: u64,
    /// Calls that were dropped before their answer.
    pub left: u64,
    /// What must not be: wrong answers, failures without status or origin, broken calls. The first 20.
    pub wrong: Vec<String>,
    /// How many of those there were.
    pub wrongs: u64,
    /// The most memory that was seen, in bytes.
    pub peak_resident: u64,
    /// The most threads that were seen.
    pub peak_threads: u32,
    /// The most descriptors that were seen.
    pub peak_descriptors: usize,
}

impl LoadReport {
    fn say_wrong(&mut self, what: String) {
        self.wrongs += 1;
        if self.wrong.len() < KEPT {
            self.wrong.push(what);
        }
    }

    fn look(&mut self, now: Footprint) {
        self.peak_resident = self.peak_resident.max(now.resident);
        self.peak_threads = self.peak_threads.max(now.threads);
        self.peak_descriptors = self.peak_descriptors.max(now.descriptors);
    }
}

/// Puts a plugin under load for a time. `ask` makes the question with a number; `judge` sees every answer to a single
/// query that a caller waited for, failed or not, and says what is wrong with it.
pub async fn load(
    plugin: &Plugin,
    callers: u64,
    lasting: Duration,
    ask: impl Fn(u64) -> Question + Send + Sync + 'static,
    judge: impl Fn(&Question, &DataResponse) -> Result<(), String> + Send + Sync + 'static,
) -> LoadReport {
    let report = Arc::new(Mutex::new(LoadReport::default()));
    let (ask, judge) = (Arc::new(ask), Arc::new(judge));
    let until = Instant::now() + lasting;
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let (ask, judge, report) = (Arc::clone(&ask), Arc::clone(&judge), Arc::clone(&report));
        let backend = plugin.backend();
        tasks.spawn(async move {
            let mut number = caller;
            while Instant::now() < until {
                let question = ask(number);
                number += callers;
                let mut cx = CallContext::new();
                if let Patience::Deadline(time) = question.patience {
                    cx = cx.with_deadline(Instant::now() + time);
                }
                let call = backend.query_data(cx, question.request.clone());
                let answered = match question.patience {
                    Patience::Leaves(time) => tokio::time::timeout(time, call).await.ok(),
                    _ => Some(call.await),
                };
                let mut report = locked(&report);
                match answered {
                    None => report.left += 1,
                    Some(Ok(answer)) => {
                        for (ref_id, response) in &answer.responses {
                            note(&mut report, &question, ref_id, response, &*judge);
                        }
                        if answer.responses.is_empty() {
                            report.say_wrong(format!("{}: no answer to the query", question.kind));
                        }
                    }
                    Some(Err(error))
                        if question.patience != Patience::Whole
                            && matches!(error.code(), Code::DeadlineExceeded | Code::Cancelled) =>
                    {
                        report.late += 1;
                    }
                    Some(Err(error)) => report.say_wrong(format!("{}: the call: {error}", question.kind)),
                }
            }
        });
    }
    while !tasks.is_empty() {
        if let Some(now) = Footprint::of(plugin.pid()) {
            locked(&report).look(now);
        }
        let ended = tokio::time::timeout(LOOK, tasks.join_next()).await;
        if let Ok(Some(Err(error))) = ended {
            locked(&report).say_wrong(format!("a caller: {error}"));
        }
    }
    drop(tasks);
    std::mem::take(&mut *locked(&report))
}

fn note(
    report: &mut LoadReport,
    question: &Question,
    ref_id: &str,
    response: &DataResponse,
    judge: &dyn Fn(&Question, &DataResponse) -> Result<(), String>,
) {
    let kind = question.kind;
    if !DataResponse::is_valid_status(response.status) {
        report.say_wrong(format!("{kind}: {ref_id}: the status is {}", response.status));
    }
    if let Err(what) = judge(question, response) {
        return report.say_wrong(format!("{kind}: {ref_id}: {what}"));
    }
    if !response.is_error() {
        *report.right.entry(kind).or_default() += 1;
        return;
    }
    match response.error_source {
        None => report.say_wrong(format!("{kind}: {ref_id}: a failure of nobody: {}", response.error)),
        Some(origin) => {
            *report.failed.entry((kind, response.status, origin.as_str().to_owned())).or_default() += 1;
        }
    }
}

/// A panic of a judge is told by its caller's task; the report stays good.
fn locked(report: &Mutex<LoadReport>) -> MutexGuard<'_, LoadReport> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
