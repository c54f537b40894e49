//! Arrow file to frame.

use super::buffers::BatchBuffers;
use super::file::{Batch, Footer, damaged};
use super::schema::{Layout, read_schema};
use crate::{DecodeLimits, Frame, FrameError};

/// Decodes a frame. Every record batch adds its rows.
///
/// Unknown metadata are ignored, names may be missing, texts that aren't UTF-8 get U+FFFD for each byte that
/// doesn't fit. Timestamps count as nanoseconds whatever unit the file declares, as they do for servers.
///
/// # Errors
/// Damaged files, column types that frames don't have, and limits reached. Lengths that lie give an error and no
/// allocation: decoded columns together may not exceed [`DecodeLimits::bytes`].
pub fn read(bytes: &[u8], limits: &DecodeLimits) -> Result<Frame, FrameError> {
    DecodeLimits::check("bytes of a frame", bytes.len(), limits.bytes)?;
    let found = Footer::find(bytes)?;
    let footer = found.parse()?;
    let schema = footer.schema().ok_or_else(|| damaged("the footer has no schema"))?;
    let fields = schema.fields().map_or(0, |fields| fields.len());
    DecodeLimits::check("fields of a frame", fields, limits.fields)?;

    let (mut frame, layouts) = read_schema(schema, found.mended)?;
    let mut budget = *limits;
    for block in footer.recordBatches().into_iter().flatten() {
        let batch = Batch::at(bytes, block)?;
        read_batch(&mut frame, &layouts, &batch, &mut budget, limits)?;
    }
    Ok(frame)
}

/// Decodes a file and adds its rows to a frame, as the chunks of a streamed answer want it. Name, labels and so
/// on of the file are left out.
///
/// # Errors
/// As [`read`], and [`FrameError::Append`] if the columns differ. The frame stays as it was then.
pub fn append(frame: &mut Frame, bytes: &[u8], limits: &DecodeLimits) -> Result<(), FrameError> {
    let rows = read(bytes, limits)?;
    DecodeLimits::check("rows of a frame", frame.rows()?.saturating_add(rows.rows()?), limits.rows)?;
    frame.append(rows)
}

fn read_batch(
    frame: &mut Frame,
    layouts: &[Layout],
    batch: &Batch<'_>,
    budget: &mut DecodeLimits,
    limits: &DecodeLimits,
) -> Result<(), FrameError> {
    let header = batch.parse()?;
    if header.compression().is_some() {
        return Err(damaged("found a compressed record batch, expected an uncompressed one"));
    }
    let rows = usize::try_from(header.length())
        .map_err(|_| damaged(format!("found a record batch of {} rows", header.length())))?;
    budget.rows = budget.rows.checked_sub(rows).ok_or(FrameError::Limit {
        what: "rows of a frame",
        found: limits.rows.saturating_sub(budget.rows).saturating_add(rows),
        limit: limits.rows,
    })?;

    let mut buffers = BatchBuffers::new(&header, batch.body, rows, budget);
    for (index, (field, layout)) in frame.fields.iter_mut().zip(layouts).enumerate() {
        buffers.read_column(*layout, &mut field.values).map_err(|problem| match problem {
            Problem::Damaged(found) => damaged(format!("field {index} ({:?}): {found}", field.name)),
            Problem::TooLarge(found) => {
                FrameError::Limit { what: "decoded bytes of a frame", found, limit: limits.bytes }
            }
        })?;
    }
    buffers.finish().map_err(|found| damaged(found.to_owned()))
}

/// What is wrong with one column.
#[derive(Debug)]
pub(super) enum Problem {
    /// Its buffers don't fit its type or the file.
    Damaged(String),
    /// The limit of decoded bytes is reached, with so many asked for.
    TooLarge(usize),
}

impl From<&str> for Problem {
    fn from(found: &str) -> Self {
        Self::Damaged(found.to_owned())
    }
}
