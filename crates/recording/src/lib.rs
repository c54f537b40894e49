#![doc = include_str!("../README.md")]
//!
//! It deliberately starts no process: callers bring a connection to a plugin, and a listener for a host.

mod compare;
mod format;
mod messages;
mod passage;
mod readable;
mod reader;
mod recorder;
mod replay;
mod schema;
mod secrets;
mod writer;

pub use compare::{Difference, Ignored, IgnoredError};
pub use format::{About, FORMAT_VERSION};
pub use passage::Passage;
pub use reader::{End, ReadError, RecordedCall, RecordedMessage, Recording};
pub use recorder::{Recorder, RecorderError};
pub use replay::{CallResult, ReplayOptions, Verdict, replay};
pub use writer::Limits;
