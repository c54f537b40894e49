//! The request: from a target's address to the pieces of its page.
//!
//! Each scrape has a connection of its own; small devices hold few open. It deliberately follows no redirect and
//! unpacks nothing: a page is what the target's URL gives, or the scrape fails with the reason.

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::address::redacted;
use super::error::ScrapeError;
use super::limits::ScrapeLimits;
use super::target::Target;
use super::text::Format;

/// Bytes of an answer's head, and of a piece of its body.
const BUFFER: usize = 64 << 10;

/// What a scrape needs of the world: connections and the time of day.
pub(super) trait Outside: Clone + Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Connects.
    fn connect(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Milliseconds since the Unix epoch.
    fn now(&self) -> i64;
}

/// TCP and the system's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct System;

impl Outside for System {
    type Stream = TcpStream;

    async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        TcpStream::connect((host, port)).await
    }

    fn now(&self) -> i64 {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A page that is being received.
#[derive(Debug)]
pub(super) struct Page {
    /// Which format the target says it is in.
    pub(super) format: Format,
    body: Incoming,
    /// Bytes that may still come.
    left: usize,
    limit: usize,
    deadline: Deadline,
    /// Drives the connection; ends with the page.
    _connection: JoinSet<()>,
}

impl Page {
    /// Asks a target for its page. The target's timeout covers everything until the page's last piece.
    pub(super) async fn open(
        outside: &impl Outside,
        target: &Target,
        limits: ScrapeLimits,
    ) -> Result<Self, ScrapeError> {
        let deadline = Deadline::after(target.timeout());
        let address = &target.address;
        let stream = deadline
            .bound("connecting", outside.connect(&address.host, address.port))
            .await?
            .map_err(|source| ScrapeError::Connect { address: address.instance.clone(), source })?;
        let phase = "waiting for the answer";
        let broken = |source| ScrapeError::Broken { phase, source };
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(BUFFER)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let mut driver = JoinSet::new();
        // How it ends reaches us through the answer or its body.
        driver.spawn(async move { drop(connection.await) });
        let answer = deadline.bound(phase, sender.send_request(request(target))).await?.map_err(broken)?;
        check_head(&answer, limits.body_bytes)?;
        Ok(Self {
            format: format(answer.headers()),
            body: answer.into_body(),
            left: limits.body_bytes,
            limit: limits.body_bytes,
            deadline,
            _connection: driver,
        })
    }

    /// The next piece; `None` when the page is complete.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, ScrapeError> {
        let phase = "reading the page";
        while let Some(frame) = self.deadline.bound(phase, self.body.frame()).await? {
            let frame = frame.map_err(|source| ScrapeError::Broken { phase, source })?;
            // Trailers say nothing of metrics.
            let Ok(piece) = frame.into_data() else { continue };
            match self.left.checked_sub(piece.len()) {
                Some(left) => self.left = left,
                None => return Err(ScrapeError::TooLarge { limit: self.limit }),
            }
            return Ok(Some(piece));
        }
        Ok(None)
    }
}

#[derive(Debug, Clone, Copy)]
struct Deadline {
    at: Instant,
    after: Duration,
}

impl Deadline {
    fn after(after: Duration) -> Self {
        Self { at: Instant::now() + after, after }
    }

    async fn bound<T>(self, phase: &'static str, work: impl Future<Output = T>) -> Result<T, ScrapeError> {
        let timed_out = |_| ScrapeError::TimedOut { phase, after: self.after };
        tokio::time::timeout_at(self.at, work).await.map_err(timed_out)
    }
}

fn request(target: &Target) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = target.address.path.clone();
    let headers = request.headers_mut();
    if let Ok(host) = HeaderValue::from_str(target.address.host_header()) {
        headers.insert(header::HOST, host);
    }
    let timeout = target.timeout().as_secs_f64().to_string();
    for (name, value) in [
        ("accept", "text/plain;version=0.0.4;q=1,*/*;q=0.1"),
        ("accept-encoding", "identity"),
        ("connection", "close"),
        ("user-agent", concat!("Graftwire/", env!("CARGO_PKG_VERSION"))),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Exporters that ask others in turn keep to it.
    if let Ok(timeout) = HeaderValue::from_str(&timeout) {
        headers.insert("x-prometheus-scrape-timeout-seconds", timeout);
    }
    if let Some(authorization) = &target.address.authorization {
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    request
}

fn check_head(answer: &Response<Incoming>, limit: usize) -> Result<(), ScrapeError> {
    let status = answer.status();
    if status.is_redirection() {
        let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        return Err(ScrapeError::Redirect { status, location: location.map(shown_location) });
    }
    if status != StatusCode::OK {
        return Err(ScrapeError::Status { status, hint: hint(status) });
    }
    let encoding = answer.headers().get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    if let Some(found) = encoding.filter(|found| !found.eq_ignore_ascii_case(b"identity")) {
        return Err(ScrapeError::Encoding { found: String::from_utf8_lossy(found).into_owned() });
    }
    // A page that says it's too large needn't be read at all.
    match answer.body().size_hint().exact().is_some_and(|bytes| bytes > limit as u64) {
        true => Err(ScrapeError::TooLarge { limit }),
        false => Ok(()),
    }
}

fn shown_location(location: &str) -> String {
    const LONGEST: usize = 200;
    match location.parse::<Uri>() {
        Ok(_) => redacted(location).chars().take(LONGEST).collect(),
        Err(_) => "no URL".to_owned(),
    }
}

fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "; are user and password in the target's URL right?"
        }
        StatusCode::NOT_FOUND => "; is the path of the target's URL right?",
        _ => "",
    }
}

fn format(headers: &HeaderMap) -> Format {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    match kind.eq_ignore_ascii_case(b"application/openmetrics-text") {
        true => Format::OpenMetrics,
        false => Format::Text,
    }
}
