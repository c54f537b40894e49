//! The contract of `docs/conformance.md` over this SDK: the plugin that `cargo xtask conformance` runs its checks against,
//! and our end of the interop matrix.
//!
//! With `GRAFTWIRE_TCP` in its environment it listens on TCP. It deliberately does nothing but serve: what it answers
//! stands in `peer`.

#![allow(clippy::panic, clippy::print_stdout)]
// An index into JSON does not panic: what is not there is null.
#![allow(clippy::indexing_slicing)]

use std::process::ExitCode;

mod peer;

fn main() -> ExitCode {
    let plugin = peer::plugin();
    let tcp = std::env::var_os("GRAFTWIRE_TCP").is_some();
    if tcp { plugin.listen_on_tcp().serve() } else { plugin.serve() }
}
