//! Data queries in chunks, put together to the answer that a plain query gives; asked plainly where a plugin has no
//! chunks.
//!
//! It deliberately remembers nothing of a plugin: whoever asks often may look at
//! [`Capabilities`](crate::Capabilities) once.

use graftwire_frame::chunks::{ChunkCollector, CollectLimits};
use graftwire_model::{
    Backend, CallContext, CallError, Code, Query, QueryRequest, QueryResponse, error_text,
};

/// The answers to queries, however they came.
#[derive(Debug, Clone, PartialEq)]
pub struct ChunkedAnswer {
    /// The answers, in the format that was asked for.
    pub response: QueryResponse,
    /// How many chunks they came in; `None` if the plugin has no chunked queries and was asked plainly.
    pub chunks: Option<u64>,
}

/// Asks in chunks and puts them together. A plugin that does not support them, in whichever way it says so, is asked
/// for the whole answer at once: that is one more call, with the same deadline.
///
/// What a plugin sends against the rules, or beyond the limits, is an error of status 500 on its query, beside the
/// frames that came before; the other queries go on. Once no query can get any more, the stream is dropped, which stops
/// the plugin's work.
///
/// # Errors
/// What the call failed with: a stream that breaks off gives no answer, since nothing says that any of it is complete.
pub async fn query_chunked_or_plain(
    backend: &dyn Backend,
    cx: CallContext,
    request: QueryRequest,
    limits: CollectLimits,
) -> Result<ChunkedAnswer, CallError> {
    let Some((collector, chunks)) = in_chunks(backend, cx.clone(), request.clone(), limits).await? else {
        let response = backend.query_data(cx, request).await?;
        return Ok(ChunkedAnswer { response, chunks: None });
    };
    let response = collector.finish(request.format).map_err(|cause| {
        let text = format!("the collected frames can't be encoded: {}", error_text(&cause));
        CallError::new(Code::Internal, text).with_cause(cause)
    })?;
    Ok(ChunkedAnswer { response, chunks: Some(chunks) })
}

/// `None` if the plugin does not support it.
async fn in_chunks(
    backend: &dyn Backend,
    cx: CallContext,
    request: QueryRequest,
    limits: CollectLimits,
) -> Result<Option<(ChunkCollector, u64)>, CallError> {
    let asked = request.queries.iter().map(|query: &Query| query.ref_id.as_str());
    let mut collector = ChunkCollector::new(limits).expecting(asked);
    let mut stream = match backend.query_chunked(cx, request).await {
        Err(error) if error.code() == Code::Unimplemented => return Ok(None),
        stream => stream?,
    };
    let mut chunks = 0_u64;
    while let Some(chunk) = stream.next().await {
        match chunk {
            Err(error) if error.code() == Code::Unimplemented && chunks == 0 => return Ok(None),
            chunk => collector.absorb(chunk?),
        }
        chunks += 1;
        if collector.is_settled() {
            break;
        }
    }
    Ok(Some((collector, chunks)))
}
