//! Bits into bytes and back, most significant bit first: the floor of the sample codec.
//!
//! It deliberately knows no samples; [`super`] decides what the bits mean.

/// Appends bits to a byte buffer.
#[derive(Debug, Default, Clone)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits still free in the last byte, 0–7.
    free: u32,
}

/// Buffers grow by this much, not by doubling: there is one per series, and half of each would lie empty.
const GROWTH: usize = 64;

impl BitWriter {
    /// Appends the low `count` bits of `value`; `count` is at most 64.
    pub(super) fn put(&mut self, value: u64, count: u32) {
        let mut left = count.min(64);
        while left > 0 {
            if self.free == 0 {
                self.grow();
            }
            let now = left.min(self.free);
            let part = (value >> (left - now)) & ((1 << now) - 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= (part << (self.free - now)) as u8;
            }
            self.free -= now;
            left -= now;
        }
    }

    fn grow(&mut self) {
        if self.bytes.len() == self.bytes.capacity() {
            self.bytes.reserve_exact(GROWTH);
        }
        self.bytes.push(0);
        self.free = 8;
    }

    /// A length (6 bits) and that many bits: any number, small ones short.
    pub(super) fn put_number(&mut self, value: u64) {
        let length = 64 - value.leading_zeros();
        // 64 itself doesn't fit six bits; it stands as 63 with one bit more than 63 says.
        let written = length.min(63);
        self.put(u64::from(written), 6);
        self.put(value, if written == 63 { 64 } else { written });
    }

    /// Elias gamma: as many zeros as the number has bits after its first, then the number. `value` is at least 1.
    pub(super) fn put_count(&mut self, value: u64) {
        let extra = 63 - value.max(1).leading_zeros();
        self.put(0, extra);
        self.put(value.max(1), extra + 1);
    }

    /// The bytes so far; unused bits of the last one are zero.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Hands the bytes out and begins anew.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.free = 0;
        std::mem::take(&mut self.bytes)
    }
}

/// Reads bits from bytes; `None` at their end.
#[derive(Debug, Clone)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next `count` bits; `count` is at most 64.
    pub(super) fn take(&mut self, count: u32) -> Option<u64> {
        if count > 56 {
            let high = self.take(count - 32)?;
            return Some(high << 32 | self.take(32)?);
        }
        let value = self.peek() >> (63 - count) >> 1;
        self.advance(count)?;
        Some(value)
    }

    /// At least the next 57 bits, at the top; zeros follow the end.
    fn peek(&self) -> u64 {
        let byte = self.at / 8;
        let mut word = [0; 8];
        match self.bytes.get(byte..byte + 8) {
            Some(eight) => word.copy_from_slice(eight),
            None => {
                for (to, from) in word.iter_mut().zip(self.bytes.get(byte..).unwrap_or_default()) {
                    *to = *from;
                }
            }
        }
        u64::from_be_bytes(word) << (self.at % 8)
    }

    fn advance(&mut self, count: u32) -> Option<()> {
        let next = self.at + count as usize;
        (next <= self.bytes.len() * 8).then(|| self.at = next)
    }

    /// How many of the next bits are ones, at most `limit` (under 57); the zero that ends fewer is consumed too.
    pub(super) fn take_ones(&mut self, limit: u32) -> Option<u32> {
        let ones = (!self.peek()).leading_zeros().min(limit);
        self.advance(if ones < limit { ones + 1 } else { limit })?;
        Some(ones)
    }

    /// What [`BitWriter::put_number`] wrote.
    pub(super) fn take_number(&mut self) -> Option<u64> {
        let length = self.take(6)? as u32;
        self.take(if length == 63 { 64 } else { length })
    }

    /// What [`BitWriter::put_count`] wrote.
    pub(super) fn take_count(&mut self) -> Option<u64> {
        let extra = self.peek().leading_zeros();
        if extra > 40 {
            return None;
        }
        self.advance(extra)?;
        self.take(extra + 1)
    }
}
