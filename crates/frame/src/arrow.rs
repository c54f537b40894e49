//! Frames as Arrow IPC files: the step *encode*, and its mirror.
//!
//! A file holds the schema (types as Arrow types; name, refId and meta as metadata of the schema; labels and config
//! as metadata of the fields) and at most one record batch: none if there are no rows. Readers take any number.
//! Nothing is compressed, nothing dictionary-encoded.
//!
//! [`write()`] copies column memory once into one segment. [`write_owned`] moves the memory of each column buffer
//! of [`LARGE`] bytes or more into a segment of its own; headers and small buffers stand between them.
//!
//! The headers are FlatBuffers through arrow-ipc's generated code; the buffers are our own columns. arrow-ipc's
//! file reader and writer are deliberately not used: the writer can't keep column memory apart from headers, and
//! the reader trusts lengths that a damaged or hostile file may lie about.

mod buffers;
mod file;
#[cfg(feature = "arrow-interop")]
pub mod interop;
mod read;
mod schema;
mod segments;
mod write;

pub use read::{append, read};
pub use segments::LARGE;
pub use write::{write, write_owned};

/// The first and the last bytes of a file.
const MAGIC: &[u8; 6] = b"ARROW1";
/// What stands before the length of a message.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Messages and buffers begin at multiples of this.
const ALIGNMENT: usize = 8;
/// The metadata keys.
const NAME: &str = "name";
const REF_ID: &str = "refId";
const META: &str = "meta";
const LABELS: &str = "labels";
const CONFIG: &str = "config";
const FRONT_END_TYPE: &str = "tstype";

#[cfg(test)]
mod tests;
