//! The broker's stream to a plugin: opened right after connecting, as go-plugin hosts do, and carried until the
//! connection ends.
//!
//! It deliberately makes no connection itself: `graftwire_transport::Broker` does.

use futures_util::stream::poll_fn;
use graftwire_model::Code;
use graftwire_protocol::goplugin;
use graftwire_transport::Broker;

use super::{RpcChannel, attend};
use crate::logs::LogBook;

/// Carries messages both ways. A plugin without a broker is none the worse: using it fails with these words.
pub(super) async fn carry(channel: RpcChannel, broker: Broker, book: LogBook) {
    let mut outgoing = broker.open();
    let messages = poll_fn(move |cx| outgoing.poll_recv(cx));
    let mut incoming = match goplugin::client::broker(channel, messages).await {
        Ok(incoming) => incoming,
        Err(error) if error.code() == Code::Unimplemented => {
            return broker.end("the plugin serves no broker");
        }
        Err(error) => {
            attend::note(&book, "broker", &error);
            return broker.end(error.to_string());
        }
    };
    while let Some(message) = incoming.next().await {
        match message {
            Ok(message) => broker.receive(message),
            Err(error) => {
                attend::note(&book, "broker", &error);
                return broker.end(error.to_string());
            }
        }
    }
    broker.end("the plugin closed it");
}
