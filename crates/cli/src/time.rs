//! Times and lengths of time as people write them for Grafana.
//!
//! It deliberately knows UTC alone: a command line has no browser's time zone.

pub(crate) mod duration;
pub(crate) mod instant;
pub(crate) mod interval;
