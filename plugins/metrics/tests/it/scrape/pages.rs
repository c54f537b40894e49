//! Pages over real connections end up in a real store.

use std::io::Write;

use graftwire_metrics::scrape::ScrapeLimits;

use super::server::{Server, answer};
use super::{Bench, scrape, target};

const PAGE: &str = "# HELP a What it is.\n# TYPE a gauge\na{x=\"1\"} 1.5\na{x=\"2\"} -Inf\nb 3\n";

async fn assert_read(server: &Server) {
    let (bench, status) = scrape(&server.url()).await;
    assert_eq!(status.problem(), None);
    assert_eq!(status.samples, 3);
    let instance = server.address();
    let values: Vec<_> = bench.last_values().into_iter().collect();
    assert_eq!(
        values,
        [
            (format!("a{{instance=\"{instance}\", job=\"j\", x=\"1\"}}"), 1.5),
            (format!("a{{instance=\"{instance}\", job=\"j\", x=\"2\"}}"), f64::NEG_INFINITY),
            (format!("b{{instance=\"{instance}\", job=\"j\"}}"), 3.0),
        ]
    );
    let (name, metadata) = bench.store.metadata().remove(0);
    assert_eq!((&*name, metadata.kind.name(), &*metadata.help), ("a", "gauge", "What it is."));
}

#[tokio::test]
async fn a_page_with_its_length() {
    assert_read(&Server::page(PAGE)).await;
}

#[tokio::test]
async fn a_page_in_chunks_that_cut_lines() {
    let server = Server::start("127.0.0.1:0", |_, stream| {
        stream.set_nodelay(true)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        for piece in PAGE.as_bytes().chunks(7) {
            stream.write_all(&[format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())?;
        }
        stream.write_all(b"0\r\nX-Checksum: none\r\n\r\n")
    });
    assert_read(&server.unwrap()).await;
}

#[tokio::test]
async fn a_page_of_a_small_device() {
    let page = PAGE.replace('\n', "\r\n");
    assert_read(&Server::raw(format!("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{page}"))).await;
}

#[tokio::test]
async fn a_page_in_open_metrics() {
    let kind = "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_read(&Server::raw(format!("HTTP/1.1 200 OK\r\n{kind}\r\n\r\n{PAGE}# EOF\n"))).await;
}

#[tokio::test]
async fn an_empty_page_is_a_page() {
    let (bench, status) = scrape(&Server::page("").url()).await;
    assert_eq!((status.problem(), status.samples), (None, 0));
    assert!(bench.last_values().is_empty());
}

#[tokio::test]
async fn a_server_without_its_user_says_so() {
    let server = Server::start("127.0.0.1:0", |head, stream| {
        match head.contains("\r\nauthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n") {
            true => stream.write_all(&answer("a 1\n")),
            false => stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
        }
    })
    .unwrap();
    let url = |user: &str| format!("http://{user}@{}/metrics", server.address());
    let (bench, status) = scrape(&url("Aladdin:open%20sesame")).await;
    assert_eq!(status.problem(), None);
    assert_eq!(bench.last_values().len(), 1);
    let shown = format!("{:?} {:?} {status:?}", bench.scraper, bench.last_values());
    assert!(!shown.contains("Aladdin") && !shown.contains("sesame"), "{shown}");

    let (_, status) = scrape(&url("Aladdin:closed")).await;
    assert_eq!(
        status.last_error.as_deref(),
        Some(
            "found status 401 Unauthorized, expected 200 OK; are user and password in the target's URL right?"
        )
    );
}

#[tokio::test]
async fn hosts_by_name_and_of_the_sixth_version() {
    let server = Server::page("a 1\n");
    let (_, status) = scrape(&format!("http://localhost:{}", server.address().port())).await;
    assert_eq!(status.problem(), None);
    assert_eq!(status.instance, format!("localhost:{}", server.address().port()));

    match Server::start("[::1]:0", |_, stream| stream.write_all(&answer("a 1\n"))) {
        Ok(server) => {
            let (bench, status) = scrape(&server.url()).await;
            assert_eq!(status.problem(), None);
            let expected = format!("a{{instance=\"[::1]:{}\", job=\"j\"}}", server.address().port());
            assert_eq!(bench.last_values().keys().collect::<Vec<_>>(), [&expected]);
        }
        Err(error) => println!("NOT RUN: no IPv6 on loopback: {error}"),
    }
}

#[tokio::test]
async fn a_full_store_is_a_problem_that_is_told() {
    let page: String = (0..10_010).map(|n| format!("a{{n=\"{n}\"}} {n}\n")).collect();
    let server = Server::page(&page);
    let bench = Bench::start(vec![target(&server.url())], ScrapeLimits::default());
    let status = bench.scraped().await.remove(0);
    assert!(status.is_up());
    assert_eq!(
        status.problem().unwrap(),
        format!("j at {} is not stored completely: 10 series had no room in the store", server.address())
    );
    assert_eq!(status.samples, 10_010);
}
