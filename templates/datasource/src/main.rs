//! The data source's executable, `gpx_example_wave`.
//!
//! Everything stands in the library, where tests reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    example_wave::plugin().build_info(graftwire_sdk::build_info!()).serve()
}
