//! The fifteen element types a column can have, and how each is stored.
//!
//! It deliberately is sealed: a sixteenth type would need a place in every codec.

use std::fmt::Debug;

use super::bits::Bits;
use super::memory::ToMemory;
use super::text::Texts;
use crate::{Json, Timestamp, ValueType};

/// A type whose values can fill a [`Column`](crate::Column): the integers and floats, `bool`, `String`,
/// [`Timestamp`], [`Json`] and [`EnumIndex`].
pub trait Element: Sealed + Debug + 'static {
    /// How one cell is lent: numbers by value, texts as `&str`.
    type Ref<'a>: Copy + Debug;

    /// The element type's place in the table of types.
    const TYPE: ValueType;
}

/// An index into the texts of [`EnumConfig`](crate::EnumConfig).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EnumIndex(pub u16);

/// What the column needs of an element; private to the crate by being unnameable outside.
pub trait Sealed: Sized {
    #[doc(hidden)]
    type Store: Clone + Debug + Default + ToMemory;

    #[doc(hidden)]
    fn with_capacity(rows: usize) -> Self::Store;
    #[doc(hidden)]
    fn push(store: &mut Self::Store, value: <Self as Element>::Ref<'_>)
    where
        Self: Element;
    #[doc(hidden)]
    fn push_default(store: &mut Self::Store);
    #[doc(hidden)]
    fn len(store: &Self::Store) -> usize;
    #[doc(hidden)]
    fn get(store: &Self::Store, index: usize) -> Option<<Self as Element>::Ref<'_>>
    where
        Self: Element;
    #[doc(hidden)]
    fn append(store: &mut Self::Store, other: Self::Store);
    /// Whether two cells hold the same: floats by bits, except that all NaN are one.
    #[doc(hidden)]
    fn same(left: <Self as Element>::Ref<'_>, right: <Self as Element>::Ref<'_>) -> bool
    where
        Self: Element;
    #[doc(hidden)]
    fn from_vec(values: Vec<Self>) -> Self::Store;
    /// Whether the store lost cells because it outgrew its format.
    #[doc(hidden)]
    fn overflowed(_: &Self::Store) -> bool {
        false
    }
}

/// An element stored as a plain vector of fixed-width numbers.
macro_rules! fixed {
    ($element:ty, $native:ty, $type:ident, $wrap:expr, $unwrap:expr, $same:expr) => {
        impl Element for $element {
            type Ref<'a> = $element;
            const TYPE: ValueType = ValueType::$type;
        }

        impl Sealed for $element {
            type Store = Vec<$native>;

            fn with_capacity(rows: usize) -> Self::Store {
                Vec::with_capacity(rows)
            }
            fn push(store: &mut Self::Store, value: $element) {
                store.push($unwrap(value));
            }
            fn push_default(store: &mut Self::Store) {
                store.push(Default::default());
            }
            fn len(store: &Self::Store) -> usize {
                store.len()
            }
            fn get(store: &Self::Store, index: usize) -> Option<$element> {
                store.get(index).copied().map($wrap)
            }
            fn append(store: &mut Self::Store, mut other: Self::Store) {
                if store.is_empty() {
                    *store = other;
                } else {
                    store.append(&mut other);
                }
            }
            fn same(left: $element, right: $element) -> bool {
                $same(left, right)
            }
            fn from_vec(values: Vec<$element>) -> Self::Store {
                values.into_iter().map($unwrap).collect()
            }
        }
    };
    ($($native:ident $type:ident $same:expr;)*) => {
        $(fixed!($native, $native, $type, std::convert::identity, std::convert::identity, $same);)*
    };
}

fixed! {
    i8 Int8 |a, b| a == b;
    i16 Int16 |a, b| a == b;
    i32 Int32 |a, b| a == b;
    i64 Int64 |a, b| a == b;
    u8 Uint8 |a, b| a == b;
    u16 Uint16 |a, b| a == b;
    u32 Uint32 |a, b| a == b;
    u64 Uint64 |a, b| a == b;
    f32 Float32 |a: f32, b: f32| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    f64 Float64 |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
}
fixed!(Timestamp, i64, Time, Timestamp::from_nanos, Timestamp::as_nanos, |a, b| a == b);
fixed!(EnumIndex, u16, Enum, EnumIndex, |index: EnumIndex| index.0, |a, b| a == b);

/// An element stored in [`Texts`].
macro_rules! texts {
    ($element:ty, $type:ident, $as_str:expr) => {
        impl Element for $element {
            type Ref<'a> = &'a str;
            const TYPE: ValueType = ValueType::$type;
        }

        impl Sealed for $element {
            type Store = Texts;

            fn with_capacity(rows: usize) -> Texts {
                Texts::with_capacity(rows)
            }
            fn push(store: &mut Texts, value: &str) {
                store.push(value);
            }
            fn push_default(store: &mut Texts) {
                store.push("");
            }
            fn len(store: &Texts) -> usize {
                store.len()
            }
            fn get(store: &Texts, index: usize) -> Option<&str> {
                store.get(index)
            }
            fn append(store: &mut Texts, other: Texts) {
                if store.len() == 0 && !store.overflowed() {
                    *store = other;
                } else {
                    store.append(&other);
                }
            }
            fn same(left: &str, right: &str) -> bool {
                left == right
            }
            fn from_vec(values: Vec<$element>) -> Texts {
                let mut store = Texts::with_capacity(values.len());
                store.reserve_bytes(values.iter().map(|value| $as_str(value).len()).sum());
                for value in &values {
                    store.push($as_str(value));
                }
                store
            }
            fn overflowed(store: &Texts) -> bool {
                store.overflowed()
            }
        }
    };
}

texts!(String, String, String::as_str);
texts!(Json, Json, Json::as_str);

impl Element for bool {
    type Ref<'a> = bool;
    const TYPE: ValueType = ValueType::Bool;
}

impl Sealed for bool {
    type Store = Bits;

    fn with_capacity(rows: usize) -> Bits {
        Bits::with_capacity(rows)
    }
    fn push(store: &mut Bits, value: bool) {
        store.push(value);
    }
    fn push_default(store: &mut Bits) {
        store.push(false);
    }
    fn len(store: &Bits) -> usize {
        store.len()
    }
    fn get(store: &Bits, index: usize) -> Option<bool> {
        store.get(index)
    }
    fn append(store: &mut Bits, other: Bits) {
        store.append(&other);
    }
    fn same(left: bool, right: bool) -> bool {
        left == right
    }
    fn from_vec(values: Vec<bool>) -> Bits {
        let mut bits = Bits::with_capacity(values.len());
        values.into_iter().for_each(|value| bits.push(value));
        bits
    }
}
