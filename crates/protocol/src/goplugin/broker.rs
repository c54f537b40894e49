//! The broker's rules: connections beside the first one, made by an id that both ends know.
//!
//! One end accepts an id, the other dials it. Without multiplexing the accepting end says where it listens; with it the
//! dialing end knocks, waits to be let in, and the next stream it opens belongs to the id.
//!
//! It deliberately opens nothing and waits for nothing: messages go in, and what is to be done comes out.

use std::collections::{BTreeSet, VecDeque};

use super::generated::{ConnInfo, conn_info};
use crate::handshake::Network;

/// How many addresses nobody has dialed yet, and how many knocks nobody has answered yet, are kept; the oldest goes
/// first.
pub const MAX_UNCLAIMED: usize = 1024;
/// How many ids one end accepts, and how many it dials, at the same time.
pub const MAX_IN_USE: usize = 256;

/// The longest address or error text that is taken from the other end.
const MAX_TEXT: usize = 4096;

/// A message of the broker's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The sender listens for an id there.
    Listening {
        /// The id.
        id: u32,
        /// Kind of address: `unix` or `tcp`.
        network: String,
        /// Socket path or `host:port`.
        address: String,
    },
    /// The sender wants to open a stream for an id.
    Knock {
        /// The id.
        id: u32,
    },
    /// The answer to a knock.
    Answer {
        /// The id.
        id: u32,
        /// Why the sender does not let the other end in; `None` = it does.
        refused: Option<String>,
    },
}

impl From<ConnInfo> for Message {
    fn from(info: ConnInfo) -> Self {
        let ConnInfo { service_id: id, network, address, knock } = info;
        match knock {
            None => Self::Listening { id, network: cut(network), address: cut(address) },
            Some(conn_info::Knock { knock: true, ack: false, .. }) => Self::Knock { id },
            Some(conn_info::Knock { knock: true, error, .. }) => {
                Self::Answer { id, refused: Some(cut(error)).filter(|error| !error.is_empty()) }
            }
            Some(_) => {
                let why = "the other end sent a message that is neither a knock nor an answer to one";
                Self::Answer { id, refused: Some(why.to_owned()) }
            }
        }
    }
}

impl From<Message> for ConnInfo {
    fn from(message: Message) -> Self {
        let knock = |ack, error| Some(conn_info::Knock { knock: true, ack, error });
        match message {
            Message::Listening { id, network, address } => {
                Self { service_id: id, network, address, knock: None }
            }
            Message::Knock { id } => {
                Self { service_id: id, knock: knock(false, String::new()), ..Self::default() }
            }
            Message::Answer { id, refused } => {
                Self { service_id: id, knock: knock(true, refused.unwrap_or_default()), ..Self::default() }
            }
        }
    }
}

/// Why the broker can't do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// An id can be accepted once at a time.
    #[error("broker id {id} is accepted already; take another one from next_id")]
    AcceptedTwice {
        /// The id.
        id: u32,
    },
    /// An id can be dialed once at a time.
    #[error("broker id {id} is being dialed already; each id makes one connection at a time")]
    DialedTwice {
        /// The id.
        id: u32,
    },
    /// Too much at once.
    #[error(
        "{MAX_IN_USE} broker ids are in use at this end, which is the limit; drop listeners that are no longer needed"
    )]
    TooMany,
    /// The other end listens on something else than a socket we know.
    #[error("the other end listens for broker id {id} on network {found:?}, expected unix or tcp")]
    UnknownNetwork {
        /// The id.
        id: u32,
        /// What it said.
        found: String,
    },
    /// The other end does not let us in.
    #[error("the other end refused broker id {id}: {why}")]
    Refused {
        /// The id.
        id: u32,
        /// What it said.
        why: String,
    },
    /// An address where a knock's answer was expected, or the other way round.
    #[error(
        "the other end answered for broker id {id} with {found}, expected {expected}: one of the two multiplexes and \
         the other does not"
    )]
    Mixed {
        /// The id.
        id: u32,
        /// What came.
        found: &'static str,
        /// What was expected.
        expected: &'static str,
    },
}

/// Where a dialed id is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// At an address of its own.
    At(Network, String),
    /// Behind the next stream of the multiplexed connection.
    NextStream,
}

/// What is to be done about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing now: an address may be dialed later, and a knock waits already.
    Kept,
    /// Whoever dials the id gets this.
    Dialed(u32, Result<Found, ExchangeError>),
    /// The next stream that the other end opens belongs to this accepted id; tell it that it is let in.
    Admit(u32),
    /// Nobody accepts this id yet. If that is still so after a while, see [`Exchange::tired_of`].
    Knocking(u32),
    /// Answer the knock with this.
    Refuse(u32, String),
}

/// What one end knows of the ids in use.
#[derive(Debug, Default)]
pub struct Exchange {
    multiplexed: bool,
    last_id: u32,
    accepted: BTreeSet<u32>,
    dialed: BTreeSet<u32>,
    addresses: VecDeque<(u32, Result<Found, ExchangeError>)>,
    knocks: VecDeque<u32>,
}

impl Exchange {
    /// An end without any ids.
    #[must_use]
    pub fn new(multiplexed: bool) -> Self {
        Self { multiplexed, ..Self::default() }
    }

    /// Whether ids become streams of one connection.
    #[must_use]
    pub const fn is_multiplexed(&self) -> bool {
        self.multiplexed
    }

    /// Says whether ids become streams of one connection, which is negotiated after this was made.
    pub const fn set_multiplexed(&mut self, multiplexed: bool) {
        self.multiplexed = multiplexed;
    }

    /// An id that this end has not given out: 1, 2, … Each end counts by itself, so the end that takes an id has to
    /// tell the other one.
    pub const fn next_id(&mut self) -> u32 {
        self.last_id = match self.last_id.wrapping_add(1) {
            0 => 1,
            id => id,
        };
        self.last_id
    }

    /// Begins to accept an id. A knock that came before is answered with the step.
    ///
    /// # Errors
    /// The id is accepted already, or too many are.
    pub fn accept(&mut self, id: u32) -> Result<Option<Step>, ExchangeError> {
        if self.accepted.contains(&id) {
            return Err(ExchangeError::AcceptedTwice { id });
        }
        if self.accepted.len() >= MAX_IN_USE {
            return Err(ExchangeError::TooMany);
        }
        self.accepted.insert(id);
        let knocked = self.knocks.iter().position(|knocking| *knocking == id);
        Ok(knocked.and_then(|at| self.knocks.remove(at)).map(Step::Admit))
    }

    /// Accepts an id no longer.
    pub fn forget_accepted(&mut self, id: u32) {
        self.accepted.remove(&id);
    }

    /// Begins to dial an id. What the other end has said of it already comes back; it counts once. Otherwise a message
    /// has to be waited for, after a knock if streams are multiplexed.
    ///
    /// # Errors
    /// The id is being dialed already, or too many are.
    pub fn dial(&mut self, id: u32) -> Result<Option<Result<Found, ExchangeError>>, ExchangeError> {
        if self.dialed.contains(&id) {
            return Err(ExchangeError::DialedTwice { id });
        }
        if self.dialed.len() >= MAX_IN_USE {
            return Err(ExchangeError::TooMany);
        }
        self.dialed.insert(id);
        let known = self.addresses.iter().position(|(known, _)| *known == id).filter(|_| !self.multiplexed);
        Ok(known.and_then(|at| self.addresses.remove(at)).map(|(_, found)| found))
    }

    /// Dials an id no longer: it was found, or given up.
    pub fn forget_dialed(&mut self, id: u32) {
        self.dialed.remove(&id);
    }

    /// Takes a message of the other end.
    pub fn receive(&mut self, message: Message) -> Step {
        match message {
            Message::Knock { id } => self.knocked(id),
            Message::Listening { id, network, address } => {
                let found = self.found_at(id, &network, address);
                self.tell(id, found)
            }
            // Nobody waits: the dial was given up before its answer came.
            Message::Answer { id, .. } if !self.dialed.contains(&id) => Step::Kept,
            Message::Answer { id, refused: Some(why) } => {
                Step::Dialed(id, Err(ExchangeError::Refused { id, why }))
            }
            Message::Answer { id, refused: None } if self.multiplexed => {
                Step::Dialed(id, Ok(Found::NextStream))
            }
            Message::Answer { id, refused: None } => {
                let (found, expected) = ("the answer to a knock", "an address");
                Step::Dialed(id, Err(ExchangeError::Mixed { id, found, expected }))
            }
        }
    }

    /// Nobody has accepted an id for too long: its knock, if it still waits, is to be refused.
    pub fn tired_of(&mut self, id: u32) -> Option<Step> {
        let at = self.knocks.iter().position(|knocking| *knocking == id)?;
        self.knocks.remove(at);
        Some(Step::Refuse(id, format!("nobody accepts broker id {id} at this end")))
    }

    fn knocked(&mut self, id: u32) -> Step {
        if !self.multiplexed {
            let why = "this end does not multiplex, it announces an address for each id that it accepts";
            return Step::Refuse(id, why.to_owned());
        }
        if self.accepted.contains(&id) {
            return Step::Admit(id);
        }
        if self.knocks.len() >= MAX_UNCLAIMED {
            return Step::Refuse(id, format!("{MAX_UNCLAIMED} knocks wait to be answered already"));
        }
        if self.knocks.contains(&id) {
            return Step::Kept;
        }
        self.knocks.push_back(id);
        Step::Knocking(id)
    }

    fn found_at(&self, id: u32, network: &str, address: String) -> Result<Found, ExchangeError> {
        if self.multiplexed {
            let (found, expected) = ("an address", "the answer to a knock");
            return Err(ExchangeError::Mixed { id, found, expected });
        }
        match network {
            "unix" => Ok(Found::At(Network::Unix, address)),
            "tcp" => Ok(Found::At(Network::Tcp, address)),
            other => Err(ExchangeError::UnknownNetwork { id, found: other.to_owned() }),
        }
    }

    fn tell(&mut self, id: u32, found: Result<Found, ExchangeError>) -> Step {
        if self.dialed.contains(&id) {
            return Step::Dialed(id, found);
        }
        // The last word on an id counts: its listener may have been renewed.
        self.addresses.retain(|(known, _)| *known != id);
        if self.addresses.len() >= MAX_UNCLAIMED {
            self.addresses.pop_front();
        }
        self.addresses.push_back((id, found));
        Step::Kept
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let mut at = MAX_TEXT;
        while !text.is_char_boundary(at) {
            at = at.saturating_sub(1);
        }
        text.truncate(at);
    }
    text
}

#[cfg(test)]
mod tests;
