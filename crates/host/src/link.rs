//! Byte stream → connection on which calls can be made: HTTP/2, the client of what was negotiated, and the two
//! streams every go-plugin host opens.
//!
//! It deliberately knows no process: it works the same over a socket, in memory, or to a plugin somebody else runs.

mod attend;
mod broker;
mod capabilities;
mod channel;
mod fate;
mod layers;
mod observe;
mod pulse;
mod tap;

use std::sync::Arc;
use std::time::Duration;

use graftwire_model::{Backend, BoxFuture, PluginContext};
use graftwire_protocol::handshake::AppVersion;
use graftwire_protocol::{MessageLimits, goplugin};
use graftwire_transport::{Broker, Connection, Counted, Side, Traffic};
use tokio::sync::watch;

pub use capabilities::{Capabilities, GrpcHealth, Support};
pub use channel::RpcChannel;
pub use layers::{LinkError, LinkLayers};
pub use observe::{CallObserver, CallReport, Outcome};
pub use pulse::Pulse;
pub(crate) use pulse::Silence;
pub use tap::{CallTap, TappedCall};

use crate::logs::LogBook;
use crate::process::Task;

/// How calls are made.
#[derive(Clone)]
#[non_exhaustive]
pub struct LinkOptions {
    /// The largest messages. Default 2 GiB − 1 both ways, as in Grafana.
    pub limits: MessageLimits,
    /// Is told of every call. Default: nobody.
    pub observer: Option<Arc<dyn CallObserver>>,
    /// How a plugin that stopped answering is noticed. Default: [`Pulse::default`], a minute at most. Without it, calls
    /// without a deadline wait for ever, as in Grafana.
    pub pulse: Option<Pulse>,
    /// Sees what every call carries, messages and all. Default: nobody.
    pub tap: Option<Arc<dyn CallTap>>,
    /// Whether the output and broker streams of go-plugin are opened, as hosts do. Default: yes. Whoever passes on the
    /// calls of another host says no: there is room for one reader, and the other host is it.
    pub attends: bool,
    /// Whether an app's services are asked for under the names of the protocol's draft (package `plugin.v3`). Default: no.
    pub draft_names: bool,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            limits: MessageLimits::HOST,
            observer: None,
            pulse: Some(Pulse::default()),
            tap: None,
            attends: true,
            draft_names: false,
        }
    }
}

impl std::fmt::Debug for LinkOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkOptions")
            .field("limits", &self.limits)
            .field("observer", &self.observer.is_some())
            .field("pulse", &self.pulse)
            .field("tap", &self.tap.is_some())
            .field("attends", &self.attends)
            .finish()
    }
}

/// One open connection to a plugin. Dropping it closes the connection.
#[derive(Debug)]
pub struct Link {
    version: AppVersion,
    channel: RpcChannel,
    limits: MessageLimits,
    traffic: Arc<Traffic>,
    closed: watch::Receiver<bool>,
    silence: Silence,
    broker: Broker,
    broker_stream: Task,
    #[expect(dead_code, reason = "held: it carries what the plugin prints")]
    stdio: Task,
    #[expect(dead_code, reason = "held: it asks whether the plugin answers")]
    pulse: Option<Task>,
    driver: Task,
    /// It carries everything, if streams are multiplexed.
    session: Option<Task>,
}

impl Link {
    /// Opens HTTP/2 on a byte stream, and go-plugin's output and broker streams on that, as hosts do. A plugin
    /// without those two services is none the worse.
    ///
    /// # Errors
    /// The connection broke before anything was said.
    pub async fn open(
        connection: Connection,
        version: AppVersion,
        options: &LinkOptions,
        book: &LogBook,
    ) -> Result<Self, LinkError> {
        Self::open_through(connection, version, options, LinkLayers::default(), book).await
    }

    /// The same through what was negotiated around the bytes.
    ///
    /// # Errors
    /// The connection broke before anything was said, or one of the layers did not come about.
    pub async fn open_through(
        connection: Connection,
        version: AppVersion,
        options: &LinkOptions,
        layers: LinkLayers,
        book: &LogBook,
    ) -> Result<Self, LinkError> {
        let traffic = Arc::<Traffic>::default();
        let broker = Broker::new();
        let counted = Connection::carried("counted", Counted::new(connection, Arc::clone(&traffic)));
        let (stream, session) = if layers.multiplexed {
            let (stream, session) = layers::first_stream(counted, &broker, book).await?;
            (stream, Some(session))
        } else {
            (counted, None)
        };
        let stream = match &layers.secure {
            Some(secure) => secure.secure(stream, Side::Dialing).await.map_err(LinkError::secure)?,
            None => stream,
        };
        broker.configure(layers.broker_sockets, layers.secure, layers.multiplexed);
        // Questions about the plugin itself are no calls of anybody, and wait as long as it takes.
        let (asking, driver) = layers::http2(stream).await?;
        let (closing, closed) = watch::channel(false);
        let driver = Task::spawn(async move {
            driver.await;
            closing.send_replace(true);
        });
        let (silent, silence) = Silence::new();
        let channel = RpcChannel {
            observer: options.observer.clone(),
            tap: options.tap.clone(),
            draft_names: options.draft_names,
            silence: options.pulse.is_some().then(|| silence.clone()),
            ..asking.clone()
        };
        let pulse = options.pulse.map(|pulse| {
            Task::spawn(pulse::watch(asking, pulse, Arc::clone(&traffic), silent, book.clone()))
        });
        let attends = options.attends;
        let (on_stdio, on_broker) = (channel.clone(), channel.clone());
        let (stdio_book, broker_book, carried) = (book.clone(), book.clone(), broker.clone());
        let stdio = Task::spawn(async move {
            if attends {
                attend::stdio(on_stdio, stdio_book).await;
            }
        });
        let broker_stream = Task::spawn(async move {
            if attends {
                broker::carry(on_broker, carried, broker_book).await;
            } else {
                carried.end("this host does not attend to it");
            }
        });
        Ok(Self {
            version,
            channel,
            limits: options.limits,
            traffic,
            closed,
            silence,
            broker,
            broker_stream,
            stdio,
            pulse,
            driver,
            session,
        })
    }

    /// The plugin behind the connection.
    #[must_use]
    pub fn backend(&self) -> Arc<dyn Backend> {
        graftwire_protocol::client(self.version, self.channel.clone(), self.limits)
    }

    /// The channel itself, for services beside the plugin's own.
    #[must_use]
    pub fn channel(&self) -> RpcChannel {
        self.channel.clone()
    }

    /// The broker: connections to the plugin beside this one, in either direction. Grafana uses none.
    #[must_use]
    pub fn broker(&self) -> Broker {
        self.broker.clone()
    }

    /// Bytes that crossed the connection, HTTP/2 included.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }

    /// What the plugin can do for a data source or app, found out by harmless calls.
    pub async fn capabilities(&self, context: &PluginContext) -> Capabilities {
        capabilities::ask(self, context).await
    }

    const fn version(&self) -> AppVersion {
        self.version
    }

    /// Waits until the connection is gone.
    pub(crate) fn closed(&self) -> BoxFuture<'static, ()> {
        let mut closed = self.closed.clone();
        Box::pin(async move {
            // The sender's end is an end of the connection too.
            let _ = closed.wait_for(|closed| *closed).await;
        })
    }

    /// Tells whether the plugin answers.
    pub(crate) fn silence(&self) -> Silence {
        self.silence.clone()
    }

    /// Closes the connection and asks for nothing.
    pub(crate) fn close(&self) {
        self.broker_stream.abort();
        self.broker.shut("the connection was closed");
        self.driver.abort();
        self.session.iter().for_each(Task::abort);
    }

    /// Asks the plugin to end and closes the connection, in the order of go-plugin hosts: broker, shutdown call,
    /// connection. What the call says is of no consequence: a plugin may be quicker than its answer.
    pub(crate) async fn shut_down(&self, patience: Duration) {
        self.broker_stream.abort();
        self.broker.shut("the plugin is being stopped");
        let _ = tokio::time::timeout(patience, goplugin::client::shutdown(self.channel())).await;
        self.driver.abort();
        self.session.iter().for_each(Task::abort);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.broker.shut("the connection to the plugin was closed");
    }
}
