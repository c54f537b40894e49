//! The broker between a host's connection and a plugin's services, plain and multiplexed.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::poll_fn;
use graftwire_host::{Link, LinkLayers, LinkOptions, LogBook, RpcChannel};
use graftwire_model::{Backend, CallError, ReplyStream, error_text};
use graftwire_protocol::goplugin::broker::Message;
use graftwire_protocol::goplugin::server::{Control, ControlEvents};
use graftwire_protocol::goplugin::{self, StdioChannel};
use graftwire_protocol::handshake::AppVersion;
use graftwire_protocol::{MessageLimits, Router, services};
use graftwire_transport::{BindOptions, Broker, BrokerListener, Connection, Side, memory, multiplex};

use crate::fake::{eventually, serve};

/// The plugin's side: its services carry this broker.
struct WithBroker(Broker);

impl ControlEvents for WithBroker {
    fn shutdown(&self) {}

    fn stdio(&self) -> ReplyStream<(StdioChannel, bytes::Bytes)> {
        ReplyStream::new(futures_util::stream::pending())
    }

    fn broker(&self, mut incoming: ReplyStream<Message>) -> ReplyStream<Message> {
        let (broker, mut outgoing) = (self.0.clone(), self.0.open());
        tokio::spawn(async move {
            while let Some(Ok(message)) = incoming.next().await {
                broker.receive(message);
            }
            broker.end("the host closed it");
        });
        ReplyStream::new(poll_fn(move |cx| outgoing.poll_recv(cx).map(|message| message.map(Ok))))
    }
}

/// Says nothing to the host on the broker's stream, and hears nothing.
struct Silent;

impl ControlEvents for Silent {
    fn shutdown(&self) {}

    fn stdio(&self) -> ReplyStream<(StdioChannel, bytes::Bytes)> {
        ReplyStream::new(futures_util::stream::pending())
    }
}

struct Nothing;

impl Backend for Nothing {}

fn router(control: Arc<dyn ControlEvents>) -> Router {
    let own = services(AppVersion::PluginV2, Arc::new(Nothing), &BTreeSet::new(), MessageLimits::PLUGIN);
    own.with_goplugin(Control::new(control)).into_router()
}

fn book() -> LogBook {
    LogBook::new("fake", 100)
}

struct Ends {
    link: Link,
    plugin: Broker,
    dir: tempfile::TempDir,
}

impl Ends {
    async fn open(multiplexed: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sockets = BindOptions::Unix { dir: Some(dir.path().display().to_string()), group: None };
        let (dialer, mut listener) = memory();
        let plugin = Broker::new();
        plugin.configure(sockets.clone(), None, multiplexed);
        let (broker, answers) = (plugin.clone(), router(Arc::new(WithBroker(plugin.clone()))));
        tokio::spawn(async move {
            let connection = listener.accept().await.unwrap();
            if !multiplexed {
                return serve(connection, answers).await;
            }
            let (session, mut inbound, driver) = multiplex(connection, Side::Accepting).unwrap();
            broker.ride_on(session);
            tokio::spawn(driver.run());
            while let Some(stream) = inbound.next().await {
                tokio::spawn(serve(stream, answers.clone()));
            }
        });
        let mut layers = LinkLayers::default();
        layers.multiplexed = multiplexed;
        layers.broker_sockets = sockets;
        let link = Link::open_through(
            dialer.dial().await.unwrap(),
            AppVersion::PluginV2,
            &LinkOptions::default(),
            layers,
            &book(),
        )
        .await
        .unwrap();
        Self { link, plugin, dir }
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.dir.path()).unwrap().count()
    }
}

/// Serves go-plugin's health to whoever comes to a listener.
async fn serve_health(listener: BrokerListener) {
    while let Ok(connection) = listener.accept().await {
        tokio::spawn(serve(connection, router(Arc::new(Silent))));
    }
}

async fn is_serving(connection: Connection) -> Result<bool, CallError> {
    goplugin::client::ping(RpcChannel::open(connection).await.unwrap()).await
}

#[tokio::test]
async fn each_end_serves_the_other_by_id() {
    for multiplexed in [false, true] {
        let ends = Ends::open(multiplexed).await;
        let host = ends.link.broker();
        for (accepting, dialing) in [(&host, &ends.plugin), (&ends.plugin, &host)] {
            let id = accepting.next_id();
            let serving = tokio::spawn(serve_health(accepting.accept(id).await.unwrap()));
            for _ in 0..2 {
                // A listener's address counts once, a stream can be knocked for again.
                if let Ok(connection) = dialing.dial(id).await {
                    assert!(is_serving(connection).await.unwrap());
                }
                if !multiplexed {
                    break;
                }
            }
            assert_eq!(ends.files(), usize::from(!multiplexed));
            serving.abort();
            assert!(serving.await.unwrap_err().is_cancelled());
            assert_eq!(ends.files(), 0);
        }
        assert!(goplugin::client::ping(ends.link.channel()).await.unwrap(), "and the first one is as it was");
    }
}

#[tokio::test]
async fn large_calls_do_not_wait_for_those_that_nobody_reads() {
    let ends = Ends::open(true).await;
    let listener = ends.plugin.accept(1).await.unwrap();
    let unread = ends.link.broker().dial(1).await.unwrap();
    let mut held = listener.accept().await.unwrap();
    let writing = tokio::spawn(async move {
        let _ = tokio::io::AsyncWriteExt::write_all(&mut held, &vec![0; 1024 * 1024]).await;
    });
    assert!(goplugin::client::ping(ends.link.channel()).await.unwrap());
    assert!(!writing.is_finished(), "a stream's window is full");
    drop(unread);
    writing.await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_link_ends_what_waits_and_leaves_no_file() {
    for multiplexed in [false, true] {
        let ends = Ends::open(multiplexed).await;
        let host = ends.link.broker();
        let listener = host.accept(1).await.unwrap();
        let (plugin, dir) = (ends.plugin.clone(), ends.dir);
        drop(ends.link);
        let error = listener.accept().await.unwrap_err();
        assert!(error.to_string().contains("the connection to the plugin was closed"), "{error}");
        assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "though the listener is still held");
        eventually("the plugin's end hears of it", || format!("{plugin:?}").contains("ended")).await;
        let error = plugin.dial(1).await.unwrap_err();
        assert!(error.to_string().contains("the broker's stream has ended"), "{error}");
    }
}

/// Links to a plugin that answers through `router` alone.
async fn link_to(answers: Router) -> Link {
    let (dialer, mut listener) = memory();
    tokio::spawn(async move { serve(listener.accept().await.unwrap(), answers).await });
    let connection = dialer.dial().await.unwrap();
    Link::open(connection, AppVersion::PluginV2, &LinkOptions::default(), &book()).await.unwrap()
}

#[tokio::test]
async fn a_plugin_without_a_broker_is_an_error_at_once() {
    let own = services(AppVersion::PluginV2, Arc::new(Nothing), &BTreeSet::new(), MessageLimits::PLUGIN);
    let link = link_to(own.into_router()).await;
    for error in [link.broker().dial(1).await.unwrap_err(), link.broker().accept(1).await.unwrap_err()] {
        assert!(error.to_string().contains("the plugin serves no broker"), "{error}");
    }
}

#[tokio::test]
async fn a_silent_broker_hangs_nobody() {
    let link = link_to(router(Arc::new(Silent))).await;
    let error = link.broker().dial(1).await.unwrap_err();
    assert!(error.to_string().contains("nothing was heard of broker id 1 within 5s"), "{error}");
}

async fn multiplexed_link(connection: Connection, book: &LogBook) -> Result<Link, graftwire_host::LinkError> {
    let mut layers = LinkLayers::default();
    layers.multiplexed = true;
    Link::open_through(connection, AppVersion::PluginV2, &LinkOptions::default(), layers, book).await
}

#[tokio::test]
async fn an_end_that_does_not_multiplex_is_found_out() {
    let (dialer, mut listener) = memory();
    tokio::spawn(async move { serve(listener.accept().await.unwrap(), router(Arc::new(Silent))).await });
    // HTTP/2's first frame is no frame of yamux. Whether calls can be begun before that is seen is a matter of luck.
    let error = match multiplexed_link(dialer.dial().await.unwrap(), &book()).await {
        Ok(link) => goplugin::client::ping(link.channel()).await.unwrap_err().to_string(),
        Err(error) => error_text(&error),
    };
    assert!(error.contains("it may not multiplex at all"), "{error}");
}

#[tokio::test]
async fn a_peer_that_hangs_up_in_the_middle_of_it_fails_the_link_or_its_calls() {
    let (dialer, mut listener) = memory();
    tokio::spawn(async move {
        let mut connection = listener.accept().await.unwrap();
        let mut some = [0; 5];
        let _ = tokio::io::AsyncReadExt::read_exact(&mut connection, &mut some).await;
    });
    if let Ok(link) = multiplexed_link(dialer.dial().await.unwrap(), &book()).await {
        assert!(goplugin::client::ping(link.channel()).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_hangs_nobody() {
    let (dialer, mut listener) = memory();
    tokio::spawn(async move {
        let _held = listener.accept().await.unwrap();
        pending::<()>().await;
    });
    let link = multiplexed_link(dialer.dial().await.unwrap(), &book()).await.unwrap();
    assert!(link.broker().dial(1).await.unwrap_err().to_string().contains("5s"));
    let ping = tokio::time::timeout(Duration::from_secs(120), goplugin::client::ping(link.channel())).await;
    assert!(ping.expect("its silence is noticed").is_err());
}
