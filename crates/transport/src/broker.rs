//! The broker: connections beside the first one, in either direction, by an id that both ends know.
//!
//! One end accepts an id ([`Broker::accept`]), tells it to the other in a call of its own making, and the other dials it
//! ([`Broker::dial`]). What runs over the connection is theirs, gRPC as a rule. Without multiplexing each accepted id is a
//! listener of its own, beside the plugin's; with it each connection is a stream of the first one.
//!
//! It deliberately reads no message from the wire: `graftwire-protocol` has the rules, and whoever carries the broker's
//! stream hands messages in and out.

mod error;
mod listener;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use graftwire_protocol::goplugin::broker::{Exchange, ExchangeError, Found, Message, Step};
use graftwire_protocol::handshake::Network;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

pub use self::error::BrokerError;
pub use self::listener::BrokerListener;
use self::listener::{Accepted, Incoming, secured};
use crate::mux::Session;
use crate::{BindOptions, Connection, Secure, Side, bind, dial};

/// How long each part of an accept or a dial may wait for the other end: go-plugin's five seconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a knock waits for somebody to accept its id. Below the other end's patience, so that it gets the answer.
const KNOCK: Duration = Duration::from_secs(4);
/// How many messages wait for the other end to read the broker's stream.
const OUTGOING: usize = 64;
/// How many streams let in by a knock wait for [`BrokerListener::accept`].
const BACKLOG: usize = 16;

/// One end's broker. Cheap to clone; both ends have one per first connection.
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    line: watch::Sender<Line>,
    /// Held from a knock to its stream: the other end takes knocks one at a time.
    knocking: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    exchange: Exchange,
    setup: Option<Setup>,
    session: Option<Session>,
    waiting: BTreeMap<u32, oneshot::Sender<Result<Found, ExchangeError>>>,
    doors: BTreeMap<u32, mpsc::Sender<Connection>>,
    files: BTreeMap<u32, String>,
}

#[derive(Clone)]
struct Setup {
    listen: BindOptions,
    secure: Option<Arc<dyn Secure>>,
}

/// The broker's stream.
#[derive(Clone, Default)]
enum Line {
    #[default]
    NotYet,
    Open(mpsc::Sender<Message>),
    Ended(String),
}

impl Default for Broker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match &*self.0.line.borrow() {
            Line::NotYet => "not yet",
            Line::Open(_) => "open",
            Line::Ended(_) => "ended",
        };
        f.debug_struct("Broker").field("stream", &line).finish_non_exhaustive()
    }
}

impl Broker {
    /// A broker that nobody carries yet: whoever uses it waits, for at most 5 s.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            line: watch::Sender::new(Line::NotYet),
            knocking: Arc::default(),
        }))
    }

    /// An id to be accepted here, and told to the other end: 1, 2, … Each end counts by itself.
    #[must_use]
    pub fn next_id(&self) -> u32 {
        self.state().exchange.next_id()
    }

    /// Accepts an id from now on, until the listener is dropped. Its socket file, if it has one, goes with it.
    ///
    /// # Errors
    /// The id is accepted already, the broker's stream is not there within 5 s, or the system refuses a listener.
    pub async fn accept(&self, id: u32) -> Result<BrokerListener, BrokerError> {
        let line = self.line().await?;
        let (setup, streams, admitted) = self.register(id)?;
        let accepted = Accepted { broker: self.clone(), id };
        let kind = if let Some(streams) = streams {
            Incoming::Streams(tokio::sync::Mutex::new(streams))
        } else {
            let bound = bind(&setup.listen).await?;
            let (network, address) = (bound.network().to_string(), bound.address().to_owned());
            if bound.network() == Network::Unix {
                self.state().files.insert(id, address.clone());
            }
            self.say(&line, Message::Listening { id, network, address }).await?;
            Incoming::Bound(bound)
        };
        // A knock that came before.
        if let Some(step) = admitted {
            self.act(step);
        }
        Ok(BrokerListener { kind, secure: setup.secure, accepted })
    }

    /// Connects to an id that the other end accepts. It may do so up to 5 s later.
    ///
    /// # Errors
    /// Nothing was heard of the id in time, the other end refuses it, or its address does not answer.
    pub async fn dial(&self, id: u32) -> Result<Connection, BrokerError> {
        let line = self.line().await?;
        let setup = self.state().setup.clone().ok_or(BrokerError::NotOpen)?;
        let connection = if self.state().exchange.is_multiplexed() {
            let this = self.clone();
            // Not to be given up half way: a stream that never follows its knock would leave the next one's in doubt.
            let knocked = tokio::spawn(async move { this.knock(&line, id).await });
            let gone = |_| BrokerError::Ended { why: "the runtime is shutting down".to_owned() };
            knocked.await.map_err(gone)??
        } else {
            let Found::At(network, address) = self.find(id, None).await? else {
                return Err(BrokerError::NotAccepted { id });
            };
            let late = |_| BrokerError::NotAccepted { id };
            timeout(PATIENCE, dial(network, &address)).await.map_err(late)??
        };
        secured(connection, setup.secure.as_ref(), Side::Dialing, id).await
    }

    /// Takes an id, with the door for its streams if they are multiplexed: at once, so that no knock finds half of it.
    #[expect(clippy::type_complexity, reason = "the parts of a listener")]
    fn register(
        &self,
        id: u32,
    ) -> Result<(Setup, Option<mpsc::Receiver<Connection>>, Option<Step>), BrokerError> {
        let mut state = self.state();
        let setup = state.setup.clone().ok_or(BrokerError::NotOpen)?;
        let admitted = state.exchange.accept(id)?;
        let streams = state.exchange.is_multiplexed().then(|| {
            let (door, streams) = mpsc::channel(BACKLOG);
            state.doors.insert(id, door);
            streams
        });
        Ok((setup, streams, admitted))
    }

    /// Knocks, and opens the stream once let in. One at a time.
    async fn knock(&self, line: &mpsc::Sender<Message>, id: u32) -> Result<Connection, BrokerError> {
        let _turn = self.0.knocking.lock().await;
        self.find(id, Some((line, Message::Knock { id }))).await?;
        let session = self.state().session.clone();
        let session = session.ok_or_else(|| BrokerError::Ended { why: "no session".to_owned() })?;
        timeout(PATIENCE, session.open()).await.map_err(|_| BrokerError::NoStream { id })?.map_err(Into::into)
    }

    /// What the other end has said, or says in time, of an id.
    async fn find(
        &self,
        id: u32,
        ask: Option<(&mpsc::Sender<Message>, Message)>,
    ) -> Result<Found, BrokerError> {
        let (tell, told) = oneshot::channel();
        let known = {
            let mut state = self.state();
            let known = state.exchange.dial(id)?;
            state.waiting.insert(id, tell);
            known
        };
        let _dialed = Dialed { broker: self, id };
        if let Some(found) = known {
            return Ok(found?);
        }
        if let Some((line, message)) = ask {
            self.say(line, message).await?;
        }
        match timeout(PATIENCE, told).await {
            Ok(Ok(found)) => Ok(found?),
            Ok(Err(_)) => Err(self.ended()),
            Err(_) => Err(BrokerError::NotAccepted { id }),
        }
    }

    /// The broker's stream, once it is open.
    async fn line(&self) -> Result<mpsc::Sender<Message>, BrokerError> {
        let mut line = self.0.line.subscribe();
        let there = timeout(PATIENCE, line.wait_for(|line| !matches!(line, Line::NotYet)));
        match there.await.map_err(|_| BrokerError::NotOpen)?.as_deref() {
            Ok(Line::Open(line)) => Ok(line.clone()),
            Ok(Line::Ended(why)) => Err(BrokerError::Ended { why: why.clone() }),
            Ok(Line::NotYet) | Err(_) => Err(BrokerError::NotOpen),
        }
    }

    async fn say(&self, line: &mpsc::Sender<Message>, message: Message) -> Result<(), BrokerError> {
        let slow = |_| BrokerError::Ended { why: format!("the other end has not read it for {PATIENCE:?}") };
        timeout(PATIENCE, line.send(message)).await.map_err(slow)?.map_err(|_| self.ended())
    }

    fn ended(&self) -> BrokerError {
        let why = match &*self.0.line.borrow() {
            Line::Ended(why) => why.clone(),
            Line::NotYet | Line::Open(_) => "it was opened anew".to_owned(),
        };
        BrokerError::Ended { why }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For whoever carries the broker's stream.
impl Broker {
    /// Says where accepted ids listen, what goes around every connection, and whether they become streams of the first
    /// connection. Before the stream is opened.
    pub fn configure(&self, listen: BindOptions, secure: Option<Arc<dyn Secure>>, multiplexed: bool) {
        let mut state = self.state();
        state.setup = Some(Setup { listen, secure });
        state.exchange.set_multiplexed(multiplexed);
    }

    /// The session on which streams are opened, if they are multiplexed; the newest counts.
    pub fn ride_on(&self, session: Session) {
        self.state().session = Some(session);
    }

    /// Opens the broker's stream: what comes out is to be sent to the other end. A stream that was open before ends.
    #[must_use]
    pub fn open(&self) -> Outgoing {
        let (line, messages) = mpsc::channel(OUTGOING);
        self.0.line.send_replace(Line::Open(line));
        Outgoing { messages, broker: self.clone() }
    }

    /// Takes a message of the other end.
    pub fn receive(&self, message: Message) {
        let step = self.state().exchange.receive(message);
        self.act(step);
    }

    /// The broker's stream has ended, and with it whatever waits for it.
    pub fn end(&self, why: impl Into<String>) {
        self.0.line.send_replace(Line::Ended(why.into()));
        let mut state = self.state();
        state.waiting.clear();
        state.doors.clear();
        state.session = None;
    }

    /// Ends it for good, with the socket files of listeners that nobody has dropped.
    pub fn shut(&self, why: impl Into<String>) {
        self.end(why);
        let files = std::mem::take(&mut self.state().files);
        for file in files.values() {
            // It may be gone by itself.
            let _ = std::fs::remove_file(file);
        }
    }

    fn act(&self, step: Step) {
        match step {
            Step::Kept => {}
            Step::Dialed(id, found) => {
                if let Some(waiting) = self.state().waiting.remove(&id) {
                    // Fails when the dial was given up just now.
                    let _ = waiting.send(found);
                }
            }
            Step::Admit(id) => self.admit(id),
            Step::Refuse(id, why) => self.answer(id, Some(why)),
            Step::Knocking(id) => {
                let broker = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(KNOCK).await;
                    let step = broker.state().exchange.tired_of(id);
                    if let Some(step) = step {
                        broker.act(step);
                    }
                });
            }
        }
    }

    /// The stream that follows goes to the listener; the other end opens it once it has the answer.
    fn admit(&self, id: u32) {
        let refused = {
            let state = self.state();
            match (state.doors.get(&id), &state.session) {
                (Some(door), Some(session)) => {
                    session.expect(door.clone());
                    None
                }
                _ => Some(format!("broker id {id} is not accepted any more")),
            }
        };
        self.answer(id, refused);
    }

    /// An answer that finds no room is lost: who knocks without reading the answers waits in vain, and nobody else.
    fn answer(&self, id: u32, refused: Option<String>) {
        if let Line::Open(line) = &*self.0.line.borrow() {
            let _ = line.try_send(Message::Answer { id, refused });
        }
    }
}

/// What one end has to say on the broker's stream. Dropping it ends the stream, unless a newer one was opened.
#[derive(Debug)]
pub struct Outgoing {
    messages: mpsc::Receiver<Message>,
    broker: Broker,
}

impl Outgoing {
    /// The next message; `None` when another stream was opened or the broker has ended.
    pub async fn recv(&mut self) -> Option<Message> {
        self.messages.recv().await
    }

    /// The same for streams.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.messages.poll_recv(cx)
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        // Closed first, so that the line is recognised as this one.
        self.messages.close();
        let is_current = matches!(&*self.broker.0.line.borrow(), Line::Open(line) if line.is_closed());
        if is_current {
            self.broker.end("the other end closed it");
        }
    }
}

/// Gives a dialed id back.
struct Dialed<'a> {
    broker: &'a Broker,
    id: u32,
}

impl Drop for Dialed<'_> {
    fn drop(&mut self) {
        let mut state = self.broker.state();
        state.exchange.forget_dialed(self.id);
        state.waiting.remove(&self.id);
    }
}
