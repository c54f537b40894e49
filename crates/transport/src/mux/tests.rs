//! Both ends against each other, and one end against bytes that break the rules.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Inbound, MAX_STREAMS, MOST_STREAMS, MuxError, Session, multiplex};
use crate::{Connection, Side};

type Running = (Session, Inbound, JoinHandle<Result<(), MuxError>>);

fn run(connection: Connection, side: Side) -> Running {
    let (session, inbound, driver) = multiplex(connection, side).unwrap();
    (session, inbound, tokio::spawn(driver.run()))
}

fn pair() -> (Running, Running) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    (run(Connection::memory(near), Side::Dialing), run(Connection::memory(far), Side::Accepting))
}

/// One end, and the bytes of the other.
fn against(side: Side) -> (Running, DuplexStream) {
    let (near, far) = tokio::io::duplex(1024 * 1024);
    (run(Connection::memory(near), side), far)
}

const DATA: u8 = 0;
const WINDOW: u8 = 1;
const PING: u8 = 2;
const GO_AWAY: u8 = 3;
const SYN: u16 = 1;
const ACK: u16 = 2;

fn frame(kind: u8, flags: u16, stream: u32, length: u32) -> Vec<u8> {
    let mut bytes = vec![0, kind];
    bytes.extend(flags.to_be_bytes());
    bytes.extend(stream.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes
}

/// What becomes of a server when a client sends these bytes, and what it says to the client.
async fn ended_by(bytes: &[u8]) -> (MuxError, Vec<u8>) {
    let ((session, _inbound, driver), mut client) = against(Side::Accepting);
    client.write_all(bytes).await.unwrap();
    let ended = driver.await.unwrap().unwrap_err();
    assert!(matches!(session.open().await.unwrap_err(), MuxError::Closed));
    let mut said = Vec::new();
    client.read_to_end(&mut said).await.unwrap();
    (ended, said)
}

#[tokio::test]
async fn streams_carry_bytes_in_both_directions_and_end_apart() {
    let ((client, mut from_server, _c), (server, mut from_client, _s)) = pair();
    for (session, inbound) in [(&client, &mut from_client), (&server, &mut from_server)] {
        let mut near = session.open().await.unwrap();
        let mut far = inbound.next().await.unwrap();
        near.write_all(b"there").await.unwrap();
        near.shutdown().await.unwrap();
        let mut there = String::new();
        far.read_to_string(&mut there).await.unwrap();
        far.write_all(b"and back").await.unwrap();
        drop(far);
        let mut back = String::new();
        near.read_to_string(&mut back).await.unwrap();
        assert_eq!((there.as_str(), back.as_str()), ("there", "and back"));
    }
}

#[tokio::test]
async fn a_stream_that_nobody_reads_stops_its_writer_and_no_other() {
    let ((client, _from_server, _c), (_server, mut from_client, _s)) = pair();
    let (mut slow, mut quick) = (client.open().await.unwrap(), client.open().await.unwrap());
    let (_unread, mut read) = (from_client.next().await.unwrap(), from_client.next().await.unwrap());
    let written = tokio::spawn(async move {
        let mut written = 0;
        let piece = vec![7; 64 * 1024];
        while tokio::time::timeout(std::time::Duration::from_millis(300), slow.write_all(&piece))
            .await
            .is_ok()
        {
            written += piece.len();
        }
        written
    });
    let sent = tokio::spawn(async move { quick.write_all(&vec![1; 8 * 1024 * 1024]).await.unwrap() });
    let mut got = vec![0; 8 * 1024 * 1024];
    read.read_exact(&mut got).await.unwrap();
    sent.await.unwrap();
    assert!(written.await.unwrap() <= 256 * 1024, "a stream's window");
}

#[tokio::test]
async fn who_was_let_in_gets_the_next_stream_and_no_other() {
    let ((client, _from_server, _c), (server, mut from_client, _s)) = pair();
    let (door, mut let_in) = mpsc::channel(1);
    server.expect(door);
    let mut first = client.open().await.unwrap();
    let mut second = client.open().await.unwrap();
    first.write_all(b"1").await.unwrap();
    second.write_all(b"2").await.unwrap();
    assert_eq!(let_in.recv().await.unwrap().read_u8().await.unwrap(), b'1');
    assert_eq!(from_client.next().await.unwrap().read_u8().await.unwrap(), b'2');
}

#[tokio::test(start_paused = true)]
async fn who_comes_too_late_is_not_let_in() {
    let ((client, _from_server, _c), (server, mut from_client, _s)) = pair();
    let (door, mut let_in) = mpsc::channel(1);
    server.expect(door);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let _late = client.open().await.unwrap();
    assert!(from_client.next().await.is_some());
    assert!(let_in.try_recv().is_err());
}

#[tokio::test]
async fn a_close_sends_what_was_written() {
    let ((client, _from_server, driver), (_server, mut from_client, far)) = pair();
    let mut stream = client.open().await.unwrap();
    stream.write_all(b"last words").await.unwrap();
    client.close().await;
    driver.await.unwrap().unwrap();
    let mut words = [0; 10];
    from_client.next().await.unwrap().read_exact(&mut words).await.unwrap();
    assert_eq!(&words, b"last words");
    far.await.unwrap().unwrap();
    assert!(stream.write_all(b"more").await.is_err());
}

#[tokio::test]
async fn more_streams_than_the_limit_are_refused_and_the_others_live_on() {
    let ((client, _from_server, _c), (_server, mut from_client, _s)) = pair();
    let mut held = Vec::new();
    for _ in 0..MAX_STREAMS {
        held.push((client.open().await.unwrap(), from_client.next().await.unwrap()));
    }
    let refused = client.open().await.unwrap_err();
    assert_eq!(refused.to_string(), "256 streams are open on the multiplexed connection, which is the limit");
    let (near, far) = held.last_mut().unwrap();
    near.write_all(b"x").await.unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'x');
    drop(held);
    // The other end hears of it in time.
    for _ in 0..100 {
        if client.open().await.is_ok() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("room is made by streams that end");
}

#[tokio::test]
async fn pings_are_answered() {
    let ((_session, _inbound, _driver), mut client) = against(Side::Accepting);
    client.write_all(&frame(PING, SYN, 0, 0xabcd)).await.unwrap();
    // Its own ping comes first.
    for expected in [frame(PING, SYN, 0, 0), frame(PING, ACK, 0, 0xabcd)] {
        let mut got = vec![0; 12];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(got, expected);
    }
}

#[tokio::test]
async fn a_wrong_version_and_an_unknown_type_are_named() {
    let mut wrong = frame(DATA, SYN, 1, 0);
    wrong[0] = 9;
    let (error, _) = ended_by(&wrong).await;
    let text = error.to_string();
    assert!(text.contains("version 9, expected 0, at the frame version 9 type 0"), "{text}");
    let (error, _) = ended_by(&frame(17, 0, 1, 0)).await;
    assert!(error.to_string().contains("frame type 17, expected 0 to 3"), "{error}");
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_session_and_are_named() {
    let open = frame(DATA, SYN, 1, 0);
    let too_much: Vec<u8> = [frame(DATA, 0, 1, 262_145), vec![0; 262_145]].concat();
    for (what, bytes, stream) in [
        ("a stream id of the other side", frame(DATA, SYN, 2, 0), "stream 2 length 0"),
        ("the session's id", frame(WINDOW, SYN, 0, 0), "stream 0 length 0"),
        ("an id twice", [open.clone(), open.clone()].concat(), "stream 1 length 0"),
        ("more than the window", [open.clone(), too_much].concat(), "stream 1 length 262145"),
        (
            "a window that overflows",
            [open.clone(), frame(WINDOW, 0, 1, u32::MAX)].concat(),
            "length 4294967295",
        ),
        ("an answer to no ping", frame(PING, ACK, 0, 77), "type 2"),
    ] {
        let (error, said) = ended_by(&bytes).await;
        let text = error.to_string();
        assert!(text.contains("breaks the rules of yamux") && text.contains(stream), "{what}: {text}");
        assert_eq!(said[said.len() - 12..][..2], [0, GO_AWAY], "{what}: the other end is told");
    }
}

#[tokio::test]
async fn frames_for_streams_that_are_not_there_are_nothing() {
    let ((session, mut inbound, _driver), mut client) = against(Side::Accepting);
    for bytes in
        [frame(DATA, 0, 99, 0), frame(WINDOW, 0, 99, 5), frame(DATA, 8, 99, 0), frame(DATA, SYN, 1, 0)]
    {
        client.write_all(&bytes).await.unwrap();
    }
    assert!(inbound.next().await.is_some(), "the stream that is there");
    assert!(session.open().await.is_ok());
}

#[tokio::test]
async fn a_frame_above_a_megabyte_is_not_waited_for() {
    let (error, _) = ended_by(&[frame(DATA, SYN, 1, 0), frame(DATA, 0, 1, 0x7fff_ffff)].concat()).await;
    assert!(error.to_string().contains("frame body is too large (2147483647)"), "{error}");
}

#[tokio::test]
async fn too_many_streams_of_the_other_end_end_the_session() {
    let ((_session, mut inbound, driver), mut client) = against(Side::Accepting);
    let taken = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Some(stream) = inbound.next().await {
            held.push(stream);
        }
        held.len()
    });
    for id in 0..=u32::try_from(MOST_STREAMS).unwrap() {
        client.write_all(&frame(WINDOW, SYN, 2 * id + 1, 0)).await.unwrap();
        tokio::task::yield_now().await;
    }
    let error = driver.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("too many streams"), "{error}");
    assert_eq!(taken.await.unwrap(), MOST_STREAMS);
}

#[tokio::test]
async fn half_a_header_and_half_a_body_are_ends_of_the_connection() {
    for bytes in [frame(DATA, SYN, 1, 5)[..7].to_vec(), [frame(DATA, SYN, 1, 5), b"ab".to_vec()].concat()] {
        let ((session, _inbound, driver), mut client) = against(Side::Accepting);
        client.write_all(&bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let error = driver.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("hung up in the middle of a frame"), "{error}");
        assert!(session.open().await.is_err());
    }
}

#[tokio::test]
async fn an_end_says_so_on_every_stream() {
    let ((session, mut inbound, driver), mut client) = against(Side::Accepting);
    client.write_all(&frame(DATA, SYN, 1, 0)).await.unwrap();
    let mut stream = inbound.next().await.unwrap();
    let mut own = session.open().await.unwrap();
    client.write_all(&frame(DATA, SYN, 1, 0)).await.unwrap();
    driver.await.unwrap().unwrap_err();
    let error = stream.read_u8().await.unwrap_err();
    assert!(error.to_string().contains("breaks the rules of yamux"), "{error}");
    let error = own.write_all(b"x").await.unwrap_err();
    assert!(error.to_string().contains("breaks the rules of yamux"), "{error}");
}
