//! Data queries: the queries of one request side by side, each with its own answer or error, encoded once.

use std::sync::Arc;

use futures_util::StreamExt as _;
use graftwire_frame::Frame;
use graftwire_model::{
    CallContext, CallError, Capability, DataResponse, EncodedFrame, ErrorSource, FrameFormat, Query,
    QueryRequest, QueryResponse, error_text,
};
use tracing::Instrument as _;

use super::call::{Watch, span_of};
use super::{Dispatcher, Handler};
use crate::capability::{Answer, QueryError, RequestContext};
use crate::instance::InstanceError;
use crate::panics;
use crate::telemetry::Outcome;

impl<I: Send + Sync + 'static> Dispatcher<I> {
    pub(super) async fn query(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> Result<QueryResponse, CallError> {
        let handler = self.handlers.query.ok_or_else(|| CallError::unimplemented(Capability::QueryData))?;
        let cx = self.context(cx, request.context, request.headers);
        let watch = Watch::start(&self.telemetry, Capability::QueryData);
        let span = span_of(Capability::QueryData, &cx);
        async move {
            tracing::debug!("Plugin Request Started");
            let instance = match panics::catch(self.instances.of_request(&cx)).await {
                Ok(Ok(instance)) => instance,
                Ok(Err(error)) => return end_without_instance(watch, error, &request.queries),
                Err(caught) => {
                    let error = CallError::from(caught);
                    watch.end(Outcome::Error(ErrorSource::Plugin), Some(&error));
                    return Err(error);
                }
            };
            let responses = self.answer_all(&instance, handler, &cx, request.queries, request.format).await;
            watch.end(outcome_of(&responses), None);
            Ok(responses)
        }
        .instrument(span)
        .await
    }

    async fn answer_all(
        &self,
        instance: &Arc<I>,
        handler: Handler<I, Query, Answer, QueryError>,
        cx: &RequestContext,
        queries: Vec<Query>,
        format: FrameFormat,
    ) -> QueryResponse {
        let side_by_side = self.side_by_side(cx);
        let responses = futures_util::stream::iter(queries)
            .map(|query| async move {
                let ref_id = query.ref_id.clone();
                let response = self.answer_one(instance, handler, cx, query, format).await;
                if response.is_error() {
                    tracing::error!(
                        refID = ref_id,
                        status = response.status,
                        error = response.error,
                        statusSource = response.error_source.unwrap_or(ErrorSource::Plugin).as_str(),
                        "Partial data response error"
                    );
                }
                (ref_id, response)
            })
            .buffer_unordered(side_by_side)
            .collect()
            .await;
        QueryResponse { responses }
    }

    /// How many queries of one request run at once: what the host says, within the plugin's limits.
    pub(super) fn side_by_side(&self, cx: &RequestContext) -> usize {
        cx.plugin
            .grafana_config
            .concurrent_query_count()
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| *count > 0)
            .unwrap_or(self.limits.concurrent_queries)
            .clamp(1, self.limits.concurrent_queries_overall.max(1))
    }

    async fn answer_one(
        &self,
        instance: &Arc<I>,
        handler: Handler<I, Query, Answer, QueryError>,
        cx: &RequestContext,
        query: Query,
        format: FrameFormat,
    ) -> DataResponse {
        let ref_id = query.ref_id.clone();
        let work = async {
            // The semaphore is never closed.
            let _permit = self.queries.acquire().await;
            handler(instance, cx, query).await
        };
        let answer = match cx.deadline() {
            None => panics::catch(work).await,
            Some(deadline) => match tokio::time::timeout_at(deadline.into(), panics::catch(work)).await {
                Ok(answer) => answer,
                Err(_) => {
                    Ok(Err(QueryError::downstream("the caller's deadline passed before there was an answer")
                        .with_status(504)))
                }
            },
        };
        let response = match answer {
            Ok(Ok(Answer::Frames(frames))) => encoded(DataResponse::ok(Vec::new()), frames, &ref_id, format),
            Ok(Ok(Answer::Encoded(response))) => response,
            Ok(Err(error)) => failed(error, &ref_id, format),
            Err(caught) => DataResponse::failed(500, ErrorSource::Plugin, caught.message),
        };
        within_limit(response, self.limits.response_bytes)
    }
}

fn failed(error: QueryError, ref_id: &str, format: FrameFormat) -> DataResponse {
    if std::error::Error::source(&error).is_some() {
        tracing::debug!(error = error_text(&error), "causes of a failed query");
    }
    let (response, partial, _cause) = error.into_parts();
    encoded(response, partial, ref_id, format)
}

/// Adds the encoded frames to an answer; those without a refId get the query's, as from the Go SDK. A frame that can't be encoded is the plugin's error; the others stay.
fn encoded(
    mut response: DataResponse,
    frames: Vec<Frame>,
    ref_id: &str,
    format: FrameFormat,
) -> DataResponse {
    for mut frame in frames {
        if frame.ref_id.is_empty() {
            ref_id.clone_into(&mut frame.ref_id);
        }
        let name = frame.name.clone();
        match frame.into_encoded(format) {
            Ok(frame) => response.frames.push(frame),
            Err(error) if !response.is_error() => {
                let text = format!("frame {name:?} can't be encoded: {}", error_text(&error));
                let failed = DataResponse::failed(500, ErrorSource::Plugin, text);
                response = DataResponse { frames: response.frames, ..failed };
            }
            Err(_) => {}
        }
    }
    response
}

fn within_limit(response: DataResponse, limit: usize) -> DataResponse {
    let bytes: usize = response.frames.iter().map(EncodedFrame::len).sum();
    if bytes <= limit {
        return response;
    }
    let text = format!(
        "the answer has {bytes} bytes, above the limit of {limit}; ask for a shorter time range or fewer series"
    );
    DataResponse::failed(413, ErrorSource::Plugin, text)
}

/// An instance error with a known source is the answer to every query; without one the whole call fails.
pub(super) fn end_without_instance(
    watch: Watch,
    error: InstanceError,
    queries: &[Query],
) -> Result<QueryResponse, CallError> {
    let Some(origin) = error.origin() else {
        watch.end(Outcome::Error(ErrorSource::Plugin), Some(&error));
        return Err(error.into());
    };
    watch.end(Outcome::Error(origin), Some(&error));
    let status = if origin == ErrorSource::Plugin { 500 } else { 400 };
    let answer =
        |query: &Query| (query.ref_id.clone(), DataResponse::failed(status, origin, error.to_string()));
    Ok(QueryResponse { responses: queries.iter().map(answer).collect() })
}

fn outcome_of(response: &QueryResponse) -> Outcome {
    let failed = response.responses.values().filter(|answer| answer.is_error());
    Outcome::of_queries(
        failed.map(|answer| Outcome::Error(answer.error_source.unwrap_or(ErrorSource::Plugin))),
    )
}
