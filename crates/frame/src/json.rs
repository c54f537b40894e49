//! Frames as JSON: the step *encode* for hosts that ask for it and for everything on Live, and its mirror.
//!
//! ```text
//! {"schema":{"name":…,"refId":…,"meta":…,"fields":[{"name":…,"type":…,"typeInfo":…,"labels":…,"config":…}]},
//!  "data":{"values":[[…],[…]],"entities":[…],"nanos":[…]}}
//! ```
//!
//! What JSON can't hold stands beside the values: NaN and infinities are `null` with their row in `entities`, the
//! nanoseconds of times beyond the millisecond are in `nanos`. Integers are exact to 64 bits, floats as short as
//! they can be for their width.
//!
//! Columns are written and read in one pass over the bytes; deliberately, no tree of the document is ever built.

mod cells;
mod columns;
pub(crate) mod number;
mod read;
mod schema;
pub(crate) mod text;
mod write;

pub use read::{append, read, read_list, read_rows};
pub use write::{write, write_list, write_to};

/// Which parts of a frame are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Include {
    /// Schema and rows.
    #[default]
    All,
    /// The schema alone.
    Schema,
    /// The rows alone, for a reader that has the schema.
    Data,
}

impl Include {
    const fn schema(self) -> bool {
        matches!(self, Self::All | Self::Schema)
    }

    const fn data(self) -> bool {
        matches!(self, Self::All | Self::Data)
    }
}

#[cfg(test)]
mod tests;
