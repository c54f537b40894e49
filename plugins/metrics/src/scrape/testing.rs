//! Doubles for the tests of scraping: a sink that remembers, and a world of in-memory connections whose clocks stand
//! still until nothing else is to do.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

use super::fetch::Outside;
use super::sink::Sink;
use crate::series::{Labels, STALE_NAN_BITS, Sample};
use crate::store::{Appended, Metadata};

/// When the tests begin.
pub(super) const START: i64 = 1_700_000_000_000;

/// A sink that keeps everything, by the store's rules.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) ids: BTreeMap<Labels, usize>,
    pub(super) series: Vec<(Labels, Vec<Sample>)>,
    pub(super) metadata: BTreeMap<String, Metadata>,
    pub(super) described: usize,
    pub(super) resolved: usize,
    /// Whether the store has no room.
    pub(super) is_full: bool,
    /// Numbers below are forgotten.
    pub(super) forgotten: usize,
}

impl Recorder {
    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// The samples of the one series that prints so, as seconds since the start and text; an end marker is `end`.
    pub(super) fn samples(&self, series: &str) -> Vec<(f64, String)> {
        let kept = self.kept();
        let mut found = kept.series.iter().filter(|(labels, _)| labels.to_string() == series);
        let samples = found.next().map(|(_, samples)| samples.as_slice()).unwrap_or_default();
        samples.iter().map(|sample| ((sample.at - START) as f64 / 1000.0, text(sample))).collect()
    }

    /// Every series, printed.
    pub(super) fn names(&self) -> Vec<String> {
        self.kept().ids.keys().map(ToString::to_string).collect()
    }
}

fn text(sample: &Sample) -> String {
    if sample.is_stale_marker() { "end".to_owned() } else { sample.value.to_string() }
}

impl Kept {
    fn append(&mut self, at: i64, batch: &[(usize, f64)]) -> Appended {
        let mut appended = Appended::default();
        for (id, value) in batch {
            if *id < self.forgotten {
                appended.unknown += 1;
                continue;
            }
            let samples = &mut self.series[*id].1;
            match samples.last().map(|last| at.cmp(&last.at)) {
                None | Some(std::cmp::Ordering::Greater) => {
                    samples.push(Sample { at, value: *value });
                    appended.stored += 1;
                }
                Some(std::cmp::Ordering::Equal) => appended.duplicate += 1,
                Some(std::cmp::Ordering::Less) => appended.out_of_order += 1,
            }
        }
        appended
    }
}

impl Sink for Recorder {
    type Id = usize;

    fn resolve(&self, labels: &Labels) -> Option<usize> {
        let mut kept = self.kept();
        kept.resolved += 1;
        if let Some(id) = kept.ids.get(labels).filter(|id| **id >= kept.forgotten) {
            return Some(*id);
        }
        if kept.is_full {
            return None;
        }
        let id = kept.series.len();
        kept.ids.insert(labels.clone(), id);
        kept.series.push((labels.clone(), Vec::new()));
        Some(id)
    }

    fn append(&self, at: i64, batch: &[(usize, f64)]) -> Appended {
        self.kept().append(at, batch)
    }

    fn append_told(&self, at: i64, batch: &[(usize, f64)]) -> Appended {
        self.kept().append(at, batch)
    }

    fn end(&self, at: i64, series: &[usize]) {
        let marker = f64::from_bits(STALE_NAN_BITS);
        let batch: Vec<_> = series.iter().map(|id| (*id, marker)).collect();
        self.kept().append(at, &batch);
    }

    fn describe(&self, name: &str, metadata: Metadata) {
        let mut kept = self.kept();
        kept.described += 1;
        kept.metadata.insert(name.to_owned(), metadata);
    }
}

type Handler =
    dyn Fn(usize, DuplexStream) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>> + Send + Sync;

/// Connections to one server in memory, and a clock that goes with tokio's.
#[derive(Clone)]
pub(super) struct Memory {
    handler: Arc<Handler>,
    origin: Instant,
    pub(super) connections: Arc<Mutex<usize>>,
    /// How far the clock was set from the start, in milliseconds.
    pub(super) shift: Arc<Mutex<i64>>,
}

impl Memory {
    /// `serve` gets each connection with its number from 0.
    pub(super) fn new<F>(serve: impl Fn(usize, DuplexStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self {
            handler: Arc::new(move |number, stream| Box::pin(serve(number, stream))),
            origin: Instant::now(),
            connections: Arc::default(),
            shift: Arc::default(),
        }
    }

    pub(super) fn started(&self) -> Instant {
        self.origin
    }

    /// Answers the requests one after the other with these pages, the last one again and again. An empty page closes
    /// the connection without an answer.
    pub(super) fn pages(pages: &[&str]) -> Self {
        let pages: Vec<String> = pages.iter().map(ToString::to_string).collect();
        Self::new(move |number, mut stream| {
            let page = pages.get(number).or(pages.last()).cloned().unwrap_or_default();
            async move {
                request(&mut stream).await?;
                if page.is_empty() {
                    return Ok(());
                }
                answer(&mut stream, "text/plain; version=0.0.4", &page).await
            }
        })
    }
}

impl Outside for Memory {
    type Stream = DuplexStream;

    async fn connect(&self, _: &str, _: u16) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(16 << 10);
        let number = {
            let mut connections = self.connections.lock().unwrap();
            *connections += 1;
            *connections - 1
        };
        tokio::spawn((self.handler)(number, theirs));
        Ok(ours)
    }

    fn now(&self) -> i64 {
        START + *self.shift.lock().unwrap() + self.origin.elapsed().as_millis() as i64
    }
}

/// Reads a request's head.
pub(super) async fn request(stream: &mut DuplexStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8(head).expect("a head is text"))
}

/// Answers with a page.
pub(super) async fn answer(stream: &mut DuplexStream, kind: &str, page: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", page.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}
