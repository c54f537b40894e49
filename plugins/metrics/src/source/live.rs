//! Live channels: the value of an expression at every collection, as it comes in.
//!
//! | channel | expression |
//! |---|---|
//! | `live/<name>` | in the data of the subscription: `{"expr":"…","legendFormat":"…","interval":"…","windowMs":N}` |
//!
//! The first frame of a subscriber reaches `windowMs` back; then there is one row per collection. The schema is sent
//! again only when the set of series changes. A host that reads slowly gets fewer rows, never older ones.

use std::sync::Arc;
use std::time::Duration;

use graftwire_sdk::frame::live::SchemaOnce;
use graftwire_sdk::frame::{
    FieldConfig, FieldLabels, FrameMeta, FrameType, FrameTypeVersion, Timestamp, json,
};
use graftwire_sdk::prelude::*;
use serde::Deserialize;

use super::{LOOKS, Source};
use crate::promql::{self, Value};
use crate::query;
use crate::series::{Labels, METRIC_NAME, Sample, SeriesData};
use crate::store::Store;

/// The prefix of every channel.
const PREFIX: &str = "live/";
/// How many rows the first frame has at most.
const MOST_ROWS: i64 = 3_600;
/// How many series one channel carries.
const MOST_SERIES: usize = 500;

/// What a subscriber wants to see.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    expr: String,
    legend_format: String,
    interval: String,
    window_ms: i64,
}

/// A channel whose expression has been read.
struct Channel {
    query: promql::Query,
    wanted: Wanted,
    /// The least distance of rows.
    pace: Duration,
    options: promql::Options,
}

impl Channel {
    fn read(path: &str, data: &[u8], collected_every: Duration) -> Result<Self, CallError> {
        let wrong =
            |text: String| CallError::new(Code::InvalidArgument, text).with_origin(ErrorSource::Downstream);
        if !path.starts_with(PREFIX) {
            return Err(wrong(format!("no channel {path:?}; channels are {PREFIX}<any name>")));
        }
        let wanted: Wanted = serde_json::from_slice(data).map_err(|cause| {
            wrong(format!("the subscription of {path:?} carries no query that can be read: {cause}; expected {{\"expr\":\"…\"}}"))
        })?;
        let step =
            query::least_step(&wanted.interval).map_err(|error| wrong(format!("interval: {error}")))?;
        let pace = step.unwrap_or_default().max(collected_every);
        let millis = i64::try_from(pace.as_millis()).unwrap_or(i64::MAX);
        let expr = query::live_expression(&wanted.expr, millis, wanted.window_ms);
        let query = promql::Query::parse(&expr).map_err(|error| wrong(format!("expr: {error}")))?;
        Ok(Self { query, wanted, pace, options: promql::Options::default() })
    }

    /// One row: the values at an instant.
    fn row(&self, store: &Store, at: i64, given_up: &dyn Fn() -> bool) -> Result<Frame, CallError> {
        let answer = self.query.instant(store, at, &self.options, given_up).map_err(failed)?;
        let series = match answer.value {
            Value::Vector(values) => values.into_iter().map(|(labels, sample)| one(labels, sample)).collect(),
            Value::Scalar(sample) => vec![one(Labels::default(), sample)],
            Value::Text(_) | Value::Matrix(_) => {
                return Err(CallError::new(
                    Code::InvalidArgument,
                    "expr gives no number per series; a live channel needs one",
                ));
            }
        };
        self.wide(series, &[at])
    }

    /// Rows from `windowMs` before an instant up to it.
    fn window(&self, store: &Store, to: i64, given_up: &dyn Fn() -> bool) -> Result<Frame, CallError> {
        let pace = i64::try_from(self.pace.as_millis()).unwrap_or(i64::MAX).max(1);
        let rows = (self.wanted.window_ms / pace).clamp(0, MOST_ROWS);
        let from = to.saturating_sub(rows.saturating_mul(pace));
        let answer = self.query.range(store, (from, to, pace), &self.options, given_up).map_err(failed)?;
        let series = match answer.value {
            Value::Matrix(series) => series,
            Value::Vector(_) | Value::Scalar(_) | Value::Text(_) => Vec::new(),
        };
        let mut times: Vec<i64> =
            series.iter().flat_map(|series| series.samples.iter().map(|sample| sample.at)).collect();
        times.sort_unstable();
        times.dedup();
        self.wide(series, &times)
    }

    /// One column of times, one of values per series; a series without a value at a time has null there.
    fn wide(&self, series: Vec<SeriesData>, times: &[i64]) -> Result<Frame, CallError> {
        if series.len() > MOST_SERIES {
            return Err(CallError::new(
                Code::ResourceExhausted,
                format!(
                    "expr gives {} series, a live channel carries at most {MOST_SERIES}; aggregate or narrow it",
                    series.len()
                ),
            ));
        }
        let stamps: Vec<Timestamp> = times.iter().map(|at| Timestamp::from_millis(*at)).collect();
        let mut frame = Frame::new("")
            .with_meta(FrameMeta::of_type(FrameType::TIMESERIES_WIDE, FrameTypeVersion::new(0, 1)));
        frame.fields.push(Field::new("Time", stamps));
        for SeriesData { labels, samples } in series {
            let mut samples = samples.into_iter().peekable();
            let values: Vec<Option<f64>> = times
                .iter()
                .map(|at| samples.next_if(|sample| sample.at == *at).map(|sample| sample.value))
                .collect();
            let mut field = Field::new("Value", values)
                .with_labels(labels.iter().filter(|(name, _)| *name != METRIC_NAME).collect::<FieldLabels>());
            let name = query::legend_name(&self.wanted.legend_format, &labels, &self.wanted.expr);
            field.config = Some(FieldConfig {
                display_name_from_ds: name.unwrap_or_default(),
                ..FieldConfig::default()
            });
            frame.fields.push(field);
        }
        Ok(frame)
    }
}

fn one(labels: Labels, sample: Sample) -> SeriesData {
    SeriesData { labels, samples: vec![sample] }
}

fn failed(error: promql::PromqlError) -> CallError {
    let text = graftwire_sdk::error_text(&error);
    match error.class() {
        promql::ErrorClass::Store => CallError::new(Code::Internal, text),
        promql::ErrorClass::BadRequest | promql::ErrorClass::Cancelled => {
            CallError::new(Code::InvalidArgument, text).with_origin(ErrorSource::Downstream)
        }
    }
}

impl StreamData for Source {
    async fn subscribe(
        &self,
        cx: &RequestContext,
        request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        if !request.path.starts_with(PREFIX) {
            return Ok(SubscribeResponse { status: StreamStatus::NotFound, ..SubscribeResponse::default() });
        }
        let channel = Channel::read(&request.path, &request.data, self.lease.engine.interval())?;
        let store = Arc::clone(&self.lease.engine.store);
        let now = *store.ticks().borrow();
        let frame = LOOKS.run(cx, move |given_up| channel.window(&store, now, given_up)).await?;
        let text = json::write(&frame, json::Include::All).map_err(unwritable)?;
        Ok(SubscribeResponse { status: StreamStatus::Ok, initial_data: text.into_bytes() })
    }

    async fn run(
        &self,
        cx: &RequestContext,
        request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        let store = Arc::clone(&self.lease.engine.store);
        let channel = Arc::new(Channel::read(&request.path, &request.data, self.lease.engine.interval())?);
        let mut ticks = store.ticks();
        let mut schema = SchemaOnce::default();
        let mut last_row = i64::MIN;
        loop {
            // The sender lives in the store, which lives in this data source.
            if ticks.changed().await.is_err() {
                return Err(CallError::new(Code::Unavailable, "the store was closed"));
            }
            let now = *ticks.borrow_and_update();
            // Collections never come at exactly their distance; half of it is near enough.
            let pace = i64::try_from(channel.pace.as_millis()).unwrap_or(i64::MAX);
            if now.saturating_sub(last_row) < pace - pace / 2 {
                continue;
            }
            last_row = now;
            let (channel, of_row) = (Arc::clone(&channel), Arc::clone(&store));
            let frame = LOOKS.run(cx, move |given_up| channel.row(&of_row, now, given_up)).await?;
            let packet = schema.encode(&frame).map_err(unwritable)?;
            packets.send_json(packet.data).await?;
        }
    }
}

fn unwritable(cause: graftwire_sdk::frame::FrameError) -> CallError {
    CallError::new(Code::Internal, "the frame can't be written as JSON").with_cause(cause)
}
