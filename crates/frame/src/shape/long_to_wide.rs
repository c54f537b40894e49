//! Long to wide: dimensions move from columns into labels.

use std::collections::HashMap;

use super::{Fill, MAX_CELLS, SeriesSchema, SeriesShape, ShapeError};
use crate::{Field, FieldLabels, Frame, FrameType, FrameTypeVersion, Timestamp, Values};

/// Converts a long frame to a wide one of at most [`MAX_CELLS`] cells.
///
/// The first field is the time, never nullable. Then comes one field per value column and combination of
/// dimensions, sorted by the column's name and the dimensions in the order of their columns. Null strings count
/// as empty, null bools as false. Of several rows of the same time and dimensions the last counts. Name and meta
/// are kept, with type `timeseries-wide` 0.1; refId, configs and the labels of the input are not.
///
/// # Errors
/// When the frame isn't long, has no rows, null times, times that go back, or two dimensions of one name; when the
/// result would be too large.
pub fn long_to_wide(frame: &Frame, fill: Option<Fill>) -> Result<Frame, ShapeError> {
    long_to_wide_within(frame, fill, MAX_CELLS)
}

/// [`long_to_wide`] with another limit of cells.
///
/// # Errors
/// As [`long_to_wide`].
pub fn long_to_wide_within(frame: &Frame, fill: Option<Fill>, max_cells: usize) -> Result<Frame, ShapeError> {
    let (schema, times) = SeriesSchema::expect(frame, SeriesShape::Long)?;
    let factors = factors(frame, &schema)?;
    let (wide_times, wide_rows) = distinct(&times)?;
    let groups = Groups::of(&factors, times.len());
    let fields = groups.keys.len().saturating_mul(schema.values.len()).saturating_add(1);
    ShapeError::check_size(wide_times.len(), fields, max_cells)?;

    let mut columns = Vec::with_capacity(fields);
    for (key, long_rows) in groups.keys.iter().zip(&groups.rows) {
        let mut sources = vec![None; wide_times.len()];
        for &long_row in long_rows {
            if let Some(source) = wide_rows.get(long_row).and_then(|row| sources.get_mut(*row)) {
                *source = Some(long_row);
            }
        }
        let names = factors.iter().map(|factor| factor.name);
        let labels: FieldLabels = names.zip(key.iter().copied()).collect();
        for value in schema.values.iter().filter_map(|index| frame.fields.get(*index)) {
            let mut field = Field::new(&value.name, gather(&value.values, &sources, fill));
            field.labels = Some(labels.clone());
            columns.push((key, field));
        }
    }
    columns.sort_by(|(left_key, left), (right_key, right)| {
        left.name.cmp(&right.name).then_with(|| left_key.cmp(right_key))
    });

    let mut wide = Frame::new(&frame.name);
    wide.meta.clone_from(&frame.meta);
    let meta = wide.meta_mut();
    meta.frame_type = FrameType::TIMESERIES_WIDE;
    meta.type_version = FrameTypeVersion::new(0, 1);
    let time_name = frame.fields.get(schema.time).map_or("", |field| &field.name);
    wide.fields.push(Field::new(time_name, wide_times));
    wide.fields.extend(columns.into_iter().map(|(_, field)| field));
    Ok(wide)
}

/// One dimension of the long frame.
struct Factor<'a> {
    name: &'a str,
    values: &'a Values,
}

impl<'a> Factor<'a> {
    fn text(&self, row: usize) -> &'a str {
        match self.values {
            Values::String(column) => column.get(row).unwrap_or_default(),
            Values::Bool(column) if column.get(row) == Some(true) => "true",
            _ => "false",
        }
    }
}

fn factors<'a>(frame: &'a Frame, schema: &SeriesSchema) -> Result<Vec<Factor<'a>>, ShapeError> {
    let mut factors: Vec<Factor<'a>> = Vec::new();
    for &index in &schema.factors {
        let Some(field) = frame.fields.get(index) else { continue };
        if factors.iter().any(|factor| factor.name == field.name) {
            return Err(ShapeError::DuplicateFactor { index, name: field.name.clone() });
        }
        factors.push(Factor { name: &field.name, values: &field.values });
    }
    Ok(factors)
}

/// The distinct times, and for each long row which of them it has.
fn distinct(times: &[Timestamp]) -> Result<(Vec<Timestamp>, Vec<usize>), ShapeError> {
    let mut distinct: Vec<Timestamp> = Vec::new();
    let mut rows = Vec::with_capacity(times.len());
    for (row, time) in times.iter().enumerate() {
        match distinct.last() {
            Some(last) if time < last => return Err(ShapeError::NotAscending { row }),
            Some(last) if time == last => {}
            _ => distinct.push(*time),
        }
        rows.push(distinct.len().saturating_sub(1));
    }
    Ok((distinct, rows))
}

/// The combinations of dimensions in the order in which they appear, and the long rows of each.
#[derive(Default)]
struct Groups<'a> {
    keys: Vec<Vec<&'a str>>,
    rows: Vec<Vec<usize>>,
}

impl<'a> Groups<'a> {
    fn of(factors: &[Factor<'a>], rows: usize) -> Self {
        let mut groups = Self::default();
        let mut known = HashMap::new();
        for row in 0..rows {
            let key: Vec<_> = factors.iter().map(|factor| factor.text(row)).collect();
            let group = *known.entry(key).or_insert_with_key(|key| {
                groups.keys.push(key.clone());
                groups.rows.push(Vec::new());
                groups.rows.len() - 1
            });
            if let Some(rows) = groups.rows.get_mut(group) {
                rows.push(row);
            }
        }
        groups
    }
}

/// The column whose rows come from the given rows of another one.
fn gather(values: &Values, sources: &[Option<usize>], fill: Option<Fill>) -> Values {
    let nullable = values.is_nullable() || fill.is_some_and(Fill::makes_nullable);
    let mut column = Values::with_capacity(values.value_type(), nullable, sources.len());
    let mut previous = None;
    for source in sources {
        match (source, fill, previous) {
            (Some(row), _, _) => {
                column.push_from(values, *row);
                previous = Some(*row);
            }
            (None, Some(Fill::Previous), Some(row)) => {
                column.push_from(values, row);
            }
            (None, Some(Fill::Value(number)), _) if column.push_number(number) => {}
            (None, _, _) => column.push_missing(),
        }
    }
    column
}
