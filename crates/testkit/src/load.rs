//! Many callers of one plugin process at once, and what that does to the process.
//!
//! Each caller asks one question after the other: a query, a health check, a resource, a live channel; some wait to the
//! end, some set a deadline, some leave. Every answer goes to a judge. It deliberately decides nothing: a [`LoadReport`]
//! holds what was seen, and tests say what they expect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use graftwire_host::{Plugin, Usage};
use graftwire_model::{
    Backend, CallContext, CallError, Code, DataResponse, HealthRequest, HealthResponse, QueryRequest,
    ResourceRequest, RunStreamRequest, SubscribeRequest, SubscribeResponse,
};
use tokio::task::JoinSet;

/// How long a plugin is under load if the environment says nothing.
const SHORT: Duration = Duration::from_secs(3);
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How many wrong answers are kept; more of them say the same.
const KEPT: usize = 20;
/// How long a live channel may say nothing, and a caller of any kind may wait under load, before that counts as hanging.
const LONGEST: Duration = Duration::from_secs(60);

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

/// What is asked.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A request with queries; each answer is judged by itself.
    Query(QueryRequest),
    /// A health check.
    Health(HealthRequest),
    /// A resource, read to its end.
    Resource(ResourceRequest),
    /// A live channel: subscribed to, followed for so many packets, then left as hosts leave one.
    Channel(RunStreamRequest, usize),
}

/// What was answered.
#[derive(Debug)]
pub enum Answered<'a> {
    /// The answer to one query.
    Query(&'a DataResponse),
    /// The answer to a health check.
    Health(&'a HealthResponse),
    /// Status and body of a resource.
    Resource(i32, &'a [u8]),
    /// The answer to the subscription, and the packets that followed.
    Channel(&'a SubscribeResponse, &'a [Bytes]),
}

/// One call of one caller.
#[derive(Debug)]
pub struct Question {
    /// What is asked.
    pub ask: Ask,
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
    /// Answers in full, found right by the judge, by kind.
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

    fn judged(&mut self, question: &Question, judged: Result<(), String>) {
        match judged {
            Ok(()) => *self.right.entry(question.kind).or_default() += 1,
            Err(what) => self.say_wrong(format!("{}: {what}", question.kind)),
        }
    }

    fn look(&mut self, now: Footprint) {
        self.peak_resident = self.peak_resident.max(now.resident);
        self.peak_threads = self.peak_threads.max(now.threads);
        self.peak_descriptors = self.peak_descriptors.max(now.descriptors);
    }
}

/// Whether an answer is right, or what is wrong with it.
type Judge = dyn Fn(&Question, Answered<'_>) -> Result<(), String> + Send + Sync;

/// Puts a plugin under load for a time. `ask` makes the question with a number; `judge` sees every answer that a caller
/// waited for, a query's also if it failed, and says what is wrong with it.
pub async fn load(
    plugin: &Plugin,
    callers: u64,
    lasting: Duration,
    ask: impl Fn(u64) -> Question + Send + Sync + 'static,
    judge: impl Fn(&Question, Answered<'_>) -> Result<(), String> + Send + Sync + 'static,
) -> LoadReport {
    let report = Arc::new(Mutex::new(LoadReport::default()));
    let (ask, judge): (_, Arc<Judge>) = (Arc::new(ask), Arc::new(judge));
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
                one_call(backend.as_ref(), &question, &*judge, &report).await;
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

/// Asks, waits as the caller does, and writes down how it ended.
async fn one_call(backend: &dyn Backend, question: &Question, judge: &Judge, report: &Mutex<LoadReport>) {
    let mut cx = CallContext::new();
    if let Patience::Deadline(time) = question.patience {
        cx = cx.with_deadline(Instant::now() + time);
    }
    let longest = match question.patience {
        Patience::Leaves(time) => time,
        Patience::Whole | Patience::Deadline(_) => LONGEST,
    };
    let ended = tokio::time::timeout(longest, call(backend, cx, question, judge, report)).await;
    let may_end = question.patience != Patience::Whole;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) if may_end && matches!(error.code(), Code::DeadlineExceeded | Code::Cancelled) => {
            locked(report).late += 1;
        }
        Ok(Err(error)) => locked(report).say_wrong(format!("{}: the call: {error}", question.kind)),
        Err(_) if matches!(question.patience, Patience::Leaves(_)) => locked(report).left += 1,
        Err(_) => locked(report).say_wrong(format!("{}: no answer in {longest:?}", question.kind)),
    }
}

async fn call(
    backend: &dyn Backend,
    cx: CallContext,
    question: &Question,
    judge: &Judge,
    report: &Mutex<LoadReport>,
) -> Result<(), CallError> {
    match &question.ask {
        Ask::Query(request) => {
            let answer = backend.query_data(cx, request.clone()).await?;
            let mut report = locked(report);
            for (ref_id, response) in &answer.responses {
                note(&mut report, question, ref_id, response, judge);
            }
            if answer.responses.is_empty() {
                report.say_wrong(format!("{}: no answer to the query", question.kind));
            }
        }
        Ask::Health(request) => {
            let health = backend.check_health(cx, request.clone()).await?;
            locked(report).judged(question, judge(question, Answered::Health(&health)));
        }
        Ask::Resource(request) => {
            let mut pieces = backend.call_resource(cx, request.clone()).await?;
            let (mut status, mut body) = (None, Vec::new());
            while let Some(piece) = pieces.next().await {
                let piece = piece?;
                status.get_or_insert(piece.status);
                body.extend_from_slice(&piece.body);
            }
            let answered = Answered::Resource(status.unwrap_or_default(), &body);
            locked(report).judged(question, judge(question, answered));
        }
        Ask::Channel(request, packets) => {
            let RunStreamRequest { context, path, data, headers } = request.clone();
            let subscription = SubscribeRequest { context, path, data, headers };
            let subscribed = backend.subscribe_stream(cx.clone(), subscription).await?;
            let mut stream = backend.run_stream(cx, request.clone()).await?;
            let mut came = Vec::new();
            while came.len() < *packets {
                match stream.next().await {
                    Some(packet) => came.push(packet?.data),
                    None => break,
                }
            }
            drop(stream);
            locked(report).judged(question, judge(question, Answered::Channel(&subscribed, &came)));
        }
    }
    Ok(())
}

fn note(report: &mut LoadReport, question: &Question, ref_id: &str, response: &DataResponse, judge: &Judge) {
    let kind = question.kind;
    if !DataResponse::is_valid_status(response.status) {
        report.say_wrong(format!("{kind}: {ref_id}: the status is {}", response.status));
    }
    let judged = judge(question, Answered::Query(response));
    if !response.is_error() {
        return report.judged(question, judged);
    }
    match (judged, response.error_source) {
        (Err(what), _) => report.say_wrong(format!("{kind}: {ref_id}: {what}")),
        (Ok(()), None) => {
            report.say_wrong(format!("{kind}: {ref_id}: a failure of nobody: {}", response.error));
        }
        (Ok(()), Some(origin)) => {
            *report.failed.entry((kind, response.status, origin.as_str().to_owned())).or_default() += 1;
        }
    }
}

/// A panic of a judge is told by its caller's task; the report stays good.
fn locked(report: &Mutex<LoadReport>) -> MutexGuard<'_, LoadReport> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
