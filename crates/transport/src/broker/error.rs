//! Why the broker makes no connection, in words for whoever accepts or dials.
//!
//! It deliberately repeats no rule: what the rules of the exchange refuse is said by `graftwire-protocol`.

use std::io;

use graftwire_protocol::goplugin::broker::ExchangeError;

use super::PATIENCE;
use crate::mux::MuxError;
use crate::{BindError, DialError};

/// Why the broker makes no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// Nobody has opened the broker's stream.
    #[error(
        "the broker's stream was not opened within {PATIENCE:?}; the other end makes no use of the broker, or is not \
         connected yet"
    )]
    NotOpen,
    /// The broker's stream has ended.
    #[error("the broker's stream has ended: {why}")]
    Ended {
        /// Why.
        why: String,
    },
    /// The rules, or the other end's words.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// Nothing was heard of an id.
    #[error(
        "nothing was heard of broker id {id} within {PATIENCE:?}; the other end has to accept an id about when it is dialed"
    )]
    NotAccepted {
        /// The id.
        id: u32,
    },
    /// A knock's stream did not come about.
    #[error("the other end let broker id {id} in, but no stream could be opened within {PATIENCE:?}")]
    NoStream {
        /// The id.
        id: u32,
    },
    /// The layer around connections, such as TLS.
    #[error("the connection for broker id {id} could not be secured")]
    Secure {
        /// The id.
        id: u32,
        /// What went wrong.
        #[source]
        cause: io::Error,
    },
    /// No listener for an accepted id.
    #[error("no listener for the broker")]
    Listen(#[from] BindError),
    /// The system refused to accept.
    #[error("a connection to the broker's listener was refused by the system")]
    Accept(#[from] io::Error),
    /// The address that the other end named does not answer.
    #[error("the other end's listener for the broker can't be reached")]
    Dial(#[from] DialError),
    /// The multiplexed connection.
    #[error("no stream for the broker")]
    Mux(#[from] MuxError),
}
