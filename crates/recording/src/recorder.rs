//! Calls of a connection → lines, while they run.
//!
//! It deliberately holds no call in memory: what was seen is written at once.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use graftwire_host::{CallTap, TappedCall};
use http::HeaderMap;
use prost_reflect::MessageDescriptor;
use prost_reflect::prost::Message as _;
use tonic::Status;

use crate::format::{About, Body, FORMAT_VERSION, Line, Outcome};
use crate::messages::{Message, Splitter};
use crate::schema::{self, Method};
use crate::secrets::{REDACTED, Redactor, is_secret_name};
use crate::writer::{Limits, Writer};
use crate::{readable, secrets};

/// A recording can't begin.
#[derive(Debug, thiserror::Error)]
#[error("the recording {} can't be made", path.display())]
pub struct RecorderError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

/// Writes down every call of the connections it is a tap of. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    started: Instant,
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    writer: Writer,
    redactor: Redactor,
    calls: u64,
    stopped: Option<String>,
}

impl Recorder {
    /// Begins a recording. A file of that name is left alone: see [`Recorder::path`] for the one that is written.
    ///
    /// # Errors
    /// The file can't be made, or its first line not be written.
    pub fn create(path: &Path, plugin: &str, limits: Limits) -> Result<Self, RecorderError> {
        let failed = |cause| RecorderError { path: path.to_owned(), cause };
        let (writer, path) = Writer::create(path, limits.file).map_err(failed)?;
        let state = State { writer, redactor: Redactor::default(), calls: 0, stopped: None };
        let shared = Shared { path, started: Instant::now(), limits, state: Mutex::new(state) };
        let recorder = Self { shared: Arc::new(shared) };
        let about = About {
            program: format!("graftwire {}", env!("CARGO_PKG_VERSION")),
            plugin: plugin.to_owned(),
            started: rfc_3339(SystemTime::now()),
        };
        recorder.shared.write(|_| Line::Recording { version: FORMAT_VERSION, about });
        match recorder.stopped() {
            None => Ok(recorder),
            Some(why) => {
                Err(RecorderError { path: recorder.path().to_owned(), cause: io::Error::other(why) })
            }
        }
    }

    /// The file that is written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Why the recording ended before the calls did; `None` if it did not.
    #[must_use]
    pub fn stopped(&self) -> Option<String> {
        self.shared.lock().stopped.clone()
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.lock().calls
    }

    /// The recorder as the tap of a connection.
    #[must_use]
    pub fn tap(&self) -> Arc<dyn CallTap> {
        Arc::new(self.clone())
    }
}

fn rfc_3339(time: SystemTime) -> String {
    let format = &time::format_description::well_known::Rfc3339;
    time::OffsetDateTime::from(time).format(format).unwrap_or_default()
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds since the recording began, to the microsecond.
    fn now(&self) -> f64 {
        (self.started.elapsed().as_secs_f64() * 1e6).round() / 1e6
    }

    /// Writes the line that is made of the time.
    fn write(&self, line: impl FnOnce(f64) -> Line) {
        let mut state = self.lock();
        self.write_locked(&mut state, line);
    }

    fn write_locked(&self, state: &mut State, line: impl FnOnce(f64) -> Line) {
        if !state.writer.is_open() {
            return;
        }
        let at = self.now();
        if let Some(why) = state.writer.write(&line(at), at) {
            state.stopped = Some(why);
        }
    }

    fn metadata(&self, state: &mut State, headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
        let mut all = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in headers {
            let mut value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if is_secret_name(name.as_str()) {
                state.redactor.learn(&value);
                REDACTED.clone_into(&mut value);
            } else {
                value = state.redactor.scrub_text(&value);
            }
            all.entry(name.as_str().to_owned()).or_default().push(value);
        }
        all
    }

    fn body(&self, state: &mut State, message: Message, kind: Option<&MessageDescriptor>) -> Body {
        let bytes = match message {
            Message::Whole(bytes) => bytes,
            Message::Passed { size, compressed } => {
                let limit = self.limits.message;
                let why = match compressed {
                    true => "it is compressed".to_owned(),
                    false => format!("it is longer than {limit} bytes, the limit"),
                };
                return Body { size, left_out: Some(why), ..Body::default() };
            }
        };
        let size = bytes.len() as u64;
        let Some(mut message) = kind.and_then(|kind| schema::decode(kind, &bytes)) else {
            if !self.limits.unknown && !bytes.is_empty() {
                let why = "no text is known for it, so nobody can tell what in it is secret".to_owned();
                return Body { size, left_out: Some(why), ..Body::default() };
            }
            let raw = STANDARD.encode(state.redactor.scrub(bytes));
            return Body { raw: Some(raw), size, ..Body::default() };
        };
        let redacted = state.redactor.redact(&mut message);
        let plain = if redacted.is_empty() { bytes } else { message.encode_to_vec().into() };
        let scrubbed = state.redactor.scrub(plain.clone());
        let raw = Some(STANDARD.encode(&scrubbed));
        let shown = match kind.filter(|_| scrubbed.len() <= self.limits.readable) {
            Some(kind) if scrubbed != plain => schema::decode(kind, &scrubbed),
            Some(_) => Some(message),
            None => None,
        };
        Body { message: shown.as_ref().map(readable::of_message), raw, size, redacted, left_out: None }
    }
}

impl CallTap for Recorder {
    fn begin(&self, path: &str, metadata: &HeaderMap) -> Arc<dyn TappedCall> {
        let shared = Arc::clone(&self.shared);
        let call = {
            let mut state = shared.lock();
            state.calls += 1;
            let (call, metadata) = (state.calls, shared.metadata(&mut state, metadata));
            let method = path.to_owned();
            shared.write_locked(&mut state, |at| Line::Call { call, at, method, metadata });
            call
        };
        let limit = shared.limits.message;
        let progress = Progress { out: Splitter::new(limit), back: Splitter::new(limit), end: None };
        Arc::new(Call { shared, call, method: schema::method(path), progress: Mutex::new(progress) })
    }
}

/// One call while it runs.
struct Call {
    shared: Arc<Shared>,
    call: u64,
    method: Option<Method>,
    progress: Mutex<Progress>,
}

struct Progress {
    out: Splitter,
    back: Splitter,
    end: Option<(Outcome, Option<i32>, String)>,
}

impl Call {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status_of(&self, headers: &HeaderMap) {
        let Some(status) = Status::from_header_map(headers) else { return };
        let end = (Outcome::Status, Some(status.code() as i32), status.message().to_owned());
        self.progress().end = Some(end);
    }
}

impl TappedCall for Call {
    fn sent(&self, piece: &Bytes) {
        let call = self.call;
        let kind = self.method.as_ref().map(|method| &method.request);
        for message in self.progress().out.take(piece) {
            let mut state = self.shared.lock();
            let body = self.shared.body(&mut state, message, kind);
            self.shared.write_locked(&mut state, |at| Line::Request { call, at, body });
        }
    }

    fn answered(&self, metadata: &HeaderMap) {
        let call = self.call;
        self.status_of(metadata);
        let mut state = self.shared.lock();
        let metadata = self.shared.metadata(&mut state, metadata);
        self.shared.write_locked(&mut state, |at| Line::Answer { call, at, metadata });
    }

    fn received(&self, piece: &Bytes) {
        let call = self.call;
        let kind = self.method.as_ref().map(|method| &method.response);
        for message in self.progress().back.take(piece) {
            let mut state = self.shared.lock();
            let body = self.shared.body(&mut state, message, kind);
            self.shared.write_locked(&mut state, |at| Line::Response { call, at, body });
        }
    }

    fn ended(&self, trailers: &HeaderMap) {
        self.status_of(trailers);
    }

    fn failed(&self, status: &Status) {
        self.progress().end = Some((Outcome::Lost, Some(status.code() as i32), status.message().to_owned()));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let call = self.call;
        let end = self.progress().end.take();
        let (outcome, code, text) = end.unwrap_or((Outcome::Cancelled, None, String::new()));
        let mut state = self.shared.lock();
        let text = state.redactor.scrub_text(&text);
        self.shared.write_locked(&mut state, |at| Line::End { call, at, outcome, code, text });
    }
}

/// Fills in secrets that were taken out, by the names they stood under. Gives the names that are still missing.
pub(crate) fn restore(
    message: &mut prost_reflect::DynamicMessage,
    given: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut missing = Vec::new();
    secrets::visit(message, &mut |name, text| {
        if text == REDACTED {
            match given.get(name) {
                Some(secret) => secret.clone_into(text),
                None => missing.push(name.to_owned()),
            }
        }
    });
    missing
}
