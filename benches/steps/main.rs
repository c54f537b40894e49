//! Criterion benches: one file per step of the life of a query, named as the step, and whole calls.
//!
//! | file | step | measured |
//! |---|---|---|
//! | `handshake` | handshake | plugin: offer read, version chosen, line written; host: the same mirrored |
//! | `decode` | decode | message bytes to wire type: the request in the plugin, the answer in the host |
//! | `adapt_in` | adapt in | wire type to model: the request in the plugin, the answer in the host |
//! | `dispatch` | dispatch | dispatcher with a handler that does nothing |
//! | `frame` | frame | rows to columns |
//! | `encode_arrow`, `encode_json` | encode | frame to bytes, frame given up as in a plugin |
//! | `decode_arrow`, `decode_json` | encode, mirrored | bytes to frame |
//! | `adapt_out` | adapt out | model to message bytes: the answer in the plugin, the request in the host |
//! | `log` | | one log line with the fields of a call |
//! | `app` | all | whole calls to an app's API group, in memory and over sockets |
//! | `calls` | all | whole calls in memory, over sockets, and to a process |
//!
//! The benches ask one thing each; comparisons with other implementations are `cargo xtask bench`'s work.

#![allow(missing_docs, reason = "criterion's macros make functions without docs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod adapt_in;
mod adapt_out;
mod app;
mod calls;
mod decode;
mod decode_arrow;
mod decode_json;
mod dispatch;
mod encode_arrow;
mod encode_json;
mod frame;
mod handshake;
mod log;
mod pace;

use std::process::ExitCode;

use criterion::{Criterion, criterion_group};
use graftwire_protocol::handshake::COOKIE_KEY;

criterion_group!(
    steps,
    handshake::bench,
    decode::bench,
    adapt_in::bench,
    dispatch::bench,
    frame::bench,
    encode_arrow::bench,
    encode_json::bench,
    adapt_out::bench,
    decode_arrow::bench,
    decode_json::bench,
    log::bench,
    app::bench,
    calls::bench,
);

/// The benches, or the plugin that they call: [`calls`] starts this executable again as its plugin.
fn main() -> ExitCode {
    if std::env::var_os(COOKIE_KEY).is_some() {
        return graftwire_bench_plugin::plugin().serve();
    }
    steps();
    Criterion::default().configure_from_args().final_summary();
    ExitCode::SUCCESS
}
