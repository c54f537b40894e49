//! What encoder and decoder both expect of the next sample: they follow the same history, so only the surprise
//! needs bits.
//!
//! All arithmetic wraps: honest values stay far from the limits, and damaged bits must not stop the process. It
//! deliberately has no tokens; [`super`] puts them around.

use super::bits::{BitReader, BitWriter};

/// Powers of ten for the decimal places of [`Form::Decimal`]; up to ten to the 22nd each is exact in a float.
const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Integers up to here are exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Averages forget a sixteenth per sample.
const FORGET: u32 = 4;
/// Fractional bits of the average increase.
const FRACTION: u32 = 6;
/// A quotient of the Rice code from here on is written as a plain number instead.
const LONG_QUOTIENT: u32 = 16;

/// How values are written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As integers: the value times ten to this power.
    Decimal(u8),
    /// As changed bits.
    #[default]
    Bitwise,
}

impl Form {
    /// The form with the fewest decimal places that holds a value exactly.
    pub(super) fn of(value: f64) -> Self {
        (0..POWERS.len() as u8)
            .find(|places| as_decimal(value, *places).is_some())
            .map_or(Self::Bitwise, Self::Decimal)
    }

    pub(super) fn code(self) -> u64 {
        match self {
            Self::Decimal(places) => u64::from(places),
            Self::Bitwise => 15,
        }
    }

    pub(super) fn from_code(code: u64) -> Option<Self> {
        match code {
            0..=9 => Some(Self::Decimal(code as u8)),
            15 => Some(Self::Bitwise),
            _ => None,
        }
    }
}

/// The integer `n` for which `n / 10^places` is this very value, bit for bit.
pub(super) fn as_decimal(value: f64, places: u8) -> Option<i64> {
    let power = POWERS.get(usize::from(places))?;
    let scaled = (value * power).round();
    // A NaN is in no range.
    if !(-EXACT..=EXACT).contains(&scaled) {
        return None;
    }
    let integer = scaled as i64;
    ((integer as f64 / power).to_bits() == value.to_bits()).then_some(integer)
}

/// The history so far.
#[derive(Debug, Default, Clone)]
pub(super) struct Model {
    at: i64,
    step: i64,
    bits: u64,
    form: Form,
    /// Whether `form` has seen a value yet.
    begun: bool,
    /// Whether `scale` has seen a residual yet.
    warm: bool,
    integer: i64,
    /// Average increase, with [`FRACTION`] bits of fraction.
    increase: i64,
    /// What predicting the last value costs on average, and what adding the average increase costs.
    costs: (u64, u64),
    /// Sixteen times the average residual.
    scale: u64,
    /// Leading and trailing zero bits of the last written window of changed bits.
    window: (u32, u32),
}

impl Model {
    pub(super) fn at(&self) -> i64 {
        self.at
    }

    pub(super) fn bits(&self) -> u64 {
        self.bits
    }

    pub(super) fn value(&self) -> f64 {
        f64::from_bits(self.bits)
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// Begins a form: what was learnt about values is forgotten.
    pub(super) fn begin(&mut self, form: Form) {
        *self = Self { at: self.at, step: self.step, bits: 0, form, ..Self::default() };
        self.window = (64, 0);
    }

    // Times.

    pub(super) fn regular_time(&self) -> i64 {
        self.at.wrapping_add(self.step)
    }

    pub(super) fn is_regular(&self, at: i64) -> bool {
        self.regular_time() == at
    }

    pub(super) fn time_residual(&self, at: i64) -> u64 {
        zigzag(at.wrapping_sub(self.regular_time()))
    }

    pub(super) fn time_from_residual(&self, residual: u64) -> i64 {
        self.regular_time().wrapping_add(unzigzag(residual))
    }

    /// Takes note of a sample's time.
    pub(super) fn pass(&mut self, at: i64, is_first: bool) {
        self.step = if is_first { 0 } else { at.wrapping_sub(self.at) };
        self.at = at;
    }

    // Values.

    pub(super) fn put_value(&mut self, out: &mut BitWriter, value: f64) {
        match self.form {
            Form::Decimal(places) => self.put_integer(out, as_decimal(value, places).unwrap_or_default()),
            Form::Bitwise => self.put_changed_bits(out, value.to_bits()),
        }
        self.bits = value.to_bits();
    }

    pub(super) fn take_value(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        self.bits = match self.form {
            Form::Decimal(places) => {
                let integer = self.take_integer(bits)?;
                (integer as f64 / POWERS.get(usize::from(places))?).to_bits()
            }
            Form::Bitwise => self.take_changed_bits(bits)?,
        };
        Some(())
    }

    fn put_integer(&mut self, out: &mut BitWriter, integer: i64) {
        if !self.begun {
            out.put_number(zigzag(integer));
            return self.begin_integers(integer);
        }
        let residual = zigzag(integer.wrapping_sub(self.predict()));
        let k = self.rice_parameter();
        if !self.warm {
            out.put_number(residual);
        } else if residual >> k < u64::from(LONG_QUOTIENT) {
            let quotient = (residual >> k) as u32;
            out.put((1 << (quotient + 1)) - 2, quotient + 1);
            out.put(residual, k);
        } else {
            out.put((1 << LONG_QUOTIENT) - 1, LONG_QUOTIENT);
            out.put_number(residual);
        }
        self.learn(integer, residual);
    }

    fn take_integer(&mut self, bits: &mut BitReader<'_>) -> Option<i64> {
        if !self.begun {
            let integer = unzigzag(bits.take_number()?);
            self.begin_integers(integer);
            return Some(integer);
        }
        let k = self.rice_parameter();
        let residual = if self.warm {
            match bits.take_ones(LONG_QUOTIENT)? {
                LONG_QUOTIENT => bits.take_number()?,
                quotient => u64::from(quotient) << k | bits.take(k)?,
            }
        } else {
            bits.take_number()?
        };
        let integer = self.predict().wrapping_add(unzigzag(residual));
        self.learn(integer, residual);
        Some(integer)
    }

    fn begin_integers(&mut self, integer: i64) {
        self.begun = true;
        self.integer = integer;
    }

    fn predict(&self) -> i64 {
        if self.costs.1 < self.costs.0 {
            self.integer.wrapping_add(self.usual_increase())
        } else {
            self.integer
        }
    }

    fn usual_increase(&self) -> i64 {
        self.increase.wrapping_add(1 << (FRACTION - 1)) >> FRACTION
    }

    fn rice_parameter(&self) -> u32 {
        (self.scale >> FORGET).max(1).ilog2()
    }

    fn learn(&mut self, integer: i64, residual: u64) {
        let increase = integer.wrapping_sub(self.integer);
        let beside = increase.wrapping_sub(self.usual_increase());
        self.costs =
            (forget(self.costs.0, increase.unsigned_abs()), forget(self.costs.1, beside.unsigned_abs()));
        if self.warm {
            let error = (increase << FRACTION).wrapping_sub(self.increase);
            self.increase = self.increase.wrapping_add(error.wrapping_add(1 << (FORGET - 1)) >> FORGET);
            self.scale = forget(self.scale, residual);
        } else {
            self.warm = true;
            self.increase = increase << FRACTION;
            self.scale = residual << FORGET;
        }
        self.integer = integer;
    }

    fn put_changed_bits(&mut self, out: &mut BitWriter, bits: u64) {
        if !self.begun {
            self.begun = true;
            return out.put(bits, 64);
        }
        let changed = bits ^ self.bits;
        let (leading, trailing) = (changed.leading_zeros().min(63), changed.trailing_zeros().min(63));
        if leading >= self.window.0 && trailing >= self.window.1 {
            out.put(0, 1);
        } else {
            self.window = (leading, trailing.min(63 - leading));
            out.put(1, 1);
            out.put(u64::from(self.window.0), 6);
            out.put(u64::from(self.window.1), 6);
        }
        out.put(changed >> self.window.1, 64 - self.window.0 - self.window.1);
    }

    fn take_changed_bits(&mut self, bits: &mut BitReader<'_>) -> Option<u64> {
        if !self.begun {
            self.begun = true;
            return bits.take(64);
        }
        if bits.take(1)? == 1 {
            self.window = (bits.take(6)? as u32, bits.take(6)? as u32);
        }
        let width = 64_u32.checked_sub(self.window.0 + self.window.1).filter(|width| *width > 0)?;
        Some(self.bits ^ bits.take(width)? << self.window.1)
    }
}

fn forget(average: u64, next: u64) -> u64 {
    average.wrapping_sub(average >> FORGET).wrapping_add(next)
}

/// Small numbers of either sign become small numbers.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
