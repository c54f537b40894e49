//! The bench plugin: a fixed contract that any driver can measure, in any implementation.
//!
//! | call | what it does |
//! |---|---|
//! | CheckHealth | OK |
//! | QueryData, type `bench`, model `{"rows":N,"frames":M}` | M frames of N rows, made anew for each call: `time` (ns, from + i s), `value` (frame index + i × 0.5), `label` (`series-` + i mod 16) |
//! | QueryChunkedData, the same with `"chunk":C` | the same frames in chunks of C rows (default 10,000) |
//! | CallResource `echo` | the request's body |
//! | CallResource `blob?bytes=N` | N bytes in pieces of 64 KiB |
//! | ValidateAdmission, MutateAdmission | allowed, as it came |
//! | ConvertObjects | the same objects |
//! | RunStream `bench/N` | N frames of one row as JSON, as fast as the host takes them |
//!
//! It deliberately does nothing else, so that what is measured is the SDK.

use std::ops::Range;

use bytes::Bytes;
use graftwire_sdk::frame::json::Include;
use graftwire_sdk::frame::{Column, Timestamp};
use graftwire_sdk::model::{
    AdmissionRequest, ConversionRequest, ConversionResponse, MutationResponse, ReplyStream,
    ValidationResponse,
};
use graftwire_sdk::prelude::*;
use graftwire_sdk::{Admission, Conversion};

/// The largest answer that can be asked for: rows times frames.
const MAX_ROWS: u64 = 50_000_000;
/// One piece of a blob.
const BLOB_PIECE: usize = 64 * 1024;

/// The texts of the column `label`. Made once, as the Go plugin of this contract does.
const LABELS: [&str; 16] = [
    "series-0",
    "series-1",
    "series-2",
    "series-3",
    "series-4",
    "series-5",
    "series-6",
    "series-7",
    "series-8",
    "series-9",
    "series-10",
    "series-11",
    "series-12",
    "series-13",
    "series-14",
    "series-15",
];

/// The plugin's id.
pub const PLUGIN_ID: &str = "graftwire-bench-datasource";

/// The plugin, ready to be served by a process of its own, or inside another one.
pub fn plugin() -> Plugin<Bench> {
    Plugin::single(PLUGIN_ID, Bench)
        .query_data()
        .query_chunked()
        .check_health()
        .call_resource()
        .stream_data()
        .admission()
        .conversion()
}

/// What answers the calls of the contract.
#[derive(Debug)]
pub struct Bench;

#[derive(serde::Deserialize)]
struct Model {
    rows: u64,
    #[serde(default = "one")]
    frames: u64,
    #[serde(default = "ten_thousand")]
    chunk: u64,
}

const fn one() -> u64 {
    1
}

const fn ten_thousand() -> u64 {
    10_000
}

impl Model {
    fn read(query: &Query) -> Result<Self, QueryError> {
        if query.query_type != "bench" {
            let text = format!("query type {:?} is unknown; expected \"bench\"", query.query_type);
            return Err(QueryError::bad_request(text));
        }
        serde_json::from_slice(&query.json)
            .map_err(|error| QueryError::bad_request(format!("the query model can't be read: {error}")))
    }
}

impl QueryData for Bench {
    async fn query(&self, _cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        let model = Model::read(&query)?;
        if model.rows.saturating_mul(model.frames) > MAX_ROWS {
            return Err(QueryError::bad_request(format!("rows × frames is above {MAX_ROWS}")));
        }
        let from = query.time_range.from.as_nanos();
        Ok((0..model.frames).map(|index| frame(from, index, 0..model.rows)).collect::<Vec<_>>().into())
    }
}

impl QueryChunked for Bench {
    async fn query_chunked(
        &self,
        _cx: &RequestContext,
        query: Query,
        mut chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        let model = Model::read(&query)?;
        let (from, step) = (query.time_range.from.as_nanos(), model.chunk.max(1));
        for index in 0..model.frames {
            let mut first = 0_u64;
            loop {
                let end = first.saturating_add(step).min(model.rows);
                chunks.send(&format!("{index}"), frame(from, index, first..end)).await?;
                first = end;
                if first >= model.rows {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Rows of frame number `index` of the contract. `from` is the time of row 0, in nanoseconds since the epoch.
#[must_use]
pub fn frame(from: i64, index: u64, rows: Range<u64>) -> Frame {
    let second = |i: u64| {
        let seconds = i64::try_from(i).unwrap_or(i64::MAX);
        Timestamp::from_nanos(from.saturating_add(seconds.saturating_mul(1_000_000_000)))
    };
    let times: Vec<Timestamp> = rows.clone().map(second).collect();
    let values: Vec<f64> = rows.clone().map(|i| index as f64 + i as f64 * 0.5).collect();
    let label = |i: u64| LABELS.get((i % 16) as usize).copied().unwrap_or_default();
    let labels: Column<String> = rows.map(label).collect();
    Frame::new(format!("bench-{index}"))
        .with_field(Field::new("time", times))
        .with_field(Field::new("value", values))
        .with_field(Field::new("label", labels))
}

impl CheckHealth for Bench {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok("ready"))
    }
}

impl CallResource for Bench {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        match request.path.trim_matches('/') {
            "echo" => Ok(ResourceResponse::new(200, "application/octet-stream", request.body)),
            "blob" => match blob_length(request.query_string()) {
                Some(bytes) => Ok(ResourceResponse::pieces(200, "application/octet-stream", blob(bytes))),
                None => Ok(ResourceResponse::text(400, "blob wants ?bytes=N")),
            },
            other => {
                Ok(ResourceResponse::text(404, format!("no resource {other:?}; there are echo and blob")))
            }
        }
    }
}

fn blob_length(query: &str) -> Option<usize> {
    query.split('&').find_map(|pair| pair.strip_prefix("bytes=")?.parse().ok())
}

/// Every piece shares one buffer.
fn blob(bytes: usize) -> ReplyStream<Bytes> {
    let piece = Bytes::from(vec![b'g'; BLOB_PIECE.min(bytes)]);
    let mut left = bytes;
    ReplyStream::from_items(std::iter::from_fn(move || {
        let length = left.min(BLOB_PIECE);
        left -= length;
        (length > 0).then(|| piece.slice(..length))
    }))
}

impl StreamData for Bench {
    async fn subscribe(
        &self,
        _cx: &RequestContext,
        request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        let status =
            if packets_of(&request.path).is_some() { StreamStatus::Ok } else { StreamStatus::NotFound };
        Ok(SubscribeResponse { status, ..SubscribeResponse::default() })
    }

    async fn run(
        &self,
        _cx: &RequestContext,
        request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        let count = packets_of(&request.path).ok_or_else(|| {
            CallError::new(Code::NotFound, format!("no channel {:?}; expected bench/N", request.path))
        })?;
        for number in 0..count {
            packets.send_frame(&frame(0, number, 0..1), Include::All).await?;
        }
        Ok(())
    }
}

impl Admission for Bench {
    async fn validate(
        &self,
        _cx: &RequestContext,
        _request: AdmissionRequest,
    ) -> Result<ValidationResponse, CallError> {
        Ok(ValidationResponse { allowed: true, ..ValidationResponse::default() })
    }

    async fn mutate(
        &self,
        _cx: &RequestContext,
        request: AdmissionRequest,
    ) -> Result<MutationResponse, CallError> {
        Ok(MutationResponse { allowed: true, object: request.object, ..MutationResponse::default() })
    }
}

impl Conversion for Bench {
    async fn convert(
        &self,
        _cx: &RequestContext,
        request: ConversionRequest,
    ) -> Result<ConversionResponse, CallError> {
        Ok(ConversionResponse { objects: request.objects, ..ConversionResponse::default() })
    }
}

fn packets_of(path: &str) -> Option<u64> {
    path.strip_prefix("bench/")?.parse().ok()
}
