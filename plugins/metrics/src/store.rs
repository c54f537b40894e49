//! tmp
mod block;
mod codec;
mod disk;
mod error;
mod metadata;
mod paged;
#[cfg(test)]
mod testing;
mod varint;
mod volume;
pub use error::StoreError;
