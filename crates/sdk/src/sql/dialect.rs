//! The macros of each dialect, as tables.
//!
//! A macro's expansion is a template: `{0}` is its first argument, other names in braces are values of the query (see
//! [`Expansion`]). It deliberately holds no code: a new engine is a new table.

use super::Lexis;

/// One SQL dialect: how it is written, and its macros.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// Its name, for messages.
    pub name: &'static str,
    /// How strings and comments are written.
    pub lexis: Lexis,
    /// The macros.
    pub macros: &'static [Macro],
    /// Whether `$__name` without a meaning is left in the text instead of being an error.
    pub leaves_unknown: bool,
    /// Whether a macro's argument may be empty.
    pub empty_arguments: bool,
}

/// One macro.
#[derive(Debug, Clone, Copy)]
pub struct Macro {
    /// The name behind `$__`.
    pub name: &'static str,
    /// The names of its arguments; those with `?` can be left out. None: it is written without brackets, or with empty
    /// ones.
    pub arguments: &'static [&'static str],
    /// What it becomes.
    pub expansion: Expansion,
    /// What it is for, for editors.
    pub help: &'static str,
}

/// What a macro becomes.
#[derive(Debug, Clone, Copy)]
pub enum Expansion {
    /// A template over arguments and the query: `{from_s}`, `{from_exact}` (seconds with their fraction), `{from_ms}`,
    /// `{from_ns}`, `{from_rfc3339}`, `{from_rfc3339_nano}`, `{from_datetime}` (`2026-01-31 12:00:00`), `{from_unixtime}` (a
    /// call of MySQL), the same with `to`, `{interval}`, `{interval_ms}`, `{table}`, `{column}`.
    Template(&'static str),
    /// A template whose second argument is a length of time and whose third is a fill. `{step}` is that length in
    /// seconds, `{step_whole}` without a fraction, `{step_millis}` with three digits of it.
    Group(&'static str),
    /// The second argument is a part of a date; the expansion takes that part and all larger ones.
    DateParts,
}

const fn template(
    name: &'static str,
    arguments: &'static [&'static str],
    template: &'static str,
    help: &'static str,
) -> Macro {
    Macro { name, arguments, expansion: Expansion::Template(template), help }
}

const fn group(name: &'static str, template: &'static str, help: &'static str) -> Macro {
    Macro { name, arguments: &["column", "interval", "fill?"], expansion: Expansion::Group(template), help }
}

const INTERVAL: Macro = template("interval", &[], "{interval}", "distance of points, such as 5m");
const INTERVAL_MS: Macro =
    template("interval_ms", &[], "{interval_ms}", "distance of points in milliseconds, a number");
const EPOCH_FROM: Macro =
    template("unixEpochFrom", &[], "{from_s}", "start of the time range in seconds since 1970");
const EPOCH_TO: Macro = template("unixEpochTo", &[], "{to_s}", "end of the time range in seconds since 1970");
const EPOCH_FILTER: Macro = template(
    "unixEpochFilter",
    &["column"],
    "{0} >= {from_s} AND {0} <= {to_s}",
    "rows within the time range; a column of seconds since 1970",
);
const NANO_FILTER: Macro = template(
    "unixEpochNanoFilter",
    &["column"],
    "{0} >= {from_ns} AND {0} <= {to_ns}",
    "rows within the time range; a column of nanoseconds since 1970",
);
const NANO_FROM: Macro =
    template("unixEpochNanoFrom", &[], "{from_ns}", "start of the time range in nanoseconds since 1970");
const NANO_TO: Macro =
    template("unixEpochNanoTo", &[], "{to_ns}", "end of the time range in nanoseconds since 1970");

const GROUP_HELP: &str =
    "rows in steps of an interval; the third argument fills gaps: NULL, previous or a number";
const ALIAS_HELP: &str = "the same, named time";
const EPOCH_GROUP_HELP: &str = "the same for a column of seconds since 1970";
const FILTER_HELP: &str = "rows within the time range";
const TIME_HELP: &str = "the column as the time column";
const FROM_HELP: &str = "start of the time range";
const TO_HELP: &str = "end of the time range";

/// SQLite. Times are texts in ISO form or numbers of seconds since 1970; both are taken. A column with an index is
/// faster with `BETWEEN $__timeFrom() AND $__timeTo()` (texts), `$__unixEpochFilter` or `BETWEEN $__from AND $__to`
/// (milliseconds).
pub const SQLITE: Dialect = Dialect {
    name: "SQLite",
    lexis: Lexis {
        backtick: true,
        bracket: true,
        backslash: false,
        hash: false,
        dollar: false,
        nested: false,
    },
    macros: &[
        template("time", &["column"], "{0} AS \"time\"", TIME_HELP),
        template(
            "timeEpoch",
            &["column"],
            "unixepoch({0}, 'auto', 'subsec') AS \"time\"",
            "the column as the time column, in seconds since 1970",
        ),
        template(
            "timeFilter",
            &["column"],
            "unixepoch({0}, 'auto', 'subsec') BETWEEN {from_exact} AND {to_exact}",
            FILTER_HELP,
        ),
        template("timeFrom", &[], "'{from_datetime}'", FROM_HELP),
        template("timeTo", &[], "'{to_datetime}'", TO_HELP),
        group("timeGroup", "CAST(unixepoch({0}, 'auto', 'subsec') / {step} AS INTEGER) * {step}", GROUP_HELP),
        group(
            "timeGroupAlias",
            "CAST(unixepoch({0}, 'auto', 'subsec') / {step} AS INTEGER) * {step} AS \"time\"",
            ALIAS_HELP,
        ),
        EPOCH_FILTER,
        NANO_FILTER,
        NANO_FROM,
        NANO_TO,
        EPOCH_FROM,
        EPOCH_TO,
        group("unixEpochGroup", "CAST(({0}) / {step} AS INTEGER) * {step}", EPOCH_GROUP_HELP),
        group("unixEpochGroupAlias", "CAST(({0}) / {step} AS INTEGER) * {step} AS \"time\"", ALIAS_HELP),
        group("unixEpochGroupSeconds", "cast(({0} / {step}) as int) * {step}", EPOCH_GROUP_HELP),
        template("from", &[], "{from_ms}", "start of the time range in milliseconds since 1970"),
        template("to", &[], "{to_ms}", "end of the time range in milliseconds since 1970"),
        INTERVAL,
        INTERVAL_MS,
    ],
    leaves_unknown: false,
    empty_arguments: false,
};

/// PostgreSQL.
pub const POSTGRES: Dialect = Dialect {
    name: "PostgreSQL",
    lexis: Lexis {
        dollar: true,
        nested: true,
        backslash: false,
        backtick: false,
        bracket: false,
        hash: false,
    },
    macros: &[
        template("time", &["column"], "{0} AS \"time\"", TIME_HELP),
        template("timeEpoch", &["column"], "extract(epoch from {0}) as \"time\"", TIME_HELP),
        template(
            "timeFilter",
            &["column"],
            "{0} BETWEEN '{from_rfc3339_nano}' AND '{to_rfc3339_nano}'",
            FILTER_HELP,
        ),
        template("timeFrom", &[], "'{from_rfc3339_nano}'", FROM_HELP),
        template("timeTo", &[], "'{to_rfc3339_nano}'", TO_HELP),
        group("timeGroup", "floor(extract(epoch from {0})/{step})*{step}", GROUP_HELP),
        group("timeGroupAlias", "floor(extract(epoch from {0})/{step})*{step} AS \"time\"", ALIAS_HELP),
        EPOCH_FILTER,
        NANO_FILTER,
        NANO_FROM,
        NANO_TO,
        EPOCH_FROM,
        EPOCH_TO,
        group("unixEpochGroup", "floor(({0})/{step})*{step}", EPOCH_GROUP_HELP),
        group("unixEpochGroupAlias", "floor(({0})/{step})*{step} AS \"time\"", ALIAS_HELP),
        INTERVAL,
        INTERVAL_MS,
    ],
    leaves_unknown: false,
    empty_arguments: false,
};

/// PostgreSQL with TimescaleDB: groups are its buckets.
pub const TIMESCALE: Dialect = Dialect {
    name: "TimescaleDB",
    macros: &[
        template("time", &["column"], "{0} AS \"time\"", TIME_HELP),
        template("timeEpoch", &["column"], "extract(epoch from {0}) as \"time\"", TIME_HELP),
        template(
            "timeFilter",
            &["column"],
            "{0} BETWEEN '{from_rfc3339_nano}' AND '{to_rfc3339_nano}'",
            FILTER_HELP,
        ),
        template("timeFrom", &[], "'{from_rfc3339_nano}'", FROM_HELP),
        template("timeTo", &[], "'{to_rfc3339_nano}'", TO_HELP),
        group("timeGroup", "time_bucket('{step_millis}s',{0})", GROUP_HELP),
        group("timeGroupAlias", "time_bucket('{step_millis}s',{0}) AS \"time\"", ALIAS_HELP),
        EPOCH_FILTER,
        NANO_FILTER,
        NANO_FROM,
        NANO_TO,
        EPOCH_FROM,
        EPOCH_TO,
        group("unixEpochGroup", "floor(({0})/{step})*{step}", EPOCH_GROUP_HELP),
        group("unixEpochGroupAlias", "floor(({0})/{step})*{step} AS \"time\"", ALIAS_HELP),
        INTERVAL,
        INTERVAL_MS,
    ],
    ..POSTGRES
};

/// MySQL and MariaDB.
pub const MYSQL: Dialect = Dialect {
    name: "MySQL",
    lexis: Lexis {
        backslash: true,
        backtick: true,
        hash: true,
        bracket: false,
        dollar: false,
        nested: false,
    },
    macros: &[
        template("time", &["column"], "UNIX_TIMESTAMP({0}) as time_sec", TIME_HELP),
        template("timeEpoch", &["column"], "UNIX_TIMESTAMP({0}) as time_sec", TIME_HELP),
        template("timeFilter", &["column"], "{0} BETWEEN {from_unixtime} AND {to_unixtime}", FILTER_HELP),
        template("timeFrom", &[], "{from_unixtime}", FROM_HELP),
        template("timeTo", &[], "{to_unixtime}", TO_HELP),
        group("timeGroup", "UNIX_TIMESTAMP({0}) DIV {step_whole} * {step_whole}", GROUP_HELP),
        group(
            "timeGroupAlias",
            "UNIX_TIMESTAMP({0}) DIV {step_whole} * {step_whole} AS \"time\"",
            ALIAS_HELP,
        ),
        EPOCH_FILTER,
        NANO_FILTER,
        NANO_FROM,
        NANO_TO,
        EPOCH_FROM,
        EPOCH_TO,
        group("unixEpochGroup", "{0} DIV {step} * {step}", EPOCH_GROUP_HELP),
        group("unixEpochGroupAlias", "{0} DIV {step} * {step} AS \"time\"", ALIAS_HELP),
        INTERVAL,
        INTERVAL_MS,
    ],
    leaves_unknown: false,
    empty_arguments: false,
};

/// The defaults of Grafana's SDK for Go, which plugins built on it share.
pub const GO_SDK: Dialect = Dialect {
    name: "SQL",
    lexis: Lexis {
        backslash: false,
        backtick: false,
        bracket: false,
        hash: false,
        dollar: false,
        nested: false,
    },
    macros: &[
        INTERVAL,
        INTERVAL_MS,
        template("timeFilter", &["column"], "{0} >= '{from_rfc3339}' AND {0} <= '{to_rfc3339}'", FILTER_HELP),
        template(
            "timeFrom",
            &["column"],
            "{0} >= '{from_rfc3339}'",
            "rows after the start of the time range",
        ),
        template("timeTo", &["column"], "{0} <= '{to_rfc3339}'", "rows before the end of the time range"),
        Macro {
            name: "timeGroup",
            arguments: &["column", "part"],
            expansion: Expansion::DateParts,
            help: "parts of a date from minute, hour, day, month or year up to the year",
        },
        template("table", &[], "{table}", "the query's table"),
        template("column", &[], "{column}", "the query's column"),
    ],
    leaves_unknown: true,
    empty_arguments: true,
};
