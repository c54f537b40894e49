//! The logs data source's executable, `gpx_graftwire_logs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    graftwire_logs::source::plugin().serve()
}
