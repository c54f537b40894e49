//! The outline of an Arrow file: footer, schema, record batches. Every length and offset is checked here before
//! anything is read through it.

use std::borrow::Cow;

use arrow_buffer::Buffer;
use arrow_ipc as ipc;
use flatbuffers::VerifierOptions;

use super::{CONTINUATION, MAGIC};
use crate::FrameError;

/// The end of a file: the footer's length and the magic bytes.
const TAIL: usize = 4 + MAGIC.len();

/// A footer, copied to where FlatBuffers may read it: their parser wants aligned memory, and a frame stands
/// anywhere within a message.
///
/// Plugins in Go can send names and labels that aren't UTF-8, which FlatBuffers in Rust refuse. Such a footer is
/// *mended*: each byte that doesn't fit is overwritten with a placeholder, and [`Mended::text`] puts U+FFFD there.
#[derive(Debug)]
pub(super) struct Footer {
    bytes: Buffer,
    pub(super) mended: Mended,
}

/// Whether placeholders stand in the texts of a footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mended(bool);

impl Mended {
    /// A control character that JSON never holds raw, and names hardly ever.
    const PLACEHOLDER: u8 = 0x1a;
    /// The most texts that are mended; each costs a look through the whole footer.
    const MOST_TEXTS: usize = 256;

    /// A text of the footer with its placeholders replaced.
    pub(super) fn text(self, text: &str) -> Cow<'_, str> {
        let placeholder = char::from(Self::PLACEHOLDER);
        if self.0 && text.contains(placeholder) {
            text.replace(placeholder, "\u{fffd}").into()
        } else {
            text.into()
        }
    }
}

impl Footer {
    pub(super) fn find(file: &[u8]) -> Result<Self, FrameError> {
        if !file.starts_with(MAGIC) || !file.ends_with(MAGIC) {
            let start = file.get(..MAGIC.len()).unwrap_or(file);
            return Err(damaged(format!(
                "found {} bytes starting with \"{}\", expected them to start and end with \"ARROW1\"",
                file.len(),
                start.escape_ascii(),
            )));
        }
        let end = file.len().checked_sub(TAIL).filter(|end| *end >= MAGIC.len());
        let footer = end.and_then(|end| {
            let length = usize::try_from(int_at(file, end)?).ok()?;
            file.get(end.checked_sub(length)?..end)
        });
        match footer {
            Some(bytes) => Ok(Self::mend(bytes)),
            None => Err(damaged("the footer's length lies outside of the file")),
        }
    }

    fn mend(bytes: &[u8]) -> Self {
        let mut footer = Self { bytes: Buffer::from_slice_ref(bytes), mended: Mended(false) };
        let mut mended = Vec::new();
        for _ in 0..Mended::MOST_TEXTS {
            let verified = ipc::root_as_footer_with_opts(&verifier(footer.bytes.len()), &footer.bytes);
            let Err(flatbuffers::InvalidFlatbuffer::Utf8Error { range, .. }) = verified else { break };
            if mended.is_empty() {
                mended = bytes.to_vec();
            }
            let Some(text) = mended.get_mut(range) else { break };
            let replaced: Vec<u8> = text.utf8_chunks().flat_map(with_placeholders).collect();
            text.copy_from_slice(&replaced);
            footer = Self { bytes: Buffer::from_slice_ref(&mended), mended: Mended(true) };
        }
        footer
    }

    pub(super) fn parse(&self) -> Result<ipc::Footer<'_>, FrameError> {
        ipc::root_as_footer_with_opts(&verifier(self.bytes.len()), &self.bytes)
            .map_err(|cause| damaged(format!("damaged footer: {}", one_line(&cause))))
    }
}

fn with_placeholders(chunk: std::str::Utf8Chunk<'_>) -> impl Iterator<Item = u8> {
    let placeholders = std::iter::repeat_n(Mended::PLACEHOLDER, chunk.invalid().len());
    chunk.valid().bytes().chain(placeholders)
}

/// A record batch: its header, copied as [`Footer`] is, and its body within the file.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    header: Buffer,
    pub(super) body: &'a [u8],
}

impl<'a> Batch<'a> {
    /// The batch that a block of the footer points to.
    pub(super) fn at(file: &'a [u8], block: &ipc::Block) -> Result<Self, FrameError> {
        let found = || {
            let start = usize::try_from(block.offset()).ok()?;
            let header_end = start.checked_add(usize::try_from(block.metaDataLength()).ok()?)?;
            let body_end = header_end.checked_add(usize::try_from(block.bodyLength()).ok()?)?;
            let header = file.get(start..header_end)?;
            // Files from before version 0.15 lack the continuation bytes.
            let prefixed = header.strip_prefix(&CONTINUATION).unwrap_or(header);
            let length = usize::try_from(int_at(prefixed, 0)?).ok()?;
            let message = prefixed.get(4..length.checked_add(4)?)?;
            Some(Self { header: Buffer::from_slice_ref(message), body: file.get(header_end..body_end)? })
        };
        found().ok_or_else(|| damaged("a record batch lies outside of the file"))
    }

    pub(super) fn parse(&self) -> Result<ipc::RecordBatch<'_>, FrameError> {
        let message = ipc::root_as_message_with_opts(&verifier(self.header.len()), &self.header)
            .map_err(|cause| damaged(format!("damaged record batch: {}", one_line(&cause))))?;
        message.header_as_record_batch().ok_or_else(|| {
            let found = message.header_type().variant_name().unwrap_or("an unknown message");
            damaged(format!("found {found}, expected a record batch"))
        })
    }
}

pub(super) fn damaged(found: impl Into<String>) -> FrameError {
    FrameError::Arrow { found: found.into() }
}

/// Headers may hold many small tables, but no table so often that its copies outgrow the file.
fn verifier(bytes: usize) -> VerifierOptions {
    VerifierOptions {
        max_tables: 1 << 20,
        max_apparent_size: bytes.saturating_mul(8).saturating_add(1 << 16),
        ..VerifierOptions::default()
    }
}

fn int_at(bytes: &[u8], at: usize) -> Option<i32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(i32::from_le_bytes)
}

/// The verifier reports over several lines; the first says what is wrong.
fn one_line(cause: &flatbuffers::InvalidFlatbuffer) -> String {
    let text = cause.to_string();
    text.lines().next().unwrap_or_default().trim_end_matches(['.', ':']).to_lowercase()
}
