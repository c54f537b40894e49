//! One statement → rows.
//!
//! The step "answer". It deliberately binds nothing: values are in the text, put there by macros and variables.

use std::cell::OnceCell;
use std::fmt::Write as _;

use graftwire_sdk::sql::Cell;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};

use super::declared::Declared;
use super::error::Context;
use crate::collector::Collector;
use crate::upstream::UpstreamError;

/// How many bytes of a blob are shown.
const SHOWN_BYTES: usize = 32;

/// Runs a statement; its rows go to the collector, also those before an error.
pub(super) fn rows(
    connection: &Connection,
    sql: &str,
    mut collector: Collector,
    cx: &Context,
) -> Result<(), UpstreamError> {
    let mut statement = prepared(connection, sql, cx)?;
    let columns: Vec<(String, String)> = statement
        .columns()
        .map(|column| (column.name().to_owned(), column.decl_type().unwrap_or_default().to_owned()))
        .collect();
    collector.begin(columns.iter().map(|(name, declared)| (name.as_str(), declared.as_str())), &Declared);
    let end = step(&mut statement, &columns, &mut collector, cx);
    let finished = collector.finish();
    end.and(finished)
}

/// A statement that reads and gives columns.
fn prepared<'c>(connection: &'c Connection, sql: &str, cx: &Context) -> Result<Statement<'c>, UpstreamError> {
    let statement = connection.prepare(sql).map_err(|error| cx.error(error))?;
    if statement.column_count() == 0 {
        return Err(UpstreamError::Statement("the statement gives no rows; write a SELECT".to_owned()));
    }
    if !statement.readonly() {
        let text = "the statement can change the database; this data source only reads, so write a SELECT";
        return Err(UpstreamError::Refused(text.to_owned()));
    }
    if let Some(name) = (1..=statement.parameter_count()).find_map(|index| statement.parameter_name(index)) {
        return Err(UpstreamError::Statement(format!(
            "found {name}, a parameter without a value; if it is meant as a dashboard variable, that variable does not exist or is not filled in here"
        )));
    }
    if statement.parameter_count() > 0 {
        return Err(UpstreamError::Statement(
            "found ?, a parameter without a value; write the value itself".to_owned(),
        ));
    }
    Ok(statement)
}

fn step(
    statement: &mut Statement<'_>,
    columns: &[(String, String)],
    collector: &mut Collector,
    cx: &Context,
) -> Result<(), UpstreamError> {
    let mut texts: Vec<OnceCell<String>> = columns.iter().map(|_| OnceCell::new()).collect();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(|error| cx.error(error))? {
        if !collector.push(cells(row, &texts))? {
            return Ok(());
        }
        for (text, (name, _)) in texts.iter_mut().zip(columns) {
            if let Some(text) = text.take()
                && text.contains(char::REPLACEMENT_CHARACTER)
            {
                collector.notice(format!(
                    "column {name:?} holds text that is not UTF-8; what can't be read is shown as \u{fffd}"
                ));
            }
        }
    }
    Ok(())
}

/// The cells of a row. Texts that must be made (of blobs, of broken UTF-8) live in `texts`.
fn cells<'a>(row: &'a Row<'_>, texts: &'a [OnceCell<String>]) -> impl Iterator<Item = Cell<'a>> {
    texts.iter().enumerate().map(move |(index, made)| match row.get_ref(index) {
        Ok(ValueRef::Integer(number)) => Cell::Int(number),
        Ok(ValueRef::Real(number)) => Cell::Float(number),
        Ok(ValueRef::Text(bytes)) => Cell::Text(
            str::from_utf8(bytes)
                .unwrap_or_else(|_| made.get_or_init(|| String::from_utf8_lossy(bytes).into_owned())),
        ),
        Ok(ValueRef::Blob(bytes)) => Cell::Text(made.get_or_init(|| hexadecimal(bytes))),
        Ok(ValueRef::Null) | Err(_) => Cell::Null,
    })
}

/// A blob as SQL writes it, cut if it is long: `X'0FA0'`, `X'0FA0…' (5000 bytes)`.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::from("X'");
    for byte in bytes.iter().take(SHOWN_BYTES) {
        let _ = write!(text, "{byte:02X}");
    }
    if bytes.len() > SHOWN_BYTES {
        let _ = write!(text, "…' ({} bytes)", bytes.len());
    } else {
        text.push('\'');
    }
    text
}
