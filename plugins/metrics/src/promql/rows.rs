//! Series while they are computed: labels and one slot per step.
//!
//! Between the steps of evaluation. It deliberately keeps an absent value in the slot itself, as a NaN that no
//! sample has: half the memory of an `Option`, and a column is one run of numbers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::series::Labels;

/// A quiet NaN (it survives any copying) with a payload of its own; see [`is_absent`].
pub(super) const ABSENT: f64 = f64::from_bits(0x7ff8_0000_6162_7365);

/// Whether a slot holds no value.
pub(super) fn is_absent(value: f64) -> bool {
    value.to_bits() == ABSENT.to_bits()
}

/// Whether a slot holds a value, NaN included.
pub(super) fn is_present(value: f64) -> bool {
    !is_absent(value)
}

/// One series on a grid.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) labels: Labels,
    /// As many as the grid has instants.
    pub(super) values: Vec<f64>,
}

impl Row {
    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(|value| is_absent(*value))
    }
}

/// The expression's value on a grid.
#[derive(Debug)]
pub(super) enum Evaluated {
    /// One number per instant.
    Scalar(Vec<f64>),
    Vector(Vec<Row>),
    Text(String),
}

impl Evaluated {
    /// How many slots it occupies.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Scalar(values) => values.len(),
            Self::Vector(rows) => rows.iter().map(|row| row.values.len()).sum(),
            Self::Text(_) => 0,
        }
    }
}

/// Puts rows of equal labels together, sorted by labels. The error is a label set that has two values at one
/// instant.
pub(super) fn merged(rows: Vec<Row>) -> Result<Vec<Row>, Labels> {
    let mut places: HashMap<Labels, usize> = HashMap::with_capacity(rows.len());
    let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match places.entry(row.labels.clone()) {
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(row);
            }
            Entry::Occupied(place) => {
                if let Some(first) = kept.get_mut(*place.get()) {
                    fill(&mut first.values, &row)?;
                }
            }
        }
    }
    kept.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
    Ok(kept)
}

/// Copies the row's values into free slots.
fn fill(slots: &mut [f64], row: &Row) -> Result<(), Labels> {
    for (slot, value) in slots.iter_mut().zip(&row.values).filter(|(_, value)| is_present(**value)) {
        if is_present(*slot) {
            return Err(row.labels.clone());
        }
        *slot = *value;
    }
    Ok(())
}
