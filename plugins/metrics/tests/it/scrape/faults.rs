//! Targets that refuse, lie, break off or never end: down, for a reason that helps.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use graftwire_metrics::scrape::ScrapeLimits;
use graftwire_metrics::store::Problem;

use super::server::Server;
use super::{Bench, scrape, target};

async fn failure(server: &Server) -> String {
    let (bench, status) = scrape(&server.url()).await;
    assert!(!status.is_up());
    assert_eq!((status.last_success, bench.last_values().len()), (None, 0), "a failed scrape stores nothing");
    assert_eq!(bench.store.stats().series, 4, "but for its reports");
    status.last_error.unwrap()
}

#[tokio::test]
async fn answers_that_are_no_page() {
    for (answer, expected) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\na 1",
            "found status 404 Not Found, expected 200 OK; is the path of the target's URL right?",
        ),
        ("HTTP/1.1 500 Oh no\r\n\r\n", "found status 500 Internal Server Error, expected 200 OK"),
        ("HTTP/1.1 204 No Content\r\n\r\n", "found status 204 No Content, expected 200 OK"),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://u:s3cret@other:1/m?token=s3cret\r\n\r\n",
            "found status 302 Found, a redirect to https://…@other:1/m, expected 200 OK; redirects aren't followed, set \
             the target's final URL",
        ),
        (
            "HTTP/1.1 301 Moved\r\n\r\n",
            "found status 301 Moved Permanently, a redirect, expected 200 OK; redirects aren't followed, set the target's \
             final URL",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f",
            "found content encoding gzip, expected none; switch compression off at the target",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10485761\r\n\r\n",
            "found a page of more than 10485760 bytes, expected at most that; is this the page of metrics?",
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html>\n",
            r#"line 1: found "<!DOCTYPE html>", expected a metric's name, or a comment that begins with #"#,
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\na 1\nb{x=\"1\"} 2\nc one\n",
            r#"line 3: found "one", expected a value: a decimal number, +Inf, -Inf or NaN"#,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text\r\n\r\na 1\n",
            "line 1: found the end of the page, expected # EOF before it; the page was cut short",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", "the connection broke waiting for the answer: "),
        ("", "the connection broke waiting for the answer: "),
        ("HTTP/1.1 200 OK\r\nContent-Le", "the connection broke waiting for the answer: "),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n", "the connection broke reading the page: "),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n",
            "the connection broke reading the page: ",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfour\r\n",
            "the connection broke reading the page: ",
        ),
    ] {
        let reason = failure(&Server::raw(answer)).await;
        match expected.ends_with(": ") {
            true => {
                assert!(reason.starts_with(expected) && reason.len() > expected.len(), "{answer:?}: {reason}")
            }
            false => assert_eq!(reason, expected, "{answer:?}"),
        }
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (_, status) = scrape(&format!("http://{address}/metrics")).await;
    let reason = status.last_error.unwrap();
    assert!(reason.starts_with(&format!("can't connect to {address}: Connection refused")), "{reason}");
}

#[tokio::test]
async fn a_head_without_end_is_given_up() {
    let server = Server::start("127.0.0.1:0", |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X-More: of the same, again and again and again\r\n")?;
        }
    });
    let reason = failure(&server.unwrap()).await;
    assert!(reason.starts_with("the connection broke waiting for the answer: "), "{reason}");
}

/// A server whose page repeats some text without end, and how much of it was sent.
fn endless(text: &'static str) -> (Server, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let block = text.repeat(1000);
    let server = Server::start("127.0.0.1:0", move |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(block.as_bytes())?;
            count.fetch_add(block.len(), Ordering::SeqCst);
        }
    });
    (server.unwrap(), sent)
}

#[tokio::test]
async fn a_page_without_end_is_cut_off_at_the_limit() {
    let (server, sent) = endless("# nothing\n");
    let reason = failure(&server).await;
    assert_eq!(
        reason,
        "found a page of more than 10485760 bytes, expected at most that; is this the page of metrics?"
    );
    // What was on its way in the kernel's buffers comes on top.
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent < 32 << 20, "{sent} bytes were sent");
}

#[tokio::test]
async fn samples_without_end_and_a_line_without_end() {
    let (server, sent) = endless("a 1\n");
    let reason = failure(&server).await;
    assert_eq!(
        reason,
        "found more than 50000 samples, expected at most that; let the target offer fewer, or split it"
    );
    assert!(sent.load(Ordering::SeqCst) < 16 << 20);
    let (server, _) = endless("a");
    assert_eq!(failure(&server).await, "line 1: found a longer line, expected at most 65536 bytes in a line");
}

#[tokio::test]
async fn a_broken_target_leaves_the_others_alone() {
    let (good, bad) = (Server::page("a 1\n"), Server::raw("junk"));
    let targets = vec![target(&bad.url()), target(&good.url())];
    let bench = Bench::start(targets, ScrapeLimits::default());
    // The second one's first scrape is spread.
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(5)).await;
    tokio::time::resume();
    let statuses = bench.scraped().await;
    assert!(!statuses[0].is_up() && statuses[1].is_up(), "{statuses:?}");
    assert_eq!(bench.last_values().len(), 1);
    assert_eq!(bench.store.health().problems, Vec::<Problem>::new());
}
