//! Tables → frames.
//!
//! A column's type is what its cells say: integers, doubles (also beside integers), bools, texts; of anything mixed
//! the texts. Every column is nullable. Bytes become base64, as Grafana 7 shows them. A column of numbers named `time`
//! holds milliseconds, as its front end has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use graftwire_frame::{Column, Field, Frame, FrameMeta, FrameType, FrameTypeVersion, Timestamp, Values};

use super::generated as wire;
use super::generated::row_value::Kind;

/// How many cells are added to rows that are too short. A message of a few bytes could ask for any number.
const MAX_ADDED: usize = 1 << 20;

/// The frame of a table. Rows that are too short end in nulls; cells beyond the columns get columns without a name.
///
/// # Errors
/// Where an unknown kind was found, or how large the table would become.
pub(super) fn frame(table: wire::Table) -> Result<Frame, String> {
    let width = table.rows.iter().map(|row| row.values.len()).max().unwrap_or_default();
    let width = width.max(table.columns.len());
    let said: usize = table.rows.iter().map(|row| row.values.len()).sum();
    let cells = table.rows.len().saturating_mul(width);
    if cells.saturating_sub(said) > MAX_ADDED {
        let rows = table.rows.len();
        return Err(format!(
            ": {rows} rows of up to {width} cells, but {said} cells in all; at most {MAX_ADDED} are filled in"
        ));
    }
    check_kinds(&table.rows)?;
    let mut names = table.columns.into_iter().map(|column| column.name);
    // Declared, so that a table of times and numbers stays one.
    let meta = FrameMeta::of_type(FrameType::TABLE, FrameTypeVersion::default());
    let mut frame = Frame::default().with_meta(meta);
    for index in 0..width {
        let name = names.next().unwrap_or_default();
        let cells: Vec<_> = table.rows.iter().map(|row| row.values.get(index)).collect();
        let values = values(&name, &cells);
        frame.fields.push(Field::new(name, values));
    }
    Ok(frame)
}

fn check_kinds(rows: &[wire::TableRow]) -> Result<(), String> {
    for (row, cells) in rows.iter().enumerate() {
        let unknown = |cell: &wire::RowValue| Kind::try_from(cell.kind).is_err();
        if let Some(column) = cells.values.iter().position(unknown) {
            let found = cells.values.get(column).map_or(0, |cell| cell.kind);
            return Err(format!(
                ".rows[{row}].values[{column}]: unknown kind {found}; known are 0 (null) to 5 (bytes)"
            ));
        }
    }
    Ok(())
}

/// The kinds found in a column.
#[derive(Default)]
struct Kinds {
    int: bool,
    double: bool,
    bool: bool,
    text: bool,
    bytes: bool,
}

fn values(name: &str, cells: &[Option<&wire::RowValue>]) -> Values {
    let mut kinds = Kinds::default();
    for cell in cells.iter().flatten() {
        match cell.kind() {
            Kind::TypeNull => {}
            Kind::TypeInt64 => kinds.int = true,
            Kind::TypeDouble => kinds.double = true,
            Kind::TypeBool => kinds.bool = true,
            Kind::TypeString => kinds.text = true,
            Kind::TypeBytes => kinds.bytes = true,
        }
    }
    let numbers = kinds.int || kinds.double;
    match (numbers, kinds.bool, kinds.text || kinds.bytes) {
        (true, false, false) => {
            let times = name.eq_ignore_ascii_case("time").then(|| times(cells)).flatten();
            times.unwrap_or_else(|| if kinds.double { doubles(cells) } else { ints(cells) })
        }
        (false, true, false) => {
            Values::Bool(column(cells, |cell| (cell.kind() == Kind::TypeBool).then_some(cell.bool_value)))
        }
        _ => Values::String(cells.iter().map(|cell| cell.and_then(text)).collect()),
    }
}

fn column<T>(cells: &[Option<&wire::RowValue>], value: impl Fn(&wire::RowValue) -> Option<T>) -> Column<T>
where
    T: graftwire_frame::Element,
    Column<T>: FromIterator<Option<T>>,
{
    cells.iter().map(|cell| cell.and_then(&value)).collect()
}

fn ints(cells: &[Option<&wire::RowValue>]) -> Values {
    Values::Int64(column(cells, |cell| (cell.kind() == Kind::TypeInt64).then_some(cell.int64_value)))
}

fn doubles(cells: &[Option<&wire::RowValue>]) -> Values {
    Values::Float64(column(cells, |cell| match cell.kind() {
        Kind::TypeDouble => Some(cell.double_value),
        Kind::TypeInt64 => Some(cell.int64_value as f64),
        _ => None,
    }))
}

/// `None` if a number is no time that frames can hold: then the column stays one of numbers.
fn times(cells: &[Option<&wire::RowValue>]) -> Option<Values> {
    let mut times = Column::<Timestamp>::nullable();
    for cell in cells {
        let millis = match cell.map(|cell| (cell.kind(), cell)) {
            Some((Kind::TypeInt64, cell)) => Some(cell.int64_value),
            Some((Kind::TypeDouble, cell)) => {
                let millis = cell.double_value as i64;
                // Only whole milliseconds: what was cut off would be lost.
                if millis as f64 != cell.double_value {
                    return None;
                }
                Some(millis)
            }
            _ => None,
        };
        let time = millis.map(Timestamp::from_millis);
        if time.is_some_and(|time| Some(time.as_millis_and_nanos()) != millis.map(|millis| (millis, 0))) {
            return None;
        }
        times.push_option(time);
    }
    Some(times.into())
}

fn text(cell: &wire::RowValue) -> Option<String> {
    Some(match cell.kind() {
        Kind::TypeNull => return None,
        Kind::TypeInt64 => cell.int64_value.to_string(),
        Kind::TypeDouble => cell.double_value.to_string(),
        Kind::TypeBool => cell.bool_value.to_string(),
        Kind::TypeString => cell.string_value.clone(),
        Kind::TypeBytes => STANDARD.encode(&cell.bytes_value),
    })
}
