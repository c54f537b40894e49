//! The interop matrix: every call of every version, over every kind of connection, between every pair of ends.
//!
//! Each cell is a run of its own. The table goes to the output of the tests, and `docs/conformance.md` must hold the same one:
//! `cargo xtask conformance` writes it there.

// What its query `log` prints is the point of it.
#[allow(clippy::print_stdout)]
#[path = "../../examples/conformance_plugin/peer.rs"]
mod peer;

mod calls;
mod go_host;
mod session;
mod table;

use futures_util::StreamExt as _;

/// A version of the protocol. The third one is no number: its services stand beside those of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
    V3,
}

/// A kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Unix,
    Tcp,
    AutoMtls,
    Multiplexed,
    Memory,
}

/// Who calls whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Ours,
    GoHost,
    GoPlugin,
}

/// One run of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    ends: Ends,
    version: Version,
    column: Column,
}

/// What came of the calls of a cell.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: Vec<String>,
}

/// A call that went as it should, or what was found instead.
type Outcome = Result<(), String>;

impl Tally {
    fn note(&mut self, call: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(found) => self.failed.push(format!("{call}: {found}")),
        }
    }
}

/// An answer that must be this one.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}")) }
}

/// Cells at once: more would make processes wait for each other on small machines.
const AT_ONCE: usize = 4;

async fn run(cell: Cell) -> Tally {
    if cell.ends == Ends::GoHost {
        return tokio::task::spawn_blocking(move || go_host::run(cell)).await.unwrap();
    }
    let mut tally = Tally::default();
    match session::Session::open(cell).await {
        Ok(session) => calls::all(session, cell.version, &mut tally).await,
        Err(error) => tally.failed.push(format!("start: {error}")),
    }
    tally
}

#[tokio::test]
async fn every_call_of_every_version_over_every_connection() {
    let programs = ["gohost", "goplugin", "gov1"];
    let has_all = move || programs.iter().all(|name| graftwire_testkit::go::program(name).is_some());
    let has_go = tokio::task::spawn_blocking(has_all).await.unwrap();
    let cells: Vec<Cell> = table::cells().filter(|cell| has_go || cell.ends == Ends::Ours).collect();
    let runs = futures_util::stream::iter(cells.clone()).map(run);
    let tallies: Vec<Tally> = runs.buffered(AT_ONCE).collect().await;
    let rows = table::rows(&cells, &tallies);
    table::show(&rows, tallies.iter().map(|tally| tally.passed).sum(), cells.len());
    let failed: Vec<String> = cells
        .iter()
        .zip(&tallies)
        .flat_map(|(cell, tally)| tally.failed.iter().map(move |call| format!("{cell}: {call}")))
        .collect();
    assert!(failed.is_empty(), "{} calls failed:\n{}", failed.len(), failed.join("\n"));
    if has_go {
        table::keep_page(&rows);
    }
}
