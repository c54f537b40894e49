//! A plugin that misbehaves on request, for tests of the process around it.
//!
//! | query type | what happens |
//! |---|---|
//! | `panic` | the handler panics |
//! | `panic-elsewhere` | a thread of the plugin panics, outside any call |
//! | `exit` | the process ends in the middle of the query |
//! | `print` | prints to standard output |
//! | `log` | logs at every level, with fields that try to break the format |
//! | `hang` | never answers; in chunks, as a resource and as a channel: after the first piece |
//! | `under-way` | the number of other handlers under way, in the frame's name |
//! | `ten-million` | in chunks: so many rows, 10,000 each |
//! | `series` | a wide frame of two series, with a null and a time after 2038 |
//! | `rows` | a table with most types |
//! | else | one frame with the query model as text |
//!
//! With `ODD_LISTENS_ON_TCP` in its environment it listens on TCP.

#![allow(clippy::panic, clippy::print_stdout)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use graftwire_sdk::frame::Timestamp;
use graftwire_sdk::model::ReplyStream;
use graftwire_sdk::prelude::*;

fn main() -> ExitCode {
    let plugin = Plugin::single("graftwire-odd-datasource", Odd)
        .build_info(graftwire_sdk::build_info!())
        .query_data()
        .query_chunked()
        .check_health()
        .call_resource()
        .stream_data();
    let tcp = std::env::var_os("ODD_LISTENS_ON_TCP").is_some();
    if tcp { plugin.listen_on_tcp().serve() } else { plugin.serve() }
}

struct Odd;

/// Handlers that have begun and were not dropped yet.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

struct UnderWay;

impl UnderWay {
    fn begin() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
    }
}

impl QueryData for Odd {
    async fn query(&self, _cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        let _under_way = UnderWay::begin();
        match query.query_type.as_str() {
            "under-way" => {
                let others = UNDER_WAY.load(Ordering::SeqCst) - 1;
                return Ok(Answer::from(Frame::new(others.to_string())));
            }
            "panic" => panic!("as you wished"),
            "panic-elsewhere" => {
                let _ = std::thread::spawn(|| panic!("in a thread\nof its own")).join();
            }
            "exit" => std::process::exit(3),
            "print" => println!("printed by the plugin"),
            "log" => {
                tracing::trace!("a trace");
                tracing::debug!(n = 1, "a debug");
                tracing::info!(message = 5, "@level" = 3);
                tracing::warn!(f = f64::INFINITY, "a warning");
                tracing::error!(error = "line\nbreak", "an error");
            }
            "hang" => std::future::pending().await,
            "series" => return Ok(Answer::from(series())),
            "rows" => return Ok(Answer::from(rows())),
            _ => {}
        }
        let text = String::from_utf8_lossy(&query.json).into_owned();
        Ok(Answer::from(Frame::new("odd").with_field(Field::new("model", vec![text]))))
    }
}

impl QueryChunked for Odd {
    async fn query_chunked(
        &self,
        _cx: &RequestContext,
        query: Query,
        mut chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        let _under_way = UnderWay::begin();
        let (count, size) = if query.query_type == "ten-million" { (1000, 10_000) } else { (3, 10) };
        for at in 0..count {
            let rows: Vec<i64> = (at * size..(at + 1) * size).collect();
            chunks.send("f", Frame::new("odd").with_field(Field::new("n", rows))).await?;
            if query.query_type == "hang" {
                std::future::pending().await
            }
        }
        Ok(())
    }
}

impl CallResource for Odd {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        if request.path != "hang" {
            return Ok(ResourceResponse::new(200, "application/octet-stream", request.body));
        }
        let pieces =
            futures_util::stream::unfold((true, UnderWay::begin()), |(first, under_way)| async move {
                if !first {
                    std::future::pending().await
                }
                Some((Ok("one piece".into()), (false, under_way)))
            });
        Ok(ResourceResponse::pieces(200, "text/plain", ReplyStream::new(pieces)))
    }
}

fn series() -> Frame {
    let at = [1_700_000_000_000, 1_700_000_060_000, 4_000_000_000_001].map(Timestamp::from_millis);
    let of = |host: &str| [("host".to_owned(), host.to_owned())];
    Frame::new("odd")
        .with_field(Field::new("time", at.to_vec()))
        .with_field(Field::new("usage", vec![Some(0.5), None, Some(-1e300)]).with_labels(of("a")))
        .with_field(Field::new("usage", vec![i64::MIN, 0, 1]).with_labels(of("b")))
}

fn rows() -> Frame {
    Frame::new("odd")
        .with_field(Field::new("n", vec![Some(9_007_199_254_740_993_i64), None]))
        .with_field(Field::new("x", vec![0.1, -1.5]))
        .with_field(Field::new("yes", vec![true, false]))
        .with_field(Field::new("text", vec!["ü", ""]))
        .with_field(Field::new("nothing", vec![None::<&str>, None]))
}

impl CheckHealth for Odd {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok("odd, but fine"))
    }
}

impl StreamData for Odd {
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
        let _under_way = UnderWay::begin();
        if request.path == "hang" {
            packets.send_json("{}").await?;
            std::future::pending().await
        }
        loop {
            packets.send_json("{}").await?;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}
