//! The bench plugin as a process. What it answers stands in the library; here is nothing but its start.

use std::process::ExitCode;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    graftwire_bench_plugin::plugin().serve()
}
