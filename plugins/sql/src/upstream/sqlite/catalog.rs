//! What is in a database: state, tables, columns, functions.
//!
//! Asked by ordinary statements under the same guard as those of users. It deliberately leaves out SQLite's own tables.

use rusqlite::Connection;

use super::error::Context;
use crate::upstream::{State, Table, TableColumn, UpstreamError};

/// The most entries of a list.
const MOST: usize = 10_000;

pub(super) fn state(connection: &Connection, cx: &Context) -> Result<State, UpstreamError> {
    let number = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
            .map_err(|error| cx.error(error))
    };
    let journal = connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0));
    Ok(State {
        engine: format!("SQLite {}", rusqlite::version()),
        tables: number(
            "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )?,
        bytes: number("PRAGMA page_count")?.saturating_mul(number("PRAGMA page_size")?),
        journal: journal.map_err(|error| cx.error(error))?,
    })
}

pub(super) fn tables(connection: &Connection, cx: &Context) -> Result<Vec<Table>, UpstreamError> {
    let sql = "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let table = |row: &rusqlite::Row<'_>| Ok(Table { name: row.get(0)?, kind: row.get(1)? });
    list(connection, sql, [], table, cx)
}

pub(super) fn columns(
    connection: &Connection,
    table: &str,
    cx: &Context,
) -> Result<Vec<TableColumn>, UpstreamError> {
    let column = |row: &rusqlite::Row<'_>| Ok(TableColumn { name: row.get(0)?, declared: row.get(1)? });
    list(connection, "SELECT name, type FROM pragma_table_info(?1) ORDER BY cid", [table], column, cx)
}

pub(super) fn functions(connection: &Connection, cx: &Context) -> Result<Vec<String>, UpstreamError> {
    let sql = "SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB '[a-z]*' AND name NOT IN ('load_extension') ORDER BY name";
    list(connection, sql, [], |row| row.get(0), cx)
}

fn list<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    cx: &Context,
) -> Result<Vec<T>, UpstreamError> {
    let mut statement = connection.prepare(sql).map_err(|error| cx.error(error))?;
    let rows = statement.query_map(parameters, each).map_err(|error| cx.error(error))?;
    rows.take(MOST).collect::<rusqlite::Result<_>>().map_err(|error| cx.error(error))
}
