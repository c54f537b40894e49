//! Wide to long: dimensions move from labels into columns.

use std::collections::{BTreeMap, BTreeSet};

use super::{MAX_CELLS, SeriesSchema, SeriesShape, ShapeError};
use crate::json::text;
use crate::{Column, Field, Frame, FrameError, FrameType, Values};

/// Converts a wide frame to a long one of at most [`MAX_CELLS`] cells.
///
/// The first field is the time, never nullable; then one field per name of a value field, sorted; then one string
/// field per label, sorted. Each time gives one row per set of labels. A missing label is the empty text, a missing
/// value is null, or zero where the column has no nulls. Name and meta are kept, with type `timeseries-long`;
/// refId and configs are not.
///
/// # Errors
/// When the frame isn't wide, has no rows or null times; when two value fields of one name differ in type; when
/// the result would be too large.
pub fn wide_to_long(frame: &Frame) -> Result<Frame, ShapeError> {
    let (schema, times) = SeriesSchema::expect(frame, SeriesShape::Wide)?;
    let names = value_names(frame, &schema)?;
    let sets = label_sets(frame, &schema)?;
    let keys = label_keys(frame, &schema);
    let rows = times.len().saturating_mul(sets.len());
    ShapeError::check_size(rows, 1 + names.len() + keys.len(), MAX_CELLS)?;

    let mut long = Frame::new(&frame.name);
    long.meta.clone_from(&frame.meta);
    long.meta_mut().frame_type = FrameType::TIMESERIES_LONG;

    let time_name = frame.fields.get(schema.time).map_or("", |field| &field.name);
    let repeated = times.iter().flat_map(|time| std::iter::repeat_n(*time, sets.len()));
    long.fields.push(Field::new(time_name, repeated.collect::<Vec<_>>()));
    for (name, kind) in names {
        let mut column = Values::with_capacity(kind.value_type(), kind.is_nullable(), rows);
        let sources: Vec<_> = sets.iter().map(|set| set.value(name)).collect();
        for row in 0..times.len() {
            for source in &sources {
                match source {
                    Some(source) => drop(column.push_from(&source.values, row)),
                    None => column.push_missing(),
                }
            }
        }
        long.fields.push(Field::new(name, column));
    }
    for key in keys {
        let texts: Vec<_> = sets.iter().map(|set| set.label(key)).collect();
        let column: Column<String> = times.iter().flat_map(|_| texts.iter().copied()).collect();
        long.fields.push(Field::new(key, column));
    }
    Ok(long)
}

/// The fields that have one set of labels.
struct LabelSet<'a>(Vec<&'a Field>);

impl<'a> LabelSet<'a> {
    /// The field of a name; of several the last counts.
    fn value(&self, name: &str) -> Option<&'a Field> {
        self.0.iter().rev().find(|field| field.name == name).copied()
    }

    fn label(&self, key: &str) -> &'a str {
        let labels = self.0.first().and_then(|field| field.labels.as_ref());
        labels.and_then(|labels| labels.get(key)).unwrap_or_default()
    }
}

fn value_fields<'a>(frame: &'a Frame, schema: &SeriesSchema) -> impl Iterator<Item = (usize, &'a Field)> {
    schema.values.iter().filter_map(|index| Some((*index, frame.fields.get(*index)?)))
}

/// The names of value fields, each with a column of its type.
fn value_names<'a>(
    frame: &'a Frame,
    schema: &SeriesSchema,
) -> Result<BTreeMap<&'a str, &'a Values>, ShapeError> {
    let mut names: BTreeMap<&str, &Values> = BTreeMap::new();
    for (index, field) in value_fields(frame, schema) {
        let known = *names.entry(&field.name).or_insert(&field.values);
        let same_type = known.value_type() == field.value_type();
        if !same_type || known.is_nullable() != field.is_nullable() {
            return Err(ShapeError::TypeClash {
                index,
                name: field.name.clone(),
                found: describe(&field.values),
                expected: describe(known),
            });
        }
    }
    Ok(names)
}

/// The sets of labels, sorted by their text as JSON lists of key and value.
fn label_sets<'a>(frame: &'a Frame, schema: &SeriesSchema) -> Result<Vec<LabelSet<'a>>, ShapeError> {
    let mut sets = BTreeMap::new();
    for (index, field) in value_fields(frame, schema) {
        let pairs: Vec<_> = field.labels.iter().flat_map(|labels| labels.iter()).collect();
        let key = text::to_string(&pairs).map_err(|cause| FrameError::Metadata {
            place: format!("labels of field {index} ({:?})", field.name),
            cause,
        })?;
        sets.entry(key).or_insert_with(|| LabelSet(Vec::new())).0.push(field);
    }
    Ok(sets.into_values().collect())
}

fn label_keys<'a>(frame: &'a Frame, schema: &SeriesSchema) -> BTreeSet<&'a str> {
    let labels = value_fields(frame, schema).filter_map(|(_, field)| field.labels.as_ref());
    labels.flat_map(|labels| labels.iter().map(|(key, _)| key)).collect()
}

fn describe(values: &Values) -> String {
    let nullable = if values.is_nullable() { "nullable " } else { "" };
    format!("{nullable}{}", values.value_type())
}
