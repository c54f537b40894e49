//! Names of rows that stay the same when a query is asked again, as sharing a link and paging need.
//!
//! `<nanoseconds>_<hash of line and labels>`, and for equal rows `_1`, `_2` … behind, as Loki's data source does. It
//! deliberately depends on nothing but the row.

use std::collections::HashMap;

/// Gives names, and tells equal rows apart.
#[derive(Debug, Default)]
pub(super) struct Ids {
    given: HashMap<(i64, u32), u32>,
}

impl Ids {
    pub(super) fn of(&mut self, at: i64, line: &[u8], labels: &str) -> String {
        let hash = fnv32(line, labels.as_bytes());
        let count = self.given.entry((at, hash)).or_insert(0);
        let id = match *count {
            0 => format!("{at}_{hash:x}"),
            again => format!("{at}_{hash:x}_{again}"),
        };
        *count += 1;
        id
    }
}

/// FNV-1a of 32 bits over line, `_`, labels.
pub(crate) fn fnv32(line: &[u8], labels: &[u8]) -> u32 {
    let bytes = line.iter().chain(b"_").chain(labels);
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
