//! Answers in chunks, put together: from good plugins, from plugins without them, and from plugins that lie.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use graftwire_frame::Frame;
use graftwire_frame::chunks::CollectLimits;
use graftwire_host::{ChunkedAnswer, LaunchOptions, Plugin, query_chunked_or_plain};
use graftwire_model::{
    Backend, BoxFuture, CallContext, CallError, Capability, Code, DataResponse, ErrorSource, FrameFormat,
    Query, QueryChunk, QueryRequest, QueryResponse, ReplyStream,
};

use crate::capabilities::link_to;
use crate::fake::{Behaviour, Fake, rows};

fn request(ref_ids: &str, query_type: &str) -> QueryRequest {
    let query = |name: char| Query {
        ref_id: name.to_string(),
        query_type: query_type.to_owned(),
        ..Query::default()
    };
    QueryRequest { queries: ref_ids.chars().map(query).collect(), ..QueryRequest::default() }
}

type Chunks = fn() -> Result<ReplyStream<QueryChunk>, CallError>;

/// Answers chunked queries as told, and plain ones with a status that gives them away.
struct Told(Chunks);

impl Backend for Told {
    fn query_data(
        &self,
        _cx: CallContext,
        request: QueryRequest,
    ) -> BoxFuture<'_, Result<QueryResponse, CallError>> {
        let plain = DataResponse { status: 299, ..DataResponse::default() };
        let responses = request.queries.into_iter().map(|query| (query.ref_id, plain.clone())).collect();
        Box::pin(async { Ok(QueryResponse { responses }) })
    }

    fn query_chunked(
        &self,
        _cx: CallContext,
        _request: QueryRequest,
    ) -> BoxFuture<'_, Result<ReplyStream<QueryChunk>, CallError>> {
        let answer = (self.0)();
        Box::pin(async { answer })
    }
}

const BOTH: [Capability; 2] = [Capability::QueryData, Capability::QueryChunkedData];

async fn ask(chunks: Chunks, served: &[Capability]) -> Result<ChunkedAnswer, CallError> {
    let link = link_to(Told(chunks), served).await;
    let limits = CollectLimits::default();
    query_chunked_or_plain(link.backend().as_ref(), CallContext::new(), request("AB", ""), limits).await
}

fn unimplemented() -> CallError {
    CallError::new(Code::Unimplemented, "no")
}

#[tokio::test]
async fn a_plugin_without_chunks_is_asked_plainly_however_it_says_so() {
    let at_once: Chunks = || Err(unimplemented());
    let in_stream: Chunks = || Ok(ReplyStream::new(futures_util::stream::iter([Err(unimplemented())])));
    let status_alone: Chunks =
        || Ok(ReplyStream::from_items([QueryChunk { status: 501, ..QueryChunk::default() }]));
    // Without the service there is no plain answer either; plugins that predate chunks have the service alone.
    for (way, served) in
        [(at_once, &BOTH[..]), (in_stream, &BOTH), (status_alone, &BOTH), (at_once, &BOTH[..1])]
    {
        let answer = ask(way, served).await.unwrap();
        assert_eq!(answer.chunks, None);
        assert_eq!(answer.response.responses["A"].status, 299);
    }
    let error = ask(at_once, &[Capability::CheckHealth]).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented, "{error}");
}

#[tokio::test]
async fn a_query_that_is_not_implemented_is_that_querys_error() {
    let answer = ask(
        || {
            let failed =
                QueryChunk { error: "no such type".to_owned(), status: 501, ..rows("A", "f", "f", 1) };
            Ok(ReplyStream::from_items([QueryChunk { frame: None, ..failed }, rows("B", "f", "f", 1)]))
        },
        &BOTH,
    )
    .await
    .unwrap();
    assert_eq!(answer.chunks, Some(2));
    let of = |ref_id: &str| &answer.response.responses[ref_id];
    assert_eq!((of("A").status, of("A").error.as_str()), (501, "no such type"));
    assert_eq!((of("B").status, of("B").frames.len()), (200, 1));
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_the_calls_error() {
    let error = ask(
        || {
            let broken = CallError::new(Code::Unavailable, "the database went away");
            Ok(ReplyStream::new(futures_util::stream::iter([Ok(rows("A", "f", "f", 1)), Err(broken)])))
        },
        &BOTH,
    )
    .await
    .unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "the database went away"));
}

#[tokio::test]
async fn the_answer_has_the_format_that_was_asked_for() {
    for format in [FrameFormat::Arrow, FrameFormat::Json] {
        let link = link_to(Told(|| Ok(ReplyStream::from_items([rows("A", "f", "f", 3)]))), &BOTH).await;
        let request = QueryRequest { format, ..request("A", "") };
        let limits = CollectLimits::default();
        let answer = query_chunked_or_plain(link.backend().as_ref(), CallContext::new(), request, limits)
            .await
            .unwrap();
        let frame = &answer.response.responses["A"].frames[0];
        assert_eq!(frame.format, format);
        assert_eq!(Frame::decode(frame).unwrap().rows().unwrap(), 3);
    }
}

#[tokio::test]
async fn a_limit_stops_the_plugins_work() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let endless: Chunks = || {
        Ok(ReplyStream::from_items(std::iter::repeat_with(|| {
            MADE.fetch_add(1, Ordering::Relaxed);
            rows("A", "f", "f", 1000)
        })))
    };
    let link = link_to(Told(endless), &BOTH).await;
    let limits = CollectLimits::default().with_rows(10_000);
    let answer =
        query_chunked_or_plain(link.backend().as_ref(), CallContext::new(), request("A", ""), limits)
            .await
            .unwrap();
    let told = &answer.response.responses["A"];
    assert!(told.error.starts_with("rows of the answer: found 11000, the limit is 10000"), "{}", told.error);
    assert_eq!(Frame::decode(&told.frames[0]).unwrap().rows().unwrap(), 10_000);
    // What was on its way when the stream was dropped; then no more.
    let mut made = MADE.load(Ordering::Relaxed);
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if std::mem::replace(&mut made, MADE.load(Ordering::Relaxed)) == MADE.load(Ordering::Relaxed) {
            return;
        }
    }
    panic!("the plugin still makes rows that nobody wants: {made} chunks");
}

#[tokio::test]
async fn a_process_that_lies_is_told_query_by_query_and_good_queries_go_on() {
    let fake = Fake::plugin();
    let plugin = Plugin::start(&fake.spec(), &LaunchOptions::new()).await.unwrap();
    let asked = request("ABCDEFGH", Behaviour::LIES);
    let cx = CallContext::new().with_deadline(Instant::now() + Duration::from_secs(20));
    let answer =
        query_chunked_or_plain(plugin.backend().as_ref(), cx, asked, CollectLimits::default()).await.unwrap();
    let responses = &answer.response.responses;
    for (ref_id, says) in [
        ("A", "found a second schema"),
        ("B", "found columns 1 columns [string], the first piece has 1 columns [int64]"),
        ("D", "gone (query \"D\", frame \"f\": found rows after the query's error"),
        ("E", "data.values: found 2 entries"),
        ("F", "found frame name \"another\", the first piece has \"f\"; the id is used for two frames"),
        ("G", "a piece can't be read: arrow file: "),
        ("Z", "found an answer to it, but asked were \"A\", \"B\""),
    ] {
        assert!(responses[ref_id].error.contains(says), "{ref_id}: {}", responses[ref_id].error);
        let status = if ref_id == "D" { 502 } else { 500 };
        assert_eq!(responses[ref_id].status, status, "{ref_id}");
        if ref_id != "Z" && ref_id != "D" {
            assert_eq!(responses[ref_id].error_source, Some(ErrorSource::Plugin), "{ref_id}");
            assert_eq!(Frame::decode(&responses[ref_id].frames[0]).unwrap().rows().unwrap(), 2, "{ref_id}");
        }
    }
    for ref_id in ["C", "H"] {
        assert_eq!((responses[ref_id].status, responses[ref_id].error.as_str()), (200, ""), "{ref_id}");
        assert_eq!(Frame::decode(&responses[ref_id].frames[0]).unwrap().rows().unwrap(), 2, "{ref_id}");
    }
    assert_eq!(responses.len(), 9);
    plugin.stop().await;
}
