//! What every SQL data source needs: macros, fills, time columns, row limits, rows to frames.
//!
//! | step | module |
//! |---|---|
//! | the query's JSON → [`SqlQuery`] | `query` |
//! | strings, names and comments told from code | `lexis` |
//! | `$__timeFilter(c)` and the like → plain SQL | `macros`, over the tables in [`dialect`] |
//! | rows → columns, within limits | `rows`, `limits`, `time_column` |
//! | columns → time series, table or log lines | `series`, `table`, `logs` |
//!
//! It deliberately knows no database: an engine gives names, declared types and cells, and takes SQL text.

pub mod dialect;

mod lexis;
mod limits;
mod logs;
mod macros;
mod query;
mod rows;
mod series;
mod table;
mod template;
mod time_column;
mod variables;

pub use lexis::{Lexis, first_statement_end};
pub use limits::RowLimits;
pub use logs::log_lines;
pub use macros::{Expanded, GroupFill, MacroContext, MacroError, expand};
pub use query::{Format, SqlQuery, SqlQueryError};
pub use rows::{Cell, ColumnType, RowError, Rows, TypeMapping};
pub use series::{SeriesError, time_series};
pub use table::table;
pub use time_column::{epoch, iso_time};
pub use variables::replace_globals;
