//! The broker's stream of a host: its messages in, ours out.
//!
//! It deliberately makes no connection itself: `graftwire_transport::Broker` does.

use std::task::Poll;

use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use graftwire_model::ReplyStream;
use graftwire_protocol::goplugin::broker::Message;
use graftwire_transport::Broker;

/// Messages out, while messages in are taken in passing. It ends with the host's side, and when a host opens another.
pub(super) fn carry(broker: &Broker, mut incoming: ReplyStream<Message>) -> ReplyStream<Message> {
    let (broker, mut outgoing) = (broker.clone(), broker.open());
    ReplyStream::new(poll_fn(move |cx| {
        loop {
            match incoming.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) => broker.receive(message),
                // Whoever waits is told so by the drop of what goes out.
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(None),
                Poll::Pending => break,
            }
        }
        outgoing.poll_recv(cx).map(|message| message.map(Ok))
    }))
}
