//! Fake plugins: shell scripts for what goes wrong before a connection, and a real gRPC plugin for the rest.
//!
//! The real one is this test program itself, started again: a script runs the one test below, which sees the
//! handshake's environment and serves. libtest prints on stdout, so the script moves the plugin's stdout to
//! descriptor 3.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use graftwire_frame::chunks::ChunkEncoder;
use graftwire_frame::{Field, Frame};
use graftwire_host::PluginSpec;
use graftwire_model::{
    Backend, BoxFuture, CallContext, CallError, Capability, Code, DataResponse, EncodedFrame, FrameFormat,
    HealthRequest, HealthResponse, HealthStatus, QueryChunk, QueryRequest, QueryResponse, ReplyStream,
    ResourcePiece, ResourceRequest, RunStreamRequest, StreamPacket,
};
use graftwire_protocol::goplugin::StdioChannel;
use graftwire_protocol::goplugin::server::{Control, ControlEvents};
use graftwire_protocol::handshake::{AppVersion, HandshakeError, HandshakeLine, negotiate, read_offer};
use graftwire_protocol::{MessageLimits, Router, services};
use graftwire_transport::{BindOptions, Connection, bind};
use hyper_util::rt::{TokioExecutor, TokioIo};

/// A folder that goes away, with an executable in it.
pub(crate) struct Fake {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Fake {
    /// A file with any content and mode.
    pub(crate) fn file(content: impl AsRef<[u8]>, mode: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gpx_fake");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Self { folder, path }
    }

    /// A shell script.
    pub(crate) fn script(body: &str) -> Self {
        Self::file(format!("#!/bin/sh\n{body}\n"), 0o755)
    }

    /// A plugin that serves; see [`Behaviour`].
    pub(crate) fn plugin() -> Self {
        Self::plugin_after("")
    }

    /// The same after some shell commands.
    pub(crate) fn plugin_after(commands: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        Self::script(&format!(
            "{commands}\nexec '{}' --exact fake::plugin_process 3>&1 >/dev/null",
            program.display()
        ))
    }

    pub(crate) fn spec(&self) -> PluginSpec {
        PluginSpec::of_executable(&self.path).with_id("fake-datasource")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// What the fake plugin does with queries: the `queryType` of the first one says it.
pub(crate) struct Behaviour;

impl Behaviour {
    /// Never answers.
    pub(crate) const HANG: &str = "hang";
    /// Ends the process with code 3 after a line on stderr.
    pub(crate) const EXIT: &str = "exit";
    /// Answers with the metadata of the call in the error text.
    pub(crate) const METADATA: &str = "metadata";
    /// Chunked: a good frame for query A, then chunks against every rule, then a good frame for query B.
    pub(crate) const LIES: &str = "lies";
    /// Chunked: rows without end.
    pub(crate) const ENDLESS: &str = "endless";
}

struct Queries;

impl Backend for Queries {
    fn query_data(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<QueryResponse, CallError>> {
        Box::pin(async move {
            let kind = request.queries.first().map(|query| query.query_type.as_str()).unwrap_or_default();
            match kind {
                Behaviour::HANG => std::future::pending().await,
                Behaviour::EXIT => {
                    tell("last words of the fake");
                    std::process::exit(3)
                }
                Behaviour::METADATA => {
                    let left = cx
                        .deadline()
                        .map(|deadline| deadline.saturating_duration_since(std::time::Instant::now()));
                    let text = format!("{:?} {}", cx.metadata_all("traceparent"), left.is_some());
                    Err(CallError::new(Code::FailedPrecondition, text))
                }
                _ => {
                    let answers =
                        request.queries.iter().map(|query| (query.ref_id.clone(), DataResponse::ok(vec![])));
                    Ok(QueryResponse { responses: answers.collect() })
                }
            }
        })
    }

    fn query_chunked(
        &self,
        _cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<QueryChunk>, CallError>> {
        Box::pin(async move {
            let kind = request.queries.first().map(|query| query.query_type.as_str()).unwrap_or_default();
            Ok(match kind {
                Behaviour::LIES => ReplyStream::from_items(lies()),
                Behaviour::ENDLESS => {
                    ReplyStream::from_items(std::iter::repeat_with(|| rows("A", "f", "f", 1000)))
                }
                Behaviour::HANG => ReplyStream::new(futures_util::stream::pending()),
                Behaviour::EXIT => ReplyStream::new(futures_util::stream::once(async {
                    tell("last words of the fake");
                    std::process::exit(3)
                })),
                _ => {
                    let refs: Vec<String> = request.queries.into_iter().map(|query| query.ref_id).collect();
                    ReplyStream::from_items(refs.into_iter().map(|ref_id| rows(&ref_id, "f", "f", 2)))
                }
            })
        })
    }

    fn call_resource(
        &self,
        _cx: CallContext,
        request: ResourceRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<ResourcePiece>, CallError>> {
        Box::pin(async move {
            if request.path == Behaviour::HANG {
                return Ok(ReplyStream::new(futures_util::stream::pending()));
            }
            let piece = ResourcePiece { status: 200, body: request.body, ..ResourcePiece::default() };
            Ok(ReplyStream::from_items([piece]))
        })
    }

    fn check_health(
        &self,
        _cx: CallContext,
        _request: HealthRequest,
    ) -> BoxFuture<'_, Result<HealthResponse, CallError>> {
        Box::pin(async {
            let message = std::env::vars()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join("\n");
            Ok(HealthResponse { status: HealthStatus::Ok, message, ..HealthResponse::default() })
        })
    }

    fn run_stream(
        &self,
        _cx: CallContext,
        _request: RunStreamRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<StreamPacket>, CallError>> {
        Box::pin(async {
            Ok(ReplyStream::new(futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Some((Ok(StreamPacket { data: "{}".into() }), ()))
            })))
        })
    }
}

/// A chunk as an honest plugin sends it.
pub(crate) fn rows(ref_id: &str, frame_id: &str, name: &str, count: i64) -> QueryChunk {
    let frame = Frame::new(name).with_field(Field::new("v", (0..count).collect::<Vec<_>>()));
    ChunkEncoder::new(FrameFormat::Arrow).encode(ref_id, frame_id, frame).unwrap()
}

/// Against the rules of queries A to G, each in its own way; H is good.
fn lies() -> Vec<QueryChunk> {
    let json = |ref_id: &str, text: &'static str| QueryChunk {
        frame: Some(EncodedFrame::new(FrameFormat::Json, text)),
        ..rows(ref_id, "f", "f", 1)
    };
    let text = Frame::new("f").with_field(Field::new("v", vec!["x"]));
    let failed = QueryChunk { frame: None, error: "gone".to_owned(), status: 502, ..rows("D", "", "f", 1) };
    let mut chunks: Vec<QueryChunk> =
        "ABCDEFG".chars().map(|name| rows(&name.to_string(), "f", "f", 2)).collect();
    chunks.extend([
        json("A", r#"{"schema":{"fields":[]},"data":{"values":[]}}"#),
        ChunkEncoder::new(FrameFormat::Arrow).encode("B", "f", text).unwrap(),
        rows("Z", "f", "f", 1),
        failed,
        rows("D", "f", "f", 1),
        json("E", r#"{"data":{"values":[[1],[2]]}}"#),
        rows("F", "f", "another", 1),
        QueryChunk {
            frame: Some(EncodedFrame::new(FrameFormat::Arrow, "no file")),
            ..rows("G", "f", "f", 1)
        },
    ]);
    chunks.extend("ABDEFGH".chars().map(|name| rows(&name.to_string(), "f", "f", 2)));
    chunks
}

/// What the fake plugin serves.
pub(crate) fn capabilities() -> BTreeSet<Capability> {
    use Capability as C;
    [C::QueryData, C::QueryChunkedData, C::CheckHealth, C::CallResource, C::RunStream].into()
}

/// Ends the process when asked, unless told to ignore it.
struct ProcessControl;

impl ControlEvents for ProcessControl {
    fn shutdown(&self) {
        if std::env::var_os("FAKE_IGNORES_SHUTDOWN").is_none() {
            tokio::spawn(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                std::process::exit(0)
            });
        }
    }

    fn stdio(&self) -> ReplyStream<(StdioChannel, bytes::Bytes)> {
        let printed = [(StdioChannel::Stdout, "printed in "), (StdioChannel::Stdout, "pieces\n")];
        let printed = printed.map(|(channel, text)| Ok((channel, bytes::Bytes::from(text))));
        ReplyStream::new(futures_util::StreamExt::chain(
            futures_util::stream::iter(printed),
            futures_util::stream::pending(),
        ))
    }
}

/// Serves one connection until it ends.
pub(crate) async fn serve(connection: Connection, router: Router) {
    let service = hyper::service::service_fn(move |request| {
        let answer = router.answer(request);
        async move { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

/// By hand it must refuse like any plugin; started by a host it is one.
#[test]
fn plugin_process() {
    match read_offer(|name| std::env::var(name).ok()) {
        Err(error) => assert!(matches!(error, HandshakeError::NotStartedByHost { .. }), "{error}"),
        Ok(offer) => {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let bound = bind(&BindOptions::for_offer(&offer)).await.unwrap();
                let version = negotiate(&offer.versions, AppVersion::ALL);
                let line = HandshakeLine {
                    version: version.number(),
                    network: bound.network(),
                    address: bound.address().to_owned(),
                    server_cert: None,
                    multiplex: None,
                };
                let own = services(version, Arc::new(Queries), &capabilities(), MessageLimits::PLUGIN);
                let router = own.with_goplugin(Control::new(Arc::new(ProcessControl))).into_router();
                let mut stdout = fs::OpenOptions::new().write(true).open("/dev/fd/3").unwrap();
                writeln!(stdout, "{line}").unwrap();
                loop {
                    let connection = bound.accept().await.unwrap();
                    let serving = tokio::spawn(serve(connection, router.clone()));
                    if let Some(after) =
                        std::env::var("FAKE_HANGS_UP_AFTER_MS").ok().and_then(|ms| ms.parse().ok())
                    {
                        tokio::time::sleep(Duration::from_millis(after)).await;
                        serving.abort();
                    }
                }
            })
        }
    }
}

/// Waits until something is so, and fails by name if it does not come to be within 30 s.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to be that {what}");
}

/// Says something past libtest, which would keep it to itself.
pub(crate) fn tell(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent =
        std::process::Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Stops a process and waits until it stands still.
pub(crate) async fn freeze(pid: u32) {
    signal(pid, "STOP");
    let state = || {
        let listed = std::process::Command::new("ps").args(["-o", "state=", "-p", &pid.to_string()]).output();
        String::from_utf8(listed.unwrap().stdout).unwrap()
    };
    eventually("the process stands still", || state().starts_with('T')).await;
}

/// Whether a process exists, as a zombie too.
pub(crate) fn alive(pid: u32) -> bool {
    std::process::Command::new("kill")
        .args(["-0".to_owned(), pid.to_string()])
        .output()
        .unwrap()
        .status
        .success()
}
