//! A file of checked pages beneath the database: every 4 KiB carries its CRC-32.
//!
//! redb checks its pages only when it repairs a file; otherwise a flipped bit in a tree page makes it panic, and
//! builds that abort on panic would lose the process again and again. Here a damaged page is an I/O error that names
//! the page. The checksum covers the page's number too, so a page written to the wrong place is damage as well, and
//! so is a page of zeros, which is what a power cut often leaves.
//!
//! Page 0 deliberately has no checksum: it is redb's header, which is overwritten in place and guards itself so that a
//! torn write of it is harmless.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use redb::StorageBackend;

use super::volume::RawFile;

/// The database's page size, and what a checksum covers.
const PAGE: usize = 4096;
/// A page with its checksum, as it lies in the file.
const STORED: usize = PAGE + 4;

/// A damaged page.
#[derive(Debug, thiserror::Error)]
#[error("page {page} doesn't match its checksum")]
pub(super) struct DamagedPage {
    page: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct PagedFile {
    file: Arc<dyn RawFile>,
}

impl PagedFile {
    pub(super) fn new(file: Arc<dyn RawFile>) -> Self {
        Self { file }
    }

    /// Reads whole pages from `first` on, checked.
    fn read_pages(&self, first: u64, out: &mut [u8]) -> io::Result<()> {
        let mut stored = vec![0; out.len() / PAGE * STORED];
        self.file.read_at(&mut stored, first * STORED as u64)?;
        for (page, (from, to)) in (first..).zip(stored.chunks_exact(STORED).zip(out.chunks_exact_mut(PAGE))) {
            let (bytes, sum) = from.split_at(PAGE);
            if page != 0 && sum != checksum(page, bytes) {
                return Err(io::Error::new(ErrorKind::InvalidData, DamagedPage { page }));
            }
            to.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn write_pages(&self, first: u64, bytes: &[u8]) -> io::Result<()> {
        let mut stored = Vec::with_capacity(bytes.len() / PAGE * STORED);
        for (page, bytes) in (first..).zip(bytes.chunks_exact(PAGE)) {
            stored.extend_from_slice(bytes);
            stored.extend_from_slice(&checksum(page, bytes));
        }
        self.file.write_at(&stored, first * STORED as u64)
    }

    /// The page as it is, for a write to a part of it; zeros where nothing was written yet.
    fn page_to_change(&self, page: u64) -> io::Result<[u8; PAGE]> {
        let mut bytes = [0; PAGE];
        match self.read_pages(page, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::InvalidData && self.is_unwritten(page)? => Ok([0; PAGE]),
            Err(error) => Err(error),
        }
    }

    fn is_unwritten(&self, page: u64) -> io::Result<bool> {
        let mut stored = [0; STORED];
        self.file.read_at(&mut stored, page * STORED as u64)?;
        Ok(stored.iter().all(|byte| *byte == 0))
    }
}

fn checksum(page: u64, bytes: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&page.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize().to_le_bytes()
}

impl StorageBackend for PagedFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.len()? / STORED as u64 * PAGE as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (page, within) = (offset / PAGE as u64, (offset % PAGE as u64) as usize);
        if within == 0 && out.len().is_multiple_of(PAGE) {
            return self.read_pages(page, out);
        }
        let mut whole = vec![0; (within + out.len()).next_multiple_of(PAGE)];
        self.read_pages(page, &mut whole)?;
        let wanted = whole.get(within..within + out.len()).ok_or(ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(wanted);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len.div_ceil(PAGE as u64) * STORED as u64)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (mut page, mut within) = (offset / PAGE as u64, (offset % PAGE as u64) as usize);
        if within == 0 && data.len().is_multiple_of(PAGE) {
            return self.write_pages(page, data);
        }
        let mut rest = data;
        while !rest.is_empty() {
            let (part, later) = rest.split_at(rest.len().min(PAGE - within));
            let mut bytes = self.page_to_change(page)?;
            bytes.get_mut(within..within + part.len()).ok_or(ErrorKind::UnexpectedEof)?.copy_from_slice(part);
            self.write_pages(page, &bytes)?;
            (page, within, rest) = (page + 1, 0, later);
        }
        Ok(())
    }
}
