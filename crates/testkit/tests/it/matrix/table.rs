//! The cells there are, what is to be said about some, and the table of all of them.
//!
//! It deliberately runs nothing.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use super::{Cell, Column, Ends, Tally, Version};

const VERSIONS: [Version; 3] = [Version::V1, Version::V2, Version::V3];
const COLUMNS: [Column; 5] =
    [Column::Unix, Column::Tcp, Column::AutoMtls, Column::Multiplexed, Column::Memory];
const ENDS: [Ends; 3] = [Ends::Ours, Ends::GoHost, Ends::GoPlugin];

/// What is to be said about cells: which, the mark in the table, why.
struct Remark {
    of: fn(Cell) -> bool,
    mark: &'static str,
    why: &'static str,
}

/// Cells that can't be. Everything else runs.
const ABSENT: Remark = Remark {
    of: |cell| cell.ends != Ends::Ours && cell.column == Column::Memory,
    mark: "—",
    why: "Go runs in a process of its own, and such a connection does not leave ours",
};

const REMARKS: [Remark; 3] = [
    Remark {
        of: |cell| cell.ends == Ends::Ours && cell.column == Column::Memory,
        mark: "(a)",
        why: "both ends in one process: standard output belongs to that, and is not the plugin's to stream",
    },
    Remark {
        of: |cell| cell.ends == Ends::GoPlugin && cell.column == Column::Tcp,
        mark: "(b)",
        why: "`plugin.Serve` listens on TCP on Windows alone, so go-plugin's server stands on a TCP listener made for it",
    },
    Remark {
        of: |cell| cell.ends != Ends::GoPlugin && cell.column == Column::Tcp,
        mark: "(c)",
        why: "our plugin chose TCP (`listen_on_tcp`), which no host can do for it",
    },
];

const BEGIN: &str = "<!-- matrix -->";
const END: &str = "<!-- /matrix -->";
/// Set by the chore that writes the page.
const WRITE: &str = "GRAFTWIRE_WRITE_MATRIX";

/// All cells that can be.
pub(super) fn cells() -> impl Iterator<Item = Cell> {
    every().filter(|cell| !(ABSENT.of)(*cell))
}

fn every() -> impl Iterator<Item = Cell> {
    ENDS.into_iter().flat_map(|ends| {
        VERSIONS
            .into_iter()
            .flat_map(move |version| COLUMNS.into_iter().map(move |column| Cell { ends, version, column }))
    })
}

/// The table in Markdown, line by line, with the remarks below it.
pub(super) fn rows(ran: &[Cell], tallies: &[Tally]) -> Vec<String> {
    let heads = COLUMNS.map(|column| column.to_string()).join(" | ");
    let mut rows = vec![format!("| ends | version | {heads} |"), format!("|---|---|{}", "---|".repeat(5))];
    for ends in ENDS {
        for version in VERSIONS {
            let cells = COLUMNS.map(|column| text(Cell { ends, version, column }, ran, tallies));
            rows.push(format!("| {ends} | {version} | {} |", cells.join(" | ")));
        }
    }
    rows.push(String::new());
    let remarks = REMARKS.iter().chain([&ABSENT]).map(|remark| format!("{} {}", remark.mark, remark.why));
    rows.push(remarks.collect::<Vec<_>>().join(". ") + ".");
    rows
}

fn text(cell: Cell, ran: &[Cell], tallies: &[Tally]) -> String {
    let Some(at) = ran.iter().position(|one| *one == cell) else {
        return if (ABSENT.of)(cell) { ABSENT.mark } else { "not run" }.to_owned();
    };
    let tally = &tallies[at];
    let count = match tally.failed.len() {
        0 => tally.passed.to_string(),
        failed => format!("**{failed} failed**"),
    };
    let marks = REMARKS.iter().filter(|remark| (remark.of)(cell)).map(|remark| remark.mark);
    std::iter::once(count.as_str()).chain(marks).collect::<Vec<_>>().join(" ")
}

/// Prints it whether or not the output of passing tests is shown; `cargo xtask test` shows lines that begin like these.
pub(super) fn show(rows: &[String], passed: usize, cells: usize) {
    let mut shown = format!("\nmatrix: {passed} calls passed in {cells} cells\n");
    rows.iter().for_each(|row| shown += &format!("matrix: {row}\n"));
    std::io::stdout().lock().write_all(shown.as_bytes()).unwrap();
}

/// The page must hold what came out; the chore that writes it says so by a variable.
pub(super) fn keep_page(rows: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("docs/conformance.md has a place for the matrix");
    let (held, after) = rest.split_once(END).expect("docs/conformance.md has an end of the matrix");
    let wanted = format!("\n{}\n", rows.join("\n"));
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
    } else {
        assert!(
            held == wanted,
            "the matrix in docs/conformance.md is not what came out; run `cargo xtask conformance`:\n{wanted}"
        );
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::V3 => "3",
        })
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unix => "unix socket",
            Self::Tcp => "TCP",
            Self::AutoMtls => "AutoMTLS",
            Self::Multiplexed => "multiplexed",
            Self::Memory => "in memory",
        })
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "our host, our plugin",
            Self::GoHost => "Go host, our plugin",
            Self::GoPlugin => "our host, Go plugin",
        })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, version {}, {}", self.ends, self.version, self.column)
    }
}
