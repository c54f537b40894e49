//! The broker's two ends against each other, and one end against another that misbehaves.

use std::path::Path;
use std::time::Duration;

use graftwire_protocol::goplugin::broker::Message;
use graftwire_transport::{BindOptions, Broker, BrokerError, Connection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Carries what each of two brokers says to the other, as gRPC would.
fn join(left: &Broker, right: &Broker) {
    for (from, to) in [(left, right), (right, left)] {
        let (mut outgoing, to) = (from.open(), to.clone());
        tokio::spawn(async move {
            while let Some(message) = outgoing.recv().await {
                to.receive(message);
            }
        });
    }
}

fn plain(dir: &Path) -> Broker {
    let broker = Broker::new();
    let dir = Some(dir.display().to_string());
    broker.configure(BindOptions::Unix { dir, group: None }, None, false);
    broker
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

async fn talk(mut near: Connection, mut far: Connection) {
    near.write_all(b"ping").await.unwrap();
    let mut got = [0; 4];
    far.read_exact(&mut got).await.unwrap();
    far.write_all(b"pong").await.unwrap();
    near.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"pong");
}

#[tokio::test]
async fn ids_connect_in_both_directions_and_leave_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (host, plugin) = (plain(dir.path()), plain(dir.path()));
    join(&host, &plugin);
    for (accepting, dialing) in [(&host, &plugin), (&plugin, &host)] {
        let id = accepting.next_id();
        let listener = accepting.accept(id).await.unwrap();
        assert_eq!(files(dir.path()), 1);
        let (near, far) = tokio::join!(dialing.dial(id), listener.accept());
        talk(near.unwrap(), far.unwrap()).await;
        drop(listener);
        assert_eq!(files(dir.path()), 0);
    }
}

#[tokio::test]
async fn an_id_can_be_dialed_before_it_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let (host, plugin) = (plain(dir.path()), plain(dir.path()));
    join(&host, &plugin);
    let dialing = tokio::spawn(async move { plugin.dial(5).await });
    tokio::task::yield_now().await;
    let listener = host.accept(5).await.unwrap();
    talk(listener.accept().await.unwrap(), dialing.await.unwrap().unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn an_id_that_nobody_accepts_and_a_stream_that_nobody_opens_are_errors_after_five_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let broker = plain(dir.path());
    let began = tokio::time::Instant::now();
    for error in [broker.dial(1).await.unwrap_err(), broker.accept(1).await.unwrap_err()] {
        assert!(matches!(error, BrokerError::NotOpen), "{error}");
    }
    let _silent = broker.open();
    let error = broker.dial(1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing was heard of broker id 1 within 5s; the other end has to accept an id about when it is dialed"
    );
    assert_eq!(began.elapsed(), Duration::from_secs(15));
    broker.end("the plugin serves no broker");
    let error = broker.dial(1).await.unwrap_err();
    assert_eq!(error.to_string(), "the broker's stream has ended: the plugin serves no broker");
    assert_eq!(began.elapsed(), Duration::from_secs(15), "and that at once");
}

#[tokio::test]
async fn an_id_is_accepted_once_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let broker = plain(dir.path());
    let _outgoing = broker.open();
    let listener = broker.accept(1).await.unwrap();
    let error = broker.accept(1).await.unwrap_err();
    assert_eq!(error.to_string(), "broker id 1 is accepted already; take another one from next_id");
    drop(listener);
    broker.accept(1).await.unwrap();
}

#[tokio::test]
async fn an_end_of_the_stream_wakes_whoever_waits() {
    let dir = tempfile::tempdir().unwrap();
    let broker = plain(dir.path());
    let _outgoing = broker.open();
    let listener = broker.accept(1).await.unwrap();
    let (accepted, dialed, ()) = tokio::join!(listener.accept(), broker.dial(2), async {
        tokio::task::yield_now().await;
        broker.end("the host hung up");
    });
    for error in [accepted.unwrap_err(), dialed.unwrap_err()] {
        assert_eq!(error.to_string(), "the broker's stream has ended: the host hung up");
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_the_dialers_error() {
    let dir = tempfile::tempdir().unwrap();
    let broker = plain(dir.path());
    let _outgoing = broker.open();
    let gone = dir.path().join("gone").display().to_string();
    for (id, network, address, text) in [
        (1, "unix", gone.as_str(), "the other end's listener for the broker can't be reached"),
        (2, "udp", "127.0.0.1:1", "on network \"udp\", expected unix or tcp"),
        (3, "tcp", "not an address", "can't be reached"),
    ] {
        broker.receive(Message::Listening { id, network: network.to_owned(), address: address.to_owned() });
        let error = broker.dial(id).await.unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_failed_listener_gives_its_id_back() {
    let broker = Broker::new();
    let nowhere = Some("/nonexistent".to_owned());
    broker.configure(BindOptions::Unix { dir: nowhere, group: None }, None, false);
    let _outgoing = broker.open();
    for _ in 0..2 {
        assert!(matches!(broker.accept(1).await.unwrap_err(), BrokerError::Listen(_)));
    }
}

#[tokio::test]
async fn ten_thousand_announced_ids_are_bounded_and_the_last_ones_can_be_dialed() {
    let dir = tempfile::tempdir().unwrap();
    let broker = plain(dir.path());
    let _outgoing = broker.open();
    let listener = plain(dir.path());
    let mut said = listener.open();
    let held = listener.accept(9_999).await.unwrap();
    let last = said.recv().await.unwrap();
    for id in 0..9_999 {
        broker.receive(Message::Listening { id, network: "unix".to_owned(), address: "/x".repeat(100) });
    }
    broker.receive(last);
    let (near, far) = tokio::join!(broker.dial(9_999), held.accept());
    talk(near.unwrap(), far.unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_the_stream_is_not_waited_for_longer_than_five_seconds() {
    let broker = Broker::new();
    broker.configure(BindOptions::Unix { dir: None, group: None }, None, true);
    let _unread = broker.open();
    let dials: Vec<_> = (0..70)
        .map(|id| {
            let broker = broker.clone();
            tokio::spawn(async move { broker.dial(id).await })
        })
        .collect();
    let began = tokio::time::Instant::now();
    for dial in dials {
        assert!(dial.await.unwrap().is_err());
    }
    // One at a time.
    assert!(began.elapsed() <= Duration::from_secs(5 * 71), "{:?}", began.elapsed());
}

#[cfg(feature = "multiplex")]
mod multiplexed {
    use graftwire_transport::{Side, memory, multiplex};

    use super::*;

    /// Two brokers over one connection.
    async fn pair() -> (Broker, Broker) {
        let (dialer, mut listener) = memory();
        let (near, far) = (dialer.dial().await.unwrap(), listener.accept().await.unwrap());
        let ends = [(near, Side::Dialing), (far, Side::Accepting)].map(|(connection, side)| {
            let (session, mut inbound, driver) = multiplex(connection, side).unwrap();
            tokio::spawn(driver.run());
            tokio::spawn(async move { while inbound.next().await.is_some() {} });
            let broker = Broker::new();
            broker.configure(
                BindOptions::Unix { dir: Some("/nonexistent".to_owned()), group: None },
                None,
                true,
            );
            broker.ride_on(session);
            broker
        });
        let [host, plugin] = ends;
        join(&host, &plugin);
        (host, plugin)
    }

    #[tokio::test]
    async fn ids_connect_in_both_directions_without_a_listener() {
        let (host, plugin) = pair().await;
        for (accepting, dialing) in [(&host, &plugin), (&plugin, &host)] {
            let listener = accepting.accept(4).await.unwrap();
            for _ in 0..3 {
                let (near, far) = tokio::join!(dialing.dial(4), listener.accept());
                talk(near.unwrap(), far.unwrap()).await;
            }
        }
    }

    #[tokio::test]
    async fn a_hundred_dials_at_once_find_each_their_own() {
        let (host, plugin) = pair().await;
        let mut listeners = Vec::new();
        for id in 0..100_u8 {
            listeners.push(plugin.accept(u32::from(id)).await.unwrap());
        }
        let dials: Vec<_> = (0..100_u8)
            .map(|id| {
                let host = host.clone();
                tokio::spawn(async move {
                    let mut connection = host.dial(u32::from(id)).await.unwrap();
                    connection.write_u8(id).await.unwrap();
                    connection
                })
            })
            .collect();
        for (id, listener) in (0..100_u8).zip(&listeners) {
            assert_eq!(listener.accept().await.unwrap().read_u8().await.unwrap(), id);
        }
        for dial in dials {
            dial.await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_knock_for_an_unknown_id_waits_a_little_and_is_refused_in_words() {
        let (host, plugin) = pair().await;
        let error = host.dial(77).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the other end refused broker id 77: nobody accepts broker id 77 at this end"
        );
        // One that is accepted in the meantime is let in.
        let dialing = tokio::spawn(async move { host.dial(78).await });
        tokio::time::sleep(Duration::from_secs(3)).await;
        let listener = plugin.accept(78).await.unwrap();
        talk(listener.accept().await.unwrap(), dialing.await.unwrap().unwrap()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_comes_is_an_error_after_five_seconds() {
        let (host, _plugin) = pair().await;
        let mut unanswered = host.open();
        let error = host.dial(1).await.unwrap_err();
        assert!(matches!(error, BrokerError::NotAccepted { id: 1 }), "{error}");
        assert_eq!(unanswered.recv().await, Some(Message::Knock { id: 1 }));
    }

    #[tokio::test]
    async fn a_dial_that_is_dropped_half_way_confuses_nobody() {
        let (host, plugin) = pair().await;
        let (one, two) = (plugin.accept(1).await.unwrap(), plugin.accept(2).await.unwrap());
        let given_up = host.clone();
        let dropped = tokio::spawn(async move { given_up.dial(1).await.map(drop) });
        tokio::task::yield_now().await;
        dropped.abort();
        let (near, far) = tokio::join!(host.dial(2), two.accept());
        talk(near.unwrap(), far.unwrap()).await;
        drop(one);
    }

    #[tokio::test]
    async fn ends_that_do_not_agree_on_multiplexing_say_so() {
        let dir = tempfile::tempdir().unwrap();
        let (host, _plugin) = pair().await;
        let other = plain(dir.path());
        join(&host, &other);
        let error = host.dial(1).await.unwrap_err();
        assert!(error.to_string().contains("this end does not multiplex"), "{error}");
        let dialing = tokio::spawn(async move { host.dial(2).await });
        let _listener = other.accept(2).await.unwrap();
        let error = dialing.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("refused") || error.to_string().contains("an address"), "{error}");
    }
}
