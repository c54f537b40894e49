//! One list of `data.values` to one column.

use std::str::FromStr;

use super::cells::Cells;
use crate::error::cut;
use crate::{
    Column, DecodeLimits, Element, EnumIndex, Field, FrameError, Json, Timestamp, ValueType, Values,
};

/// Fills an empty field from its list. `nanos` is the field's entry of `data.nanos`, if there is one.
pub(super) fn fill(
    index: usize,
    field: &mut Field,
    list: &str,
    nanos: Option<&str>,
    limits: &DecodeLimits,
) -> Result<(), FrameError> {
    let value_type = field.value_type();
    let source = Source { index, name: &field.name, value_type, list, limit: limits.rows };
    match &mut field.values {
        Values::Int8(column) => source.fill(column, integer),
        Values::Int16(column) => source.fill(column, integer),
        Values::Int32(column) => source.fill(column, integer),
        Values::Int64(column) => source.fill(column, integer),
        Values::Uint8(column) => source.fill(column, integer),
        Values::Uint16(column) => source.fill(column, integer),
        Values::Uint32(column) => source.fill(column, integer),
        Values::Uint64(column) => source.fill(column, integer),
        Values::Enum(column) => source.fill(column, |cell| integer(cell).map(EnumIndex)),
        Values::Float32(column) => source.fill(column, float),
        Values::Float64(column) => source.fill(column, float),
        Values::Bool(column) => source.fill(column, |cell| match cell {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }),
        Values::String(column) => source.fill_texts(column),
        Values::Json(column) => source.fill_json(column),
        Values::Time(column) => source.fill_times(column, nanos),
    }
}

/// Where the cells of a column come from.
struct Source<'a> {
    index: usize,
    name: &'a str,
    value_type: ValueType,
    list: &'a str,
    limit: usize,
}

impl<'a> Source<'a> {
    /// Fills a column whose cells are lent by value.
    fn fill<T>(&self, column: &mut Column<T>, read: impl Fn(&str) -> Option<T>) -> Result<(), FrameError>
    where
        T: for<'x> Element<Ref<'x> = T>,
    {
        self.each(|_, cell| match cell {
            "null" => put_null(column),
            cell => put(column, read(cell)?),
        })
    }

    fn fill_texts(&self, column: &mut Column<String>) -> Result<(), FrameError> {
        self.each(|_, cell| match (cell, quoted(cell)) {
            ("null", _) => put_null(column),
            (_, Some(inside)) if inside.contains('\\') => put(column, &unescape(inside)),
            (_, inside) => put(column, inside?),
        })
    }

    /// A column of JSON that isn't nullable keeps `null` as the JSON value it is.
    fn fill_json(&self, column: &mut Column<Json>) -> Result<(), FrameError> {
        self.each(|_, cell| match cell {
            "null" if column.is_nullable() => put_null(column),
            cell => put(column, cell),
        })
    }

    fn fill_times(&self, column: &mut Column<Timestamp>, nanos: Option<&str>) -> Result<(), FrameError> {
        let mut nanos = match nanos {
            Some(list) => Some(Cells::of(list).ok_or_else(|| self.wrong_nanos(list))?),
            None => None,
        };
        let mut wrong = None;
        self.each(|row, cell| {
            let rest = match nanos.as_mut().and_then(Iterator::next) {
                None | Some("null") => 0,
                Some(rest) => integer(rest).unwrap_or_else(|| {
                    wrong.get_or_insert(row);
                    0
                }),
            };
            match cell {
                "null" => put_null(column),
                cell => put(column, time(cell, rest)?),
            }
        })?;
        match (wrong, nanos.and_then(|mut nanos| nanos.next())) {
            (None, None) => Ok(()),
            (Some(row), _) => Err(self.wrong_nanos(&format!("a wrong entry in row {row}"))),
            (None, Some(_)) => Err(self.wrong_nanos(&format!("more entries than the {} rows", column.len()))),
        }
    }

    /// Runs over the cells; `None` means that the cell can't be the column's type.
    fn each(&self, mut take: impl FnMut(usize, &'a str) -> Option<()>) -> Result<(), FrameError> {
        for (row, cell) in self.cells()?.enumerate() {
            if row >= self.limit {
                return Err(self.too_many());
            }
            take(row, cell).ok_or_else(|| self.wrong(row, cell))?;
        }
        Ok(())
    }

    fn cells(&self) -> Result<Cells<'a>, FrameError> {
        Cells::of(self.list).ok_or_else(|| FrameError::Shape {
            found: format!("data.values[{}]: found {}, expected a list", self.index, cut(self.list)),
        })
    }

    fn wrong(&self, row: usize, cell: &str) -> FrameError {
        FrameError::value(self.index, self.name, row, cell, self.value_type)
    }

    fn wrong_nanos(&self, found: &str) -> FrameError {
        let found = format!("data.nanos[{}]: found {}, expected one integer per row", self.index, cut(found));
        FrameError::Shape { found }
    }

    const fn too_many(&self) -> FrameError {
        FrameError::Limit { what: "rows of a frame", found: self.limit.saturating_add(1), limit: self.limit }
    }
}

/// A null, or the type's zero where the column has no nulls.
fn put_null<T: Element>(column: &mut Column<T>) -> Option<()> {
    if column.is_nullable() {
        column.push_null()
    } else {
        column.push_zero()
    }
    Some(())
}

fn put<T: Element>(column: &mut Column<T>, value: T::Ref<'_>) -> Option<()> {
    column.push(value);
    Some(())
}

/// An integer: a number, a number in quotes, or a float without a fraction such as `1e3`.
fn integer<N: TryFrom<i128> + FromStr>(cell: &str) -> Option<N> {
    let digits = quoted(cell).unwrap_or(cell);
    if let Ok(number) = digits.parse() {
        return Some(number);
    }
    let float: f64 = number(digits)?;
    // Past 2^64 no type of a frame could hold it, and below every whole float is exact as an integer.
    (float.fract() == 0.0 && float.abs() < 18_446_744_073_709_551_616.0).then_some(())?;
    N::try_from(float as i128).ok()
}

/// A float: a number, or a number in quotes.
fn float<F: FromStr + Into<f64> + Copy>(cell: &str) -> Option<F> {
    match quoted(cell) {
        None => number(cell),
        Some(word @ ("NaN" | "Infinity" | "+Infinity" | "-Infinity" | "Inf" | "+Inf" | "-Inf")) => {
            word.parse().ok()
        }
        Some(digits) => number(digits),
    }
}

/// A number that the type can hold. Rust reads words such as `inf` as floats too, and what is too large as
/// infinity.
fn number<F: FromStr + Into<f64> + Copy>(digits: &str) -> Option<F> {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|number: &F| (*number).into().is_finite())
}

/// Milliseconds since the epoch, which may have a fraction, and nanoseconds to add.
fn time(cell: &str, nanos: i64) -> Option<Timestamp> {
    if let Some(millis) = integer(cell) {
        return Some(Timestamp::from_millis_and_nanos(millis, nanos));
    }
    let millis: f64 = float(cell)?;
    let whole = millis.floor();
    let rest = ((millis - whole) * 1e6).round();
    // Casts saturate, as times outside of 64 bits do.
    millis
        .is_finite()
        .then(|| Timestamp::from_millis_and_nanos(whole as i64, nanos.saturating_add(rest as i64)))
}

/// The inside of a string, still escaped.
fn quoted(cell: &str) -> Option<&str> {
    cell.strip_prefix('"')?.strip_suffix('"')
}

/// The text of a string that has escapes. Halves of surrogate pairs become U+FFFD.
fn unescape(inside: &str) -> String {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut after = escape.chars();
        match after.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('u') => {
                let (character, length) = unicode_escape(after.as_str());
                text.push(character);
                rest = after.as_str().get(length..).unwrap_or_default();
                continue;
            }
            Some(other) => text.push(other),
            None => {}
        }
        rest = after.as_str();
    }
    text.push_str(rest);
    text
}

/// The character after `\u`, and how long its escape is from there.
fn unicode_escape(after: &str) -> (char, usize) {
    let unit = |at: usize| u16::from_str_radix(after.get(at..at + 4)?, 16).ok();
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, 4) };
    let second = after.get(4..6).filter(|prefix| *prefix == "\\u").and_then(|_| unit(6));
    match (char::from_u32(u32::from(first)), second) {
        (Some(character), _) => (character, 4),
        (None, Some(second)) => match char::decode_utf16([first, second]).next() {
            Some(Ok(character)) => (character, 10),
            _ => (char::REPLACEMENT_CHARACTER, 4),
        },
        (None, None) => (char::REPLACEMENT_CHARACTER, 4),
    }
}
