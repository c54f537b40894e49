//! Streamed data queries: the queries of one request side by side, their chunks in the order in which they are made.
//!
//! The failure of one query is a chunk of its own; the others go on.

use std::sync::Arc;

use futures_util::StreamExt as _;
use graftwire_model::{
    CallContext, CallError, Capability, DataResponse, EncodedFrame, ErrorSource, FrameFormat, Query,
    QueryChunk, QueryRequest, ReplyStream,
};
use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::call::{Watch, span_of};
use super::driven::Driven;
use super::query::end_without_instance;
use super::{Dispatcher, Handler};
use crate::capability::{ChunkSender, QueryError, RequestContext};
use crate::instance::InstanceError;
use crate::panics::{self, Guarded};
use crate::telemetry::Outcome;

impl<I: Send + Sync + 'static> Dispatcher<I> {
    pub(super) async fn chunked(
        &self,
        cx: CallContext,
        request: QueryRequest,
    ) -> Result<ReplyStream<QueryChunk>, CallError> {
        let handler =
            self.handlers.chunked.ok_or_else(|| CallError::unimplemented(Capability::QueryChunkedData))?;
        let cx = self.context(cx, request.context, request.headers);
        let watch = Watch::start(&self.telemetry, Capability::QueryChunkedData);
        let span = span_of(Capability::QueryChunkedData, &cx);
        let (queries, format) = (request.queries, request.format);
        let instance = match panics::catch(self.instances.of_request(&cx)).await {
            Ok(Ok(instance)) => instance,
            Ok(Err(error)) => return without_instance(watch, error, queries, format),
            Err(caught) => {
                let error = CallError::from(caught);
                watch.end(Outcome::Error(ErrorSource::Plugin), Some(&error));
                return Err(error);
            }
        };
        let side_by_side = self.side_by_side(&cx);
        let permits = Arc::clone(&self.queries);
        let (sender, chunks) = mpsc::channel(self.limits.chunk_buffer.max(1));
        let work = async move {
            tracing::debug!("Plugin Request Started");
            let (instance, cx, sender, permits) = (&instance, &cx, &sender, &permits);
            let outcomes: Vec<Outcome> = futures_util::stream::iter(queries)
                .map(|query| async move {
                    // The semaphore is never closed.
                    let _permit = permits.acquire().await;
                    one(instance, handler, cx, query, format, sender).await
                })
                .buffer_unordered(side_by_side)
                .collect()
                .await;
            watch.end(Outcome::of_queries(outcomes), None);
            Ok(())
        };
        Ok(ReplyStream::new(Driven::new(work.instrument(span), chunks)))
    }
}

async fn one<I>(
    instance: &Arc<I>,
    handler: Handler<I, (Query, ChunkSender), (), QueryError>,
    cx: &RequestContext,
    query: Query,
    format: FrameFormat,
    sender: &mpsc::Sender<QueryChunk>,
) -> Outcome {
    let ref_id = query.ref_id.clone();
    let chunks = ChunkSender::new(ref_id.clone(), format, sender.clone());
    let work = Guarded::new(handler(instance, cx, (query, chunks)));
    let ended = match cx.deadline() {
        None => work.await,
        Some(deadline) => tokio::time::timeout_at(deadline.into(), work).await.unwrap_or_else(|_| {
            let late = "the caller's deadline passed before the answer was complete";
            Ok(Err(QueryError::downstream(late).with_status(504)))
        }),
    };
    let response = match ended {
        Ok(Ok(())) => return Outcome::Ok,
        Ok(Err(error)) => error.into_parts().0,
        Err(caught) => DataResponse::failed(500, ErrorSource::Plugin, caught.message),
    };
    let source = response.error_source.unwrap_or(ErrorSource::Plugin);
    tracing::error!(
        refID = ref_id,
        status = response.status,
        error = response.error,
        statusSource = source.as_str(),
        "Partial data response error"
    );
    let chunk = failed(ref_id, response, format);
    // Fails only when the host is gone, and then nobody wants to know.
    let _ = sender.send(chunk).await;
    Outcome::Error(source)
}

/// The error of a query. Its empty frame says which format was asked for: readers of JSON expect that of every chunk.
fn failed(ref_id: String, response: DataResponse, format: FrameFormat) -> QueryChunk {
    QueryChunk {
        ref_id,
        frame: Some(EncodedFrame::from_segments(format, [])),
        error: response.error,
        status: response.status,
        error_source: response.error_source,
        ..QueryChunk::default()
    }
}

/// An instance error with a known source is the answer to every query; without one the whole call fails.
fn without_instance(
    watch: Watch,
    error: InstanceError,
    queries: Vec<Query>,
    format: FrameFormat,
) -> Result<ReplyStream<QueryChunk>, CallError> {
    let answers = end_without_instance(watch, error, &queries)?.responses;
    Ok(ReplyStream::from_items(
        answers.into_iter().map(move |(ref_id, response)| failed(ref_id, response, format)),
    ))
}
