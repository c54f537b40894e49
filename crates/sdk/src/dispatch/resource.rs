//! The answer to a resource request, as the pieces the wire wants: status and headers with the first one.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use graftwire_model::{CallError, MultiHeaders, ReplyStream, ResourcePiece};

use crate::capability::{ResourceBody, ResourceResponse};

/// The largest piece of a whole body that is sent as one message; larger bodies are cut, without copying.
const PIECE: usize = 1024 * 1024;

/// The pieces of an answer, always at least one: a host takes none for a failure.
pub(super) fn pieces(response: ResourceResponse) -> ReplyStream<ResourcePiece> {
    let status = i32::from(response.status);
    match response.body {
        ResourceBody::Full(body) => {
            ReplyStream::from_items(Cut { rest: Some(body), head: Some((status, response.headers)) })
        }
        ResourceBody::Pieces(bodies) => {
            ReplyStream::new(Headed { bodies, head: Some((status, response.headers)) })
        }
    }
}

/// A whole body in pieces.
struct Cut {
    rest: Option<Bytes>,
    head: Option<(i32, MultiHeaders)>,
}

impl Iterator for Cut {
    type Item = ResourcePiece;

    fn next(&mut self) -> Option<ResourcePiece> {
        let mut body = self.rest.take()?;
        if body.len() > PIECE {
            self.rest = Some(body.split_off(PIECE));
        }
        let (status, headers) = self.head.take().unwrap_or_default();
        Some(ResourcePiece { status, headers, body })
    }
}

/// A streamed body whose first piece carries status and headers.
struct Headed {
    bodies: ReplyStream<Bytes>,
    head: Option<(i32, MultiHeaders)>,
}

impl Stream for Headed {
    type Item = Result<ResourcePiece, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.bodies).poll_next(cx);
        polled.map(|item| match item {
            Some(Ok(body)) => {
                let (status, headers) = self.head.take().unwrap_or_default();
                Some(Ok(ResourcePiece { status, headers, body }))
            }
            Some(Err(error)) => Some(Err(error)),
            // A stream without a single piece still has a status.
            None => self
                .head
                .take()
                .map(|(status, headers)| Ok(ResourcePiece { status, headers, body: Bytes::new() })),
        })
    }
}
