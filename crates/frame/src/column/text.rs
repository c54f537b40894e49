//! Texts end to end in one piece of memory with 32-bit offsets: the storage of string and JSON columns, laid out
//! as Arrow's `Utf8` and `Binary`.
//!
//! It deliberately never fails on push: a column that outgrows 32-bit offsets remembers it, and the encoders
//! refuse it.

/// A growable list of texts.
#[derive(Debug, Clone)]
pub struct Texts {
    /// One more than there are texts; starts with 0.
    offsets: Vec<i32>,
    bytes: String,
    overflowed: bool,
}

impl Default for Texts {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Texts {
    pub(crate) fn with_capacity(texts: usize) -> Self {
        let mut offsets = Vec::with_capacity(texts.saturating_add(1));
        offsets.push(0);
        Self { offsets, bytes: String::new(), overflowed: false }
    }

    pub(crate) fn reserve_bytes(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    pub(crate) fn push(&mut self, text: &str) {
        match i32::try_from(self.bytes.len().saturating_add(text.len())) {
            Ok(end) => {
                self.bytes.push_str(text);
                self.offsets.push(end);
            }
            Err(_) => {
                self.overflowed = true;
                self.offsets.push(self.offsets.last().copied().unwrap_or_default());
            }
        }
    }

    /// Adds a text that may not be UTF-8: each byte that doesn't fit becomes U+FFFD, as in Go.
    pub(crate) fn push_bytes(&mut self, text: &[u8]) {
        match str::from_utf8(text) {
            Ok(text) => self.push(text),
            Err(_) => self.push(&replace_invalid(text)),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let start = usize::try_from(*self.offsets.get(index)?).ok()?;
        let end = usize::try_from(*self.offsets.get(index.checked_add(1)?)?).ok()?;
        self.bytes.get(start..end)
    }

    pub(crate) fn append(&mut self, other: &Self) {
        self.offsets.reserve(other.len());
        self.bytes.reserve(other.bytes.len());
        for index in 0..other.len() {
            self.push(other.get(index).unwrap_or_default());
        }
        self.overflowed |= other.overflowed;
    }

    /// Whether texts were lost because the whole passed 2 GiB.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(crate) fn offsets(&self) -> &[i32] {
        &self.offsets
    }

    pub(crate) fn bytes(&self) -> &str {
        &self.bytes
    }

    pub(crate) fn into_parts(self) -> (Vec<i32>, String) {
        (self.offsets, self.bytes)
    }
}

/// The text with U+FFFD for each byte that doesn't belong to valid UTF-8.
pub(crate) fn replace_invalid(text: &[u8]) -> String {
    let mut valid = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        valid.push_str(chunk.valid());
        valid.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    valid
}
