//! One column: values of one type, and which of them are null.
//!
//! The memory is laid out as Arrow wants it (fixed-width numbers in one vector, texts end to end with offsets,
//! bools and validity as bits), so that encoding is a copy or a move, never a conversion. It deliberately knows
//! no names, labels or config: those belong to the [`Field`](crate::Field).

mod bits;
mod element;
mod memory;
mod text;

pub use element::{Element, EnumIndex};

pub(crate) use bits::Bits;
pub(crate) use memory::Memory;
pub(crate) use text::{Texts, replace_invalid};

/// A growable column of one [`Element`] type.
///
/// A column is *nullable* or not, and that is part of its type whether or not it holds a null: Grafana
/// knows `int64` and nullable `int64` as two field types. Pushing a null makes a plain column nullable.
///
/// Equality is that of the data: type, nullability, nulls and values; floats compare by their bits, except that
/// every NaN equals every other. What lies under a null doesn't count.
#[derive(Debug, Clone)]
pub struct Column<T: Element> {
    store: T::Store,
    /// Present = nullable; a set bit = there is a value.
    validity: Option<Bits>,
}

impl<T: Element> Column<T> {
    /// An empty column that is not nullable.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty nullable column.
    #[must_use]
    pub fn nullable() -> Self {
        Self::with_capacity(0).into_nullable()
    }

    /// An empty column that is not nullable, with room for some rows.
    #[must_use]
    pub fn with_capacity(rows: usize) -> Self {
        Self { store: T::with_capacity(rows), validity: None }
    }

    /// The same column as a nullable one.
    #[must_use]
    pub fn into_nullable(mut self) -> Self {
        self.make_nullable();
        self
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        T::len(&self.store)
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether nulls are allowed.
    #[must_use]
    pub const fn is_nullable(&self) -> bool {
        self.validity.is_some()
    }

    /// How many rows are null.
    #[must_use]
    pub fn null_count(&self) -> usize {
        self.validity.as_ref().map_or(0, Bits::count_zeros)
    }

    /// Whether there is a row and it is null.
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        self.validity.as_ref().and_then(|bits| bits.get(row)) == Some(false)
    }

    /// The value of a row; `None` if it is null, or past the end.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<T::Ref<'_>> {
        if self.is_null(row) { None } else { T::get(&self.store, row) }
    }

    /// The rows in order, nulls as `None`.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<T::Ref<'_>>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Adds a row.
    pub fn push(&mut self, value: T::Ref<'_>) {
        T::push(&mut self.store, value);
        if let Some(validity) = &mut self.validity {
            validity.push(true);
        }
    }

    /// Adds a null; a plain column becomes nullable.
    pub fn push_null(&mut self) {
        self.make_nullable().push(false);
        T::push_default(&mut self.store);
    }

    /// Adds a value or a null.
    pub fn push_option(&mut self, value: Option<T::Ref<'_>>) {
        match value {
            Some(value) => self.push(value),
            None => self.push_null(),
        }
    }

    /// Adds all rows of another column; if that one is nullable, this one becomes so.
    pub fn append(&mut self, other: Self) {
        if self.validity.is_some() || other.validity.is_some() {
            let added = other.validity.unwrap_or_else(|| Bits::repeat(true, T::len(&other.store)));
            self.make_nullable().append(&added);
        }
        T::append(&mut self.store, other.store);
    }

    /// Adds the element type's zero: 0, the empty text, false, the epoch.
    pub(crate) fn push_zero(&mut self) {
        T::push_default(&mut self.store);
        if let Some(validity) = &mut self.validity {
            validity.push(true);
        }
    }

    pub(crate) fn from_parts(store: T::Store, validity: Option<Bits>) -> Self {
        Self { store, validity }
    }

    #[cfg(feature = "arrow-interop")]
    pub(crate) fn into_parts(self) -> (T::Store, Option<Bits>) {
        (self.store, self.validity)
    }

    pub(crate) fn overflowed(&self) -> bool {
        T::overflowed(&self.store)
    }

    fn make_nullable(&mut self) -> &mut Bits {
        let len = T::len(&self.store);
        self.validity.get_or_insert_with(|| Bits::repeat(true, len))
    }
}

/// Columns whose memory is a plain slice of numbers.
macro_rules! slices {
    ($($native:ident)*) => { $(
        impl Column<$native> {
            /// The values as one slice; what stands at null rows means nothing.
            #[must_use]
            pub fn as_slice(&self) -> &[$native] {
                &self.store
            }
        }
    )* };
}
slices!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

impl<T: Element<Store = Vec<T>>> Column<T> {
    /// Puts a value into a row; `None` if there is no such row.
    pub(crate) fn replace(&mut self, row: usize, value: T) -> Option<()> {
        *self.store.get_mut(row)? = value;
        if let Some(validity) = &mut self.validity {
            validity.set(row, true);
        }
        Some(())
    }
}

impl<T: Element> Default for Column<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Element> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_nullable() == other.is_nullable()
            && self.len() == other.len()
            && self.iter().zip(other.iter()).all(|pair| match pair {
                (Some(left), Some(right)) => T::same(left, right),
                (None, None) => true,
                _ => false,
            })
    }
}

impl<T: Element> Eq for Column<T> {}

impl<T: Element> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Self { store: T::from_vec(values), validity: None }
    }
}

impl<T: Element> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<T>>().into()
    }
}

/// Vectors of options, and vectors of borrowed texts.
macro_rules! from_lent {
    ($($item:ty => $element:ty, $lend:expr;)*) => { $(
        impl FromIterator<Option<$item>> for Column<$element> {
            fn from_iter<I: IntoIterator<Item = Option<$item>>>(values: I) -> Self {
                let values = values.into_iter();
                let mut column = Self::with_capacity(values.size_hint().0);
                column.validity = Some(Bits::with_capacity(values.size_hint().0));
                for value in values {
                    column.push_option(value.as_ref().map($lend));
                }
                column
            }
        }

        impl From<Vec<Option<$item>>> for Column<$element> {
            fn from(values: Vec<Option<$item>>) -> Self {
                values.into_iter().collect()
            }
        }
    )* };
}
from_lent! {
    i8 => i8, |v: &i8| *v;
    i16 => i16, |v: &i16| *v;
    i32 => i32, |v: &i32| *v;
    i64 => i64, |v: &i64| *v;
    u8 => u8, |v: &u8| *v;
    u16 => u16, |v: &u16| *v;
    u32 => u32, |v: &u32| *v;
    u64 => u64, |v: &u64| *v;
    f32 => f32, |v: &f32| *v;
    f64 => f64, |v: &f64| *v;
    bool => bool, |v: &bool| *v;
    crate::Timestamp => crate::Timestamp, |v: &crate::Timestamp| *v;
    EnumIndex => EnumIndex, |v: &EnumIndex| *v;
    String => String, |v: &String| v.as_str();
    crate::Json => crate::Json, |v: &crate::Json| v.as_str();
}

impl<'a> FromIterator<&'a str> for Column<String> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(values: I) -> Self {
        let values = values.into_iter();
        let mut column = Self::with_capacity(values.size_hint().0);
        values.for_each(|value| column.push(value));
        column
    }
}

impl<'a> FromIterator<Option<&'a str>> for Column<String> {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(values: I) -> Self {
        let mut column = Self::nullable();
        values.into_iter().for_each(|value| column.push_option(value));
        column
    }
}

impl From<Vec<&str>> for Column<String> {
    fn from(values: Vec<&str>) -> Self {
        values.into_iter().collect()
    }
}

impl From<Vec<Option<&str>>> for Column<String> {
    fn from(values: Vec<Option<&str>>) -> Self {
        values.into_iter().collect()
    }
}

impl From<Vec<std::time::SystemTime>> for Column<crate::Timestamp> {
    fn from(values: Vec<std::time::SystemTime>) -> Self {
        values.into_iter().map(crate::Timestamp::from).collect()
    }
}

impl From<Vec<Option<std::time::SystemTime>>> for Column<crate::Timestamp> {
    fn from(values: Vec<Option<std::time::SystemTime>>) -> Self {
        values.into_iter().map(|value| value.map(crate::Timestamp::from)).collect()
    }
}

#[cfg(test)]
mod tests;
