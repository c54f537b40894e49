//! Faults at every step of the life of a call, on the bytes between host and plugin.
//!
//! Time is paused: it leaps whenever everybody waits, so that a hang shows as time and costs none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use graftwire_host::LinkOptions;
use graftwire_model::*;
use graftwire_sdk::frame::chunks::ChunkCollector;
use graftwire_sdk::frame::{Field, Frame};
use graftwire_sdk::prelude::{
    Answer, CallResource, ChunkSender, PacketSender, Plugin, QueryChunked, QueryData, QueryError,
    RequestContext, ResourceResponse, StreamData,
};
use graftwire_testkit::{Fault, Faults, Pair, Wire};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

/// No call waits longer for a plugin that has become silent, by `graftwire_host::Pulse`'s defaults: 10 s until it is
/// asked, 45 s of patience, looked after every 5 s.
const SILENCE: Duration = Duration::from_secs(60);

/// What the handlers are doing.
#[derive(Debug, Default)]
struct Seen {
    /// Handlers under way.
    running: AtomicUsize,
    /// Chunks handed to the SDK.
    made: AtomicUsize,
}

/// Counts one handler for as long as it lives.
struct Running(Arc<Seen>);

impl Running {
    fn of(seen: &Arc<Seen>) -> Self {
        seen.running.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(seen))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Worker(Arc<Seen>);

fn frame(rows: std::ops::Range<i64>) -> Frame {
    Frame::new("n").with_field(Field::new("n", rows.collect::<Vec<_>>()))
}

impl QueryData for Worker {
    async fn query(&self, _cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        let _running = Running::of(&self.0);
        if query.query_type == "hang" {
            std::future::pending().await
        }
        Ok(frame(0..40).into())
    }
}

impl QueryChunked for Worker {
    async fn query_chunked(
        &self,
        _cx: &RequestContext,
        query: Query,
        mut chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        let _running = Running::of(&self.0);
        let (count, size) = match query.query_type.as_str() {
            "ten million" => (1000, 10_000),
            "a million" => (100, 10_000),
            "hang" => (1, 1),
            _ => (3, 10),
        };
        for at in 0..count {
            self.0.made.fetch_add(1, Ordering::SeqCst);
            chunks.send("f", frame(at * size..(at + 1) * size)).await?;
        }
        if query.query_type == "hang" { std::future::pending().await } else { Ok(()) }
    }
}

impl CallResource for Worker {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        let running = Running::of(&self.0);
        let hangs = request.path == "hang";
        let pieces = futures_util::stream::unfold((0_u8, running), move |(number, running)| async move {
            match number {
                3 if hangs => std::future::pending().await,
                3 => None,
                _ => Some((Ok(Bytes::from(vec![number; 100])), (number + 1, running))),
            }
        });
        Ok(ResourceResponse::pieces(200, "text/plain", ReplyStream::new(pieces)))
    }
}

impl StreamData for Worker {
    async fn subscribe(
        &self,
        _cx: &RequestContext,
        _request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        Ok(SubscribeResponse::default())
    }

    async fn run(
        &self,
        _cx: &RequestContext,
        request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        let _running = Running::of(&self.0);
        for number in 0..4 {
            packets.send_json(format!("{{\"n\":{number}}}")).await?;
        }
        if request.path == "hang" { std::future::pending().await } else { Ok(()) }
    }
}

fn plugin(seen: &Arc<Seen>) -> Plugin<Worker> {
    Plugin::single("worker-datasource", Worker(Arc::clone(seen)))
        .query_data()
        .query_chunked()
        .call_resource()
        .stream_data()
}

/// All that can make every call.
fn wires() -> impl Iterator<Item = Wire> {
    let calls = [Capability::QueryChunkedData, Capability::CallResource, Capability::RunStream];
    Wire::in_memory().filter(move |wire| calls.iter().all(|call| wire.carries(*call)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Query,
    Chunked,
    Resource,
    Stream,
}

const CALLS: [Call; 4] = [Call::Query, Call::Chunked, Call::Resource, Call::Stream];

fn request(query_type: &str) -> QueryRequest {
    let query = Query { ref_id: "A".to_owned(), query_type: query_type.to_owned(), ..Query::default() };
    QueryRequest { queries: vec![query], ..QueryRequest::default() }
}

async fn all<T>(stream: Result<ReplyStream<T>, CallError>, mut each: impl FnMut(T)) -> Result<(), CallError> {
    let mut stream = stream?;
    while let Some(item) = stream.next().await {
        each(item?);
    }
    Ok(())
}

impl Call {
    /// Makes the call to its end and checks the answer: an answer that is there is the right one.
    async fn make(self, backend: &dyn Backend) -> Result<(), CallError> {
        let cx = CallContext::new();
        match self {
            Self::Query => {
                let answer = backend.query_data(cx, request("")).await?;
                let read = Frame::decode(&answer.responses["A"].frames[0]).unwrap();
                assert_eq!(read.fields, frame(0..40).fields);
            }
            Self::Chunked => {
                let mut collector = ChunkCollector::default();
                let stream = backend.query_chunked(cx, request("")).await;
                all(stream, |chunk| collector.absorb(chunk)).await?;
                assert_eq!(collector.frames("A").next().unwrap().fields, frame(0..30).fields);
            }
            Self::Resource => {
                let mut body = Vec::new();
                let stream = backend.call_resource(cx, ResourceRequest::default()).await;
                all(stream, |piece| body.extend_from_slice(&piece.body)).await?;
                assert_eq!(body, [[0; 100], [1; 100], [2; 100]].concat());
            }
            Self::Stream => {
                let mut packets = 0;
                let stream = backend.run_stream(cx, RunStreamRequest::default()).await;
                all(stream, |_| packets += 1).await?;
                assert_eq!(packets, 4);
            }
        }
        Ok(())
    }

    /// Begins the call in a way that never ends, and reads its first item if it gives items.
    async fn begin(self, backend: &dyn Backend) -> Result<Box<dyn Send>, CallError> {
        let (cx, hang) = (CallContext::new(), || "hang".to_owned());
        async fn first<T: Send + 'static>(
            stream: Result<ReplyStream<T>, CallError>,
        ) -> Result<Box<dyn Send>, CallError> {
            let mut stream = stream?;
            stream.next().await.unwrap()?;
            Ok(Box::new(stream))
        }
        match self {
            Self::Query => {
                backend.query_data(cx, request("hang")).await.map(|_| Box::new(()) as Box<dyn Send>)
            }
            Self::Chunked => first(backend.query_chunked(cx, request("hang")).await).await,
            Self::Resource => {
                let asked = ResourceRequest { path: hang(), ..ResourceRequest::default() };
                first(backend.call_resource(cx, asked).await).await
            }
            Self::Stream => {
                let asked = RunStreamRequest { path: hang(), ..RunStreamRequest::default() };
                first(backend.run_stream(cx, asked).await).await
            }
        }
    }
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until as many tasks live as before and no handler is under way. A task that waits for something that never
/// comes would make the time leap to the end.
async fn nothing_is_left(before: usize, seen: &Seen, after: &str) {
    let begun = Instant::now();
    while tasks() != before || seen.running.load(Ordering::SeqCst) != 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{after}: {} tasks, {before} before; {} handlers under way",
            tasks(),
            seen.running.load(Ordering::SeqCst)
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Makes a call through faults. Gives how it ended, and the bytes that passed.
async fn through(call: Call, wire: Wire, faults: Faults) -> (Result<(), CallError>, (u64, u64)) {
    let (before, seen, about) = (tasks(), Arc::new(Seen::default()), format!("{call:?} {wire} {faults:?}"));
    let begun = Instant::now();
    let mut passed = (0, 0);
    let ended = match Pair::open_through(plugin(&seen), wire, LinkOptions::default(), faults).await {
        Err(error) => Err(CallError::new(Code::Unavailable, error.to_string())),
        Ok(pair) => {
            let ended = timeout(SILENCE * 10, call.make(pair.backend().as_ref())).await;
            passed = pair.passed();
            ended.unwrap_or_else(|_| panic!("{about}: the call hangs"))
        }
    };
    assert!(
        begun.elapsed() <= SILENCE + Duration::from_secs(1),
        "{about}: ended after {:?}",
        begun.elapsed()
    );
    nothing_is_left(before, &seen, &about).await;
    (ended, passed)
}

/// Where faults strike: the beginning byte by byte where the protocol's own parts are, then evenly to the end.
fn places(all: u64) -> Vec<u64> {
    let mut places = vec![0, 1, 9, 23, 24, 25, 33, all.saturating_sub(9), all.saturating_sub(1)];
    places.extend((0..all).step_by(usize::try_from(all / 24 + 1).unwrap()));
    places.sort_unstable();
    places.dedup();
    places.retain(|at| *at < all);
    places
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_byte_ends_the_call_in_bounded_time_and_leaves_nothing() {
    let mut struck = 0;
    for wire in wires() {
        for call in CALLS {
            let (healthy, (requests, answers)) = through(call, wire, Faults::default()).await;
            if healthy.is_err_and(|error| error.code() == Code::Unimplemented) {
                continue;
            }
            for make in [Fault::Cut, Fault::End, Fault::Stall, Fault::Garbage] {
                for at in places(requests) {
                    let to_plugin = Some(make(at));
                    let (ended, _) = through(call, wire, Faults { to_plugin, ..Faults::default() }).await;
                    struck += usize::from(ended.is_err());
                }
                for at in places(answers) {
                    let to_host = Some(make(at));
                    let (ended, _) = through(call, wire, Faults { to_host, ..Faults::default() }).await;
                    struck += usize::from(ended.is_err());
                }
            }
        }
    }
    assert!(struck > 500, "only {struck} faults had an effect");
}

#[tokio::test(start_paused = true)]
async fn a_slow_connection_is_slow_and_nothing_else() {
    for wire in wires() {
        for call in CALLS {
            let slow = Some(Fault::Slow(7, Duration::from_millis(1)));
            for faults in
                [Faults { to_plugin: slow, to_host: None }, Faults { to_plugin: None, to_host: slow }]
            {
                match through(call, wire, faults).await.0 {
                    Ok(()) => {}
                    Err(error) => assert_eq!(error.code(), Code::Unimplemented, "{call:?} {wire}: {error}"),
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_stops_the_handler_at_once() {
    for wire in wires() {
        for call in CALLS {
            let (before, seen) = (tasks(), Arc::new(Seen::default()));
            let pair = Pair::open(plugin(&seen), wire).await.unwrap();
            let backend = pair.backend();
            match timeout(Duration::from_secs(1), call.begin(backend.as_ref())).await {
                // A call without items hangs until it is dropped, which the timeout has done.
                Err(_) => assert_eq!(call, Call::Query, "{wire}"),
                Ok(Err(error)) => assert_eq!(error.code(), Code::Unimplemented, "{call:?} {wire}: {error}"),
                Ok(Ok(held)) => {
                    assert_eq!(seen.running.load(Ordering::SeqCst), 1, "{call:?} {wire}");
                    drop(held);
                }
            }
            let begun = Instant::now();
            while seen.running.load(Ordering::SeqCst) != 0 {
                assert!(begun.elapsed() < Duration::from_millis(100), "{call:?} {wire}: the handler goes on");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop((backend, pair));
            nothing_is_left(before, &seen, &format!("{call:?} {wire}")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_keeps_nobody_once_either_side_is_gone() {
    for wire in wires() {
        for call in CALLS {
            for to_plugin in [Fault::Cut(100_000), Fault::End(100_000)] {
                let (before, seen) = (tasks(), Arc::new(Seen::default()));
                let faults = Faults { to_plugin: Some(to_plugin), ..Faults::default() };
                let pair =
                    Pair::open_through(plugin(&seen), wire, LinkOptions::default(), faults).await.unwrap();
                let backend = pair.backend();
                let begun = timeout(Duration::from_secs(1), call.begin(backend.as_ref())).await;
                // A second call pushes the connection over the edge while the first one is under way.
                let body = Bytes::from(vec![0; 200_000]);
                let asked = ResourceRequest { body, ..ResourceRequest::default() };
                let pushed = timeout(SILENCE * 10, async {
                    all(backend.call_resource(CallContext::new(), asked).await, |_| {}).await
                });
                assert!(pushed.await.expect("the call hangs").is_err(), "{call:?} {wire} {to_plugin:?}");
                let place = format!("{call:?} {wire} {to_plugin:?}");
                let alone = Instant::now();
                while seen.running.load(Ordering::SeqCst) != 0 {
                    assert!(alone.elapsed() < Duration::from_secs(1), "{place}: the handler goes on");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                drop((begun, backend, pair));
                nothing_is_left(before, &seen, &place).await;
            }
        }
    }
}

/// The plugin makes no more than this ahead of its reader: one stream's window of 1 MiB, the buffers of HTTP/2 and of
/// the connection, and the four chunks of `Limits::chunk_buffer`. A chunk here is 80 KB.
const AHEAD: usize = 25;

#[tokio::test(start_paused = true)]
async fn ten_million_rows_pass_in_bounded_memory() {
    for wire in wires() {
        for (format, kind, total) in
            [(FrameFormat::Arrow, "ten million", 10_000_000), (FrameFormat::Json, "a million", 1_000_000)]
        {
            let seen = Arc::new(Seen::default());
            let pair = Pair::open(plugin(&seen), wire).await.unwrap();
            let asked = QueryRequest { format, ..request(kind) };
            let backend = pair.backend();
            let mut stream = match backend.query_chunked(CallContext::new(), asked).await {
                Err(error) if error.code() == Code::Unimplemented => continue,
                stream => stream.unwrap(),
            };
            let (mut read, mut rows, mut ahead) = (0, 0, 0);
            while let Some(chunk) = stream.next().await {
                read += 1;
                let chunk = chunk.unwrap();
                assert_eq!(chunk.frame.as_ref().map(|frame| frame.format), Some(format));
                // Reading every chunk as a frame would be the codecs' test.
                if read % 100 == 1 {
                    let mut collector = ChunkCollector::default();
                    if format == FrameFormat::Arrow {
                        collector.push(chunk).unwrap();
                        assert_eq!(collector.frames("A").next().unwrap().rows().unwrap(), 10_000);
                    }
                    // A reader that is slower than the plugin.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                rows += 10_000;
                ahead = ahead.max(seen.made.load(Ordering::SeqCst) - read);
            }
            assert_eq!(rows, total, "{wire} {format:?}");
            assert!(ahead <= AHEAD, "{wire} {format:?}: the plugin was {ahead} chunks ahead of its reader");
        }
    }
}
