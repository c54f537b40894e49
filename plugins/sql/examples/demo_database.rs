//! Writes a database of this machine, to try the data source with: `demo_database FILE`.
//!
//! Processes come from `/proc`, packages and their history from dpkg's files, users from `/etc/passwd`. Benchmarks are
//! the tables of `docs/benchmarks.md` and what `cargo bench` left in the folder `criterion` beside FILE. What isn't there
//! stays an empty table. An existing file is replaced; the benchmarks that it knows are kept, which makes their history.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, OpenFlags, Result, params};

const TABLES: &str = "
    CREATE TABLE process (pid INTEGER PRIMARY KEY, name TEXT, state TEXT, threads INTEGER, memory_kb INTEGER, started INTEGER, uid INTEGER);
    CREATE TABLE package (name TEXT PRIMARY KEY, version TEXT, section TEXT, installed_kb INTEGER, essential BOOLEAN, installed DATETIME);
    CREATE TABLE package_log (at DATETIME, level TEXT, action TEXT, package TEXT, message TEXT);
    CREATE TABLE user (name TEXT PRIMARY KEY, uid INTEGER, shell TEXT);
    CREATE VIEW shell AS SELECT shell, count(*) AS users FROM user GROUP BY shell ORDER BY users DESC, shell;
    CREATE TABLE benchmark (name TEXT, measured INTEGER, median_ns REAL, source TEXT, UNIQUE (name, measured));
    CREATE INDEX process_started ON process (started);
    CREATE INDEX package_log_at ON package_log (at);";

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: demo_database FILE");
        return ExitCode::FAILURE;
    };
    match write(&file) {
        Ok(counts) => {
            println!("{}: {counts}", file.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}

/// Writes beside the file first, so that whoever reads the old one meanwhile is not disturbed.
fn write(file: &Path) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let new = file.with_extension("new");
    let _ = fs::remove_file(&new);
    let mut connection = Connection::open(&new)?;
    connection.execute_batch(TABLES)?;
    let all = connection.transaction()?;
    let counts = [
        ("processes", processes(&all)?),
        ("packages", packages(&all)?),
        ("lines of dpkg's log", package_log(&all)?),
        ("users", users(&all)?),
        ("benchmark figures", benchmarks(&all, file)?),
    ];
    all.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    fs::rename(&new, file)?;
    let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    Ok(counts.join(", "))
}

fn processes(database: &Connection) -> Result<usize> {
    let boot: i64 = fs::read_to_string("/proc/stat")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
        .unwrap_or_default();
    let mut insert = database.prepare("INSERT OR REPLACE INTO process VALUES (?, ?, ?, ?, ?, ?, ?)")?;
    let mut count = 0;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i64>().ok()) else {
            continue;
        };
        // A process may end at any moment; then it is not there.
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::trim)
                .unwrap_or_default()
        };
        let first =
            |name: &str| field(name).split_whitespace().next().and_then(|text| text.parse::<i64>().ok());
        let started = fs::read_to_string(entry.path().join("stat")).ok().and_then(|stat| {
            // The name may hold blanks and brackets, so fields are counted from its last bracket: the 22nd is the start.
            let ticks: i64 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
            Some(boot + ticks / 100)
        });
        insert.execute(params![
            pid,
            field("Name"),
            field("State"),
            first("Threads"),
            first("VmRSS"),
            started,
            first("Uid")
        ])?;
        count += 1;
    }
    Ok(count)
}

fn packages(database: &Connection) -> Result<usize> {
    let status = fs::read_to_string("/var/lib/dpkg/status").unwrap_or_default();
    let mut insert = database
        .prepare("INSERT OR REPLACE INTO package VALUES (?, ?, ?, ?, ?, datetime(?, 'unixepoch'))")?;
    let mut count = 0;
    for paragraph in status.split("\n\n") {
        let fields: BTreeMap<&str, &str> = paragraph
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split_once(": "))
            .collect();
        let Some(name) = fields.get("Package") else { continue };
        if !fields.get("Status").is_some_and(|status| status.ends_with(" installed")) {
            continue;
        }
        let architecture = fields.get("Architecture").copied().unwrap_or_default();
        let lists = [format!("{name}.list"), format!("{name}:{architecture}.list")];
        let installed = lists.iter().find_map(|list| {
            let changed = fs::metadata(Path::new("/var/lib/dpkg/info").join(list)).ok()?.modified().ok()?;
            i64::try_from(changed.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
        });
        insert.execute(params![
            name,
            fields.get("Version"),
            fields.get("Section"),
            fields.get("Installed-Size").and_then(|size| size.parse::<i64>().ok()),
            fields.get("Essential") == Some(&"yes"),
            installed
        ])?;
        count += 1;
    }
    Ok(count)
}

/// Lines such as `2026-01-31 12:00:00 install curl:amd64 <none> 7.88.1`.
fn package_log(database: &Connection) -> Result<usize> {
    let log = fs::read_to_string("/var/log/dpkg.log").unwrap_or_default();
    let mut insert = database.prepare("INSERT INTO package_log VALUES (?, ?, ?, ?, ?)")?;
    let mut count = 0;
    for line in log.lines() {
        let parts: Vec<&str> = line.splitn(4, ' ').collect();
        let [day, time, action, rest] = parts.as_slice() else { continue };
        let level = match *action {
            "install" | "upgrade" => "info",
            "remove" | "purge" => "warning",
            _ => "debug",
        };
        let package = rest.split(' ').find(|word| word.contains(':'));
        insert.execute(params![
            format!("{day} {time}"),
            level,
            action,
            package,
            format!("{action} {rest}")
        ])?;
        count += 1;
    }
    Ok(count)
}

fn users(database: &Connection) -> Result<usize> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut insert = database.prepare("INSERT OR REPLACE INTO user VALUES (?, ?, ?)")?;
    let mut count = 0;
    for line in passwd.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, .., shell] = fields.as_slice() else { continue };
        insert.execute(params![name, uid.parse::<i64>().ok(), shell])?;
        count += 1;
    }
    Ok(count)
}

/// The figures of the document, of criterion's last two runs, and of the database that is replaced.
fn benchmarks(database: &Connection, file: &Path) -> Result<usize> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md");
    let mut figures = written(database, &fs::read_to_string(document).unwrap_or_default())?;
    let criterion = file.parent().unwrap_or(Path::new(".")).join("criterion");
    run_by_criterion(&criterion, 0, &mut figures);
    figures.extend(remembered(file).unwrap_or_default());
    let mut insert = database.prepare("INSERT OR IGNORE INTO benchmark VALUES (?, ?, ?, ?)")?;
    let mut count = 0;
    for Figure { name, measured, median_ns, source } in figures {
        count += insert.execute(params![name, measured, median_ns, source])?;
    }
    Ok(count)
}

struct Figure {
    name: String,
    /// Seconds since 1970; of the document only the day is known.
    measured: i64,
    median_ns: f64,
    source: String,
}

/// Rows of the tables whose second column is called `median`, each with the last date before it.
fn written(database: &Connection, document: &str) -> Result<Vec<Figure>> {
    let mut day = database.prepare("SELECT unixepoch(?)")?;
    // SQLite takes other texts for moments too, a plain number for one.
    let is_day = |word: &&str| word.len() == 10 && word.matches('-').count() == 2;
    let mut day = |word: &str| day.query_row([word], |row| row.get::<_, Option<i64>>(0)).ok().flatten();
    let (mut measured, mut in_table, mut figures) = (None, false, Vec::new());
    for line in document.lines() {
        let Some(row) = line.strip_prefix("| ") else {
            in_table &= line.starts_with('|');
            let words = line.split([' ', ',', ';']).map(|word| word.trim_end_matches('.'));
            measured = words.filter(is_day).filter_map(&mut day).last().or(measured);
            continue;
        };
        let mut cells = row.split(" | ");
        let (Some(name), Some(median)) = (cells.next(), cells.next()) else { continue };
        if median.trim_end_matches('|').trim() == "median" {
            in_table = true;
        } else if let (true, Some(measured), Some(median_ns)) = (in_table, measured, nanoseconds(median)) {
            let (name, source) = (name.to_owned(), "docs/benchmarks.md".to_owned());
            figures.push(Figure { name, measured, median_ns, source });
        }
    }
    Ok(figures)
}

/// `4.88 ms`, as criterion writes it.
fn nanoseconds(text: &str) -> Option<f64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let factor = match unit {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

/// `<bench>/…/new` is criterion's last run, `base` the one that it was compared with.
fn run_by_criterion(folder: &Path, depth: usize, figures: &mut Vec<Figure>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let run = matches!(entry.file_name().to_str(), Some("new" | "base"));
        if run && let Some(figure) = of_criterion(&path) {
            figures.push(figure);
        } else if depth < 5 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            run_by_criterion(&path, depth + 1, figures);
        }
    }
}

fn of_criterion(run: &Path) -> Option<Figure> {
    let read = |name: &str| -> Option<serde_json::Value> {
        serde_json::from_slice(&fs::read(run.join(name)).ok()?).ok()
    };
    let written = fs::metadata(run.join("estimates.json")).ok()?.modified().ok()?;
    Some(Figure {
        name: read("benchmark.json")?.get("full_id")?.as_str()?.to_owned(),
        measured: i64::try_from(written.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?,
        median_ns: read("estimates.json")?.get("median")?.get("point_estimate")?.as_f64()?,
        source: "cargo bench".to_owned(),
    })
}

/// What the database that is replaced knows of `cargo bench`; criterion forgets all but two runs.
fn remembered(file: &Path) -> Result<Vec<Figure>> {
    let old = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select =
        old.prepare("SELECT name, measured, median_ns, source FROM benchmark WHERE source = 'cargo bench'")?;
    let rows = select.query_map([], |row| {
        Ok(Figure { name: row.get(0)?, measured: row.get(1)?, median_ns: row.get(2)?, source: row.get(3)? })
    })?;
    rows.collect()
}
