//! Rows → columns: a column per result column, typed by its declaration or by what comes.
//!
//! Databases without strict types may give a text in a column of numbers; a column widens then (whole number → float
//! → text), so that no value is lost. It deliberately knows no database: an engine maps its declared types
//! with a [`TypeMapping`] and lends its cells as [`Cell`]s.

use graftwire_frame::{Column, Field, Frame, Json, Notice, Timestamp, ValueType, Values};

use super::RowLimits;
use super::time_column::{epoch, epoch_whole, iso_time};

/// One value of a row, lent by the engine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// SQL's NULL.
    Null,
    /// A bool.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A float.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// A point in time.
    Time(Timestamp),
}

/// What a column of the result becomes. Every column is nullable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnType {
    /// By the first value that isn't null.
    #[default]
    Auto,
    /// This type, as long as the values allow it: `Bool` takes 0 and 1, `Time` takes numbers and ISO texts, `Json` texts
    /// that are JSON.
    Prefer(ValueType),
    /// A time, or the query fails: the column that a time series is drawn over.
    Time,
}

/// An engine's table of types.
pub trait TypeMapping {
    /// What a column becomes, by its declared type as the engine writes it; empty for expressions.
    fn column_type(&self, name: &str, declared: &str) -> ColumnType;
}

/// A value that its column can't take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "column {column:?}, row {row}: found {found}, expected a time: a number since 1970 (seconds, milliseconds, \
     microseconds or nanoseconds) or a text such as 2026-01-31 12:00:00; convert it in the query"
)]
pub struct RowError {
    column: String,
    row: u64,
    found: String,
}

/// Columns under construction.
#[derive(Debug)]
pub struct Rows {
    columns: Vec<Builder>,
    limits: RowLimits,
    rows: u64,
    bytes: u64,
    notices: Vec<Notice>,
}

impl Rows {
    /// Empty columns.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, ColumnType)>, limits: RowLimits) -> Self {
        let builder = |(name, kind): (&str, ColumnType)| Builder {
            name: name.to_owned(),
            kind,
            values: match kind {
                ColumnType::Prefer(kind) => Values::empty(kind, true),
                ColumnType::Time => Values::empty(ValueType::Time, true),
                ColumnType::Auto => Values::empty(ValueType::String, true),
            },
            decided: kind != ColumnType::Auto,
        };
        let columns = columns.into_iter().map(builder).collect();
        Self { columns, limits, rows: 0, bytes: 0, notices: Vec::new() }
    }

    /// Adds a row; false if a limit is reached, then the row is left out and a notice says so. Cells that are missing
    /// are null.
    ///
    /// # Errors
    /// [`RowError`] if a column that must be a time holds something else; the row is left out.
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<bool, RowError> {
        if self.rows >= self.limits.rows {
            self.notices.push(self.limits.rows_notice());
            return Ok(false);
        }
        if self.bytes >= self.limits.bytes {
            self.notices.push(self.limits.bytes_notice(self.rows));
            return Ok(false);
        }
        let mut cells = cells.into_iter();
        let mut failed = None;
        for column in &mut self.columns {
            let cell = if failed.is_none() { cells.next().unwrap_or(Cell::Null) } else { Cell::Null };
            self.bytes += size(cell);
            if let Err(found) = column.push(cell) {
                column.values.push_null();
                failed = Some(RowError { column: column.name.clone(), row: self.rows + 1, found });
            }
        }
        if let Some(error) = failed {
            self.columns.iter_mut().for_each(Builder::pop);
            return Err(error);
        }
        self.rows += 1;
        Ok(true)
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.rows
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The columns as a frame, with a notice for every limit that was reached.
    #[must_use]
    pub fn finish(self) -> Frame {
        let fields = self.columns.into_iter().map(|column| Field::new(column.name, column.values)).collect();
        let mut frame = Frame { fields, ..Frame::default() };
        if !self.notices.is_empty() {
            frame.meta_mut().notices = self.notices;
        }
        frame
    }

    /// The rows so far as a frame, for answers in pieces; the columns stay as they are, empty. Their types are fixed from
    /// here on, since all pieces of an answer have the same columns.
    #[must_use]
    pub fn take(&mut self) -> Frame {
        let mut frame = Frame::default();
        for column in &mut self.columns {
            let empty = Values::empty(column.values.value_type(), true);
            let values = std::mem::replace(&mut column.values, empty);
            frame.fields.push(Field::new(&column.name, values));
            column.decided = true;
        }
        let notices = std::mem::take(&mut self.notices);
        if !notices.is_empty() {
            frame.meta_mut().notices = notices;
        }
        self.bytes = 0;
        frame
    }

    /// The types of the columns as they are now.
    pub fn types(&self) -> impl Iterator<Item = ValueType> {
        self.columns.iter().map(|column| column.values.value_type())
    }
}

/// What a cell takes in memory.
const fn size(cell: Cell<'_>) -> u64 {
    match cell {
        Cell::Null => 4,
        Cell::Bool(_) => 1,
        Cell::Text(text) => 4 + text.len() as u64,
        Cell::Int(_) | Cell::Float(_) | Cell::Time(_) => 8,
    }
}

#[derive(Debug)]
struct Builder {
    name: String,
    kind: ColumnType,
    values: Values,
    /// Whether the type is known; until then all rows are null.
    decided: bool,
}

impl Builder {
    /// Adds a cell, widening the column if it must. An error is what was found in place of a time.
    fn push(&mut self, cell: Cell<'_>) -> Result<(), String> {
        if cell == Cell::Null {
            self.values.push_null();
            return Ok(());
        }
        if !self.decided {
            self.decide(cell);
        }
        // Each widening is a step up, and every cell fits a text.
        while !self.fits(cell) {
            if self.kind == ColumnType::Time {
                return Err(shown(cell));
            }
            self.widen(cell);
        }
        Ok(())
    }

    fn decide(&mut self, cell: Cell<'_>) {
        let kind = match cell {
            Cell::Bool(_) => ValueType::Bool,
            Cell::Int(_) => ValueType::Int64,
            Cell::Float(_) => ValueType::Float64,
            Cell::Time(_) => ValueType::Time,
            Cell::Text(_) | Cell::Null => ValueType::String,
        };
        let nulls = self.values.len();
        self.values = Values::with_capacity(kind, true, nulls + 1);
        (0..nulls).for_each(|_| self.values.push_null());
        self.decided = true;
    }

    /// Pushes the cell if the column's type can hold it.
    fn fits(&mut self, cell: Cell<'_>) -> bool {
        match (&mut self.values, cell) {
            (Values::Int64(column), Cell::Int(number)) => column.push(number),
            (Values::Int64(column), Cell::Bool(yes)) => column.push(yes.into()),
            (Values::Float64(column), Cell::Float(number)) => column.push(number),
            (Values::Float64(column), Cell::Int(number)) => column.push(number as f64),
            (Values::Float64(column), Cell::Bool(yes)) => column.push(f64::from(u8::from(yes))),
            (Values::Bool(column), Cell::Bool(yes)) => column.push(yes),
            (Values::Bool(column), Cell::Int(number @ (0 | 1))) => column.push(number == 1),
            (Values::String(column), Cell::Text(text)) => column.push(text),
            (Values::String(column), cell) => column.push(&text_of(cell)),
            (Values::Time(column), Cell::Time(time)) => column.push(time),
            (Values::Time(column), Cell::Int(number)) => column.push(epoch_whole(number)),
            (Values::Time(column), Cell::Float(number)) => match epoch(number) {
                Some(time) => column.push(time),
                None => return false,
            },
            (Values::Time(column), Cell::Text(text)) => match iso_time(text) {
                Some(time) => column.push(time),
                None => return false,
            },
            (Values::Json(column), Cell::Text(text)) if Json::parse(text).is_ok() => column.push(text),
            _ => return false,
        }
        true
    }

    /// The next wider type that such a cell asks for.
    fn widen(&mut self, cell: Cell<'_>) {
        let values = std::mem::replace(&mut self.values, Values::empty(ValueType::String, true));
        self.values = match (values, cell) {
            (Values::Bool(column), Cell::Int(_) | Cell::Float(_)) => {
                Values::Int64(column.iter().map(|yes| yes.map(i64::from)).collect())
            }
            (Values::Int64(column), Cell::Float(_)) => {
                Values::Float64(column.iter().map(|number| number.map(|number| number as f64)).collect())
            }
            (values, _) => Values::String(texts(&values)),
        };
    }

    /// Takes the last row away again.
    fn pop(&mut self) {
        let rows = self.values.len().saturating_sub(1);
        let mut shorter = Values::with_capacity(self.values.value_type(), true, rows);
        for row in 0..rows {
            shorter.push_from(&self.values, row);
        }
        self.values = shorter;
    }
}

/// A cell as the text that stands for it.
fn text_of(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(yes) => yes.to_string(),
        Cell::Int(number) => number.to_string(),
        Cell::Float(number) => format!("{number:?}"),
        Cell::Text(text) => text.to_owned(),
        Cell::Time(time) => time.to_string(),
    }
}

/// A cell for a message; long texts are cut.
fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Text(text) if text.chars().count() > 40 => {
            format!("{:?}…", text.chars().take(40).collect::<String>())
        }
        Cell::Text(text) => format!("the text {text:?}"),
        cell => text_of(cell),
    }
}

/// The values of a column as texts, nulls kept.
pub(super) fn texts(values: &Values) -> Column<String> {
    fn each<T>(cells: impl Iterator<Item = Option<T>>, text: impl Fn(T) -> String) -> Column<String> {
        cells.map(|cell| cell.map(&text)).collect()
    }
    match values {
        Values::String(column) => column.clone(),
        Values::Int64(column) => each(column.iter(), |number| number.to_string()),
        Values::Float64(column) => each(column.iter(), |number| format!("{number:?}")),
        Values::Bool(column) => each(column.iter(), |yes| yes.to_string()),
        Values::Time(column) => each(column.iter(), |time| time.to_string()),
        Values::Json(column) => each(column.iter(), str::to_owned),
        others => {
            let mut column = Column::nullable();
            (0..others.len()).for_each(|_| column.push_null());
            column
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(kinds: &[ColumnType], rows: &[&[Cell<'_>]]) -> Frame {
        let mut built = Rows::new(kinds.iter().map(|kind| ("c", *kind)), RowLimits::default());
        for row in rows {
            assert!(built.push(row.iter().copied()).unwrap());
        }
        built.finish()
    }

    fn column(kind: ColumnType, cells: &[Cell<'_>]) -> Values {
        let cells: Vec<&[Cell<'_>]> = cells.iter().map(std::slice::from_ref).collect();
        rows(&[kind], &cells).fields.remove(0).values
    }

    #[test]
    fn a_column_takes_the_type_of_what_comes() {
        use Cell::{Float, Int, Null, Text};
        let auto = ColumnType::Auto;
        assert_eq!(column(auto, &[Null, Int(1)]), vec![None, Some(1_i64)].into());
        assert_eq!(column(auto, &[Int(1), Float(0.5)]), vec![Some(1.0), Some(0.5)].into());
        assert_eq!(column(auto, &[Int(1), Null, Text("x")]), vec![Some("1"), None, Some("x")].into());
        assert_eq!(column(auto, &[Float(1.0), Int(i64::MAX)]), vec![Some(1.0), Some(i64::MAX as f64)].into());
        assert_eq!(column(auto, &[Null, Null]), vec![None::<&str>, None].into());
        assert_eq!(
            column(auto, &[Int(i64::MIN), Int(i64::MAX)]),
            vec![Some(i64::MIN), Some(i64::MAX)].into()
        );
    }

    #[test]
    fn a_declared_type_holds_as_long_as_it_can() {
        use Cell::{Float, Int, Null, Text};
        let prefer = ColumnType::Prefer;
        assert_eq!(
            column(prefer(ValueType::Bool), &[Int(0), Int(1), Null]),
            vec![Some(false), Some(true), None].into()
        );
        assert_eq!(column(prefer(ValueType::Bool), &[Int(1), Int(7)]), vec![Some(1_i64), Some(7)].into());
        assert_eq!(column(prefer(ValueType::Bool), &[Int(1), Float(0.5)]), vec![Some(1.0), Some(0.5)].into());
        let time = |text| iso_time(text);
        assert_eq!(
            column(prefer(ValueType::Time), &[Text("2020-09-13"), Int(0)]),
            vec![time("2020-09-13"), time("1970-01-01")].into()
        );
        assert_eq!(
            column(prefer(ValueType::Time), &[Text("2020-09-13"), Text("soon")]),
            vec![Some("2020-09-13T00:00:00Z"), Some("soon")].into()
        );
        let json = column(prefer(ValueType::Json), &[Text("{\"a\": 1}"), Text("{")]);
        assert_eq!(json, vec![Some("{\"a\": 1}"), Some("{")].into());
        assert_eq!(column(prefer(ValueType::Int64), &[]).value_type(), ValueType::Int64);
    }

    #[test]
    fn a_time_column_of_something_else_is_an_error_with_its_place() {
        let mut rows = Rows::new([("n", ColumnType::Auto), ("time", ColumnType::Time)], RowLimits::default());
        assert!(rows.push([Cell::Int(1), Cell::Text("2020-09-13")]).unwrap());
        let error = rows.push([Cell::Int(2), Cell::Text("soon")]).unwrap_err().to_string();
        assert!(
            error.starts_with("column \"time\", row 2: found the text \"soon\", expected a time"),
            "{error}"
        );
        let frame = rows.finish();
        assert_eq!(frame.rows().unwrap(), 1, "what was good is kept");
    }

    #[test]
    fn limits_cut_with_a_notice() {
        let mut rows = Rows::new([("c", ColumnType::Auto)], RowLimits { rows: 2, bytes: 1_000 });
        let pushed: Vec<bool> = (0..3).map(|number| rows.push([Cell::Int(number)]).unwrap()).collect();
        assert_eq!(pushed, [true, true, false]);
        let frame = rows.finish();
        assert_eq!(frame.rows().unwrap(), 2);
        assert!(frame.meta.unwrap().notices[0].text.contains("limited to 2 because the SQL row limit"));

        let mut rows = Rows::new([("c", ColumnType::Auto)], RowLimits { rows: 1_000, bytes: 100 });
        let long = "x".repeat(60);
        let pushed: Vec<bool> = (0..3).map(|_| rows.push([Cell::Text(&long)]).unwrap()).collect();
        assert_eq!(pushed, [true, true, false]);
        assert!(
            rows.finish().meta.unwrap().notices[0].text.contains("2 rows because they reached 100 bytes")
        );
    }

    #[test]
    fn pieces_keep_their_types() {
        let mut rows = Rows::new([("c", ColumnType::Auto)], RowLimits { rows: 3, bytes: 1_000 });
        rows.push([Cell::Int(1)]).unwrap();
        assert_eq!(rows.take().fields[0].values, vec![Some(1_i64)].into());
        rows.push([Cell::Null]).unwrap();
        assert_eq!(rows.take().fields[0].values, vec![None::<i64>].into());
        rows.push([Cell::Text("x")]).unwrap();
        assert_eq!(rows.types().collect::<Vec<_>>(), [ValueType::String], "which the caller can see");
        assert!(!rows.push([Cell::Int(4)]).unwrap(), "the limit counts over all pieces");
    }
}
