//! Packed bits, lowest bit first: the storage of bool columns and of validity, exactly as Arrow lays it out.
//!
//! It deliberately has no offset: a run of bits always starts at bit 0 of its first byte.

/// A growable run of bits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    pub(crate) fn with_capacity(bits: usize) -> Self {
        Self { bytes: Vec::with_capacity(bits.div_ceil(8)), len: 0 }
    }

    /// So many bits of one value.
    pub(crate) fn repeat(bit: bool, len: usize) -> Self {
        let mut bits = Self { bytes: vec![if bit { 0xff } else { 0 }; len.div_ceil(8)], len };
        bits.clear_tail();
        bits
    }

    /// The first `len` bits of packed bytes; bytes that are missing count as zeros.
    pub(crate) fn from_packed(packed: &[u8], len: usize) -> Self {
        let wanted = len.div_ceil(8);
        let mut bytes = packed.get(..wanted).unwrap_or(packed).to_vec();
        bytes.resize(wanted, 0);
        let mut bits = Self { bytes, len };
        bits.clear_tail();
        bits
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, bit: bool) {
        let shift = self.len % 8;
        if shift == 0 {
            self.bytes.push(0);
        }
        if bit && let Some(last) = self.bytes.last_mut() {
            *last |= 1 << shift;
        }
        self.len += 1;
    }

    pub(crate) fn get(&self, index: usize) -> Option<bool> {
        if index >= self.len {
            return None;
        }
        self.bytes.get(index / 8).map(|byte| byte >> (index % 8) & 1 == 1)
    }

    pub(crate) fn append(&mut self, other: &Self) {
        if self.len.is_multiple_of(8) {
            self.bytes.extend_from_slice(&other.bytes);
            self.len += other.len;
            return;
        }
        for index in 0..other.len {
            self.push(other.get(index).unwrap_or_default());
        }
    }

    pub(crate) fn count_zeros(&self) -> usize {
        let ones: usize = self.bytes.iter().map(|byte| byte.count_ones() as usize).sum();
        self.len.saturating_sub(ones)
    }

    pub(crate) fn set(&mut self, index: usize, bit: bool) {
        if index < self.len
            && let Some(byte) = self.bytes.get_mut(index / 8)
        {
            let mask = 1 << (index % 8);
            *byte = if bit { *byte | mask } else { *byte & !mask };
        }
    }

    /// Clears the bits that are clear in another run of the same length.
    pub(crate) fn retain(&mut self, other: &Self) {
        for (byte, mask) in self.bytes.iter_mut().zip(&other.bytes) {
            *byte &= mask;
        }
    }

    /// The packed bytes; bits past the end are zero.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn clear_tail(&mut self) {
        let used = self.len % 8;
        if used != 0
            && let Some(last) = self.bytes.last_mut()
        {
            *last &= (1 << used) - 1;
        }
    }
}
