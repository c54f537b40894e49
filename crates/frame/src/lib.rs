#![doc = include_str!("../README.md")]
//!
//! In the life of a query this crate is the step *encode* (frame to [`EncodedFrame`]) and, on the host's side, its
//! mirror. It deliberately knows no protocol version and does no I/O.

#[cfg(target_endian = "big")]
compile_error!("column memory is handed to Arrow files as it stands, which needs a little-endian machine");

pub mod arrow;
mod cell;
pub mod chunks;
mod column;
mod config;
pub mod contract;
pub mod csv;
mod error;
mod frame;
pub mod json;
mod json_text;
mod kind;
mod labels;
mod lenient;
mod limits;
pub mod live;
mod meta;
pub mod response;
pub mod shape;
pub mod table;
mod timestamp;
mod values;

pub use column::{Column, Element, EnumIndex};
pub use config::{
    DataLink, EnumConfig, FieldConfig, FieldTypeConfig, InternalLink, LinkTimeRange, LinkTransformation,
    MappingResult, SpecialValue, Threshold, Thresholds, ThresholdsMode, ValueMapping,
};
pub use error::FrameError;
pub use frame::{Field, Frame};
pub use graftwire_model::{EncodedFrame, FrameFormat};
pub use json_text::Json;
pub use kind::{FrameKind, FrameType, FrameTypeVersion};
pub use labels::{FieldLabels, Fingerprint};
pub use limits::DecodeLimits;
pub use meta::{FrameMeta, InspectTab, Notice, NoticeSeverity, QueryStat};
pub use timestamp::Timestamp;
pub use values::{ValueType, Values};
