//! The `graftwire` program as its users run it: the real executable over files, scripts and the bench plugin.
//!
//! | file | what it proves |
//! |---|---|
//! | `run` | how the program and the bench plugin are started here |
//! | `attach` | plugins that run already, and plugins that are asked for more than they can |
//! | `frames` | every golden frame converts both ways; broken files are told, never a panic |
//! | `calls` | inspect, query, resource, stream, health, metrics and smoke against a real plugin |
//! | `app` | admission, conversion and routes of an app, with and without tokens |
//! | `recordings` | calls are recorded from in between and from here, played back, and a difference is found |
//! | `exit_codes` | each exit code of `--help` comes from the case it names |
//! | `protocol` | the same plugin gives the same series in every version of the protocol |
//! | `workbench` | the API of the workbench, what it refuses, and how it takes the death of a plugin |
//! | `pipes` | closed pipes, terminals, `NO_COLOR`, secrets |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![cfg(unix)]

mod app;
mod attach;
mod calls;
mod exit_codes;
mod frames;
mod pipes;
mod protocol;
mod recordings;
mod run;
mod workbench;
