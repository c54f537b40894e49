//! Patterns → files with their history.
//!
//! Rotation renames a file and begins a new one: `app.log`, `app.log.1`, `app.log.2.gz`, `app.log-20261124.zst`. All of
//! them are one stream to a reader, so they are put together as one family under the name of the living file. It
//! deliberately opens nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::ReadError;
use super::roots::Roots;

/// The most files that patterns may find; a pattern that finds more is most likely wrong.
pub const MAX_FILES: usize = 10_000;

/// `*` stays within a folder, as where files are looked for.
const WITHIN: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A file and its history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The living file's path, whether or not it is there at this moment.
    pub name: PathBuf,
    /// The files.
    pub members: Vec<Member>,
}

/// One file of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where it lies.
    pub path: PathBuf,
    /// How it is packed.
    pub packing: Packing,
    /// Bytes on the disk.
    pub size: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub written: i64,
    /// Which file it is, whatever its name: device and inode. `None` where systems have no such numbers.
    pub identity: Option<(u64, u64)>,
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
}

/// What patterns found, and what is worth saying about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The families by name.
    pub families: Vec<Family>,
    /// What was left out, and why.
    pub notices: Vec<String>,
}

/// Checks patterns: absolute, understood, and inside of the roots.
///
/// # Errors
/// The first one that isn't.
pub fn check(patterns: &[String], roots: &Roots) -> Result<(), ReadError> {
    for pattern in patterns {
        let wrong = |expected| ReadError::Setting { what: "paths", found: pattern.clone(), expected };
        glob::Pattern::new(pattern).map_err(|_| wrong("a path with `*`, `?`, `**` or `[…]` as wildcards"))?;
        let fixed: PathBuf = Path::new(pattern)
            .components()
            .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
            .collect();
        if !fixed.is_absolute() || !roots.covers(&fixed) {
            return Err(wrong("an absolute path inside of one of the `roots`, without `..`"));
        }
    }
    Ok(())
}

/// Looks for the files of patterns, with the history of each.
#[must_use]
pub fn find(patterns: &[String], roots: &Roots) -> Found {
    let mut found = Found::default();
    let mut names: BTreeMap<PathBuf, ()> = BTreeMap::new();
    'patterns: for pattern in patterns {
        let Ok(paths) = glob::glob(pattern) else { continue };
        // A folder that can't be listed is worth no notice: patterns such as `/var/log/**` meet many.
        let alive = glob::Pattern::new(pattern).ok();
        // Between the renaming of a living file and the next one, only its history is there.
        let histories = glob::glob(&format!("{pattern}[.-]*")).into_iter().flatten().flatten();
        let histories = histories.filter(|path| {
            let (Some(alive), Some((name, _))) = (&alive, parse(path)) else { return false };
            alive.matches_path_with(&name, WITHIN)
        });
        for path in paths.flatten().chain(histories).filter(|path| roots.covers(path)) {
            if names.len() >= MAX_FILES {
                found.notices.push(format!(
                    "the paths match more than {MAX_FILES} files; the rest was left out, choose narrower patterns"
                ));
                break 'patterns;
            }
            if let Some((name, _)) = parse(&path) {
                names.insert(name, ());
            }
        }
    }
    let mut folders: BTreeMap<PathBuf, Vec<Member>> = BTreeMap::new();
    for name in names.into_keys() {
        let folder = name.parent().map(Path::to_path_buf).unwrap_or_default();
        let listed = folders.entry(folder.clone()).or_insert_with(|| list(&folder));
        let members = listed.iter().filter(|member| belongs(&member.path, &name)).cloned().collect();
        let mut members = once_each(members, &name);
        // The living file is last, whatever the clock of the file system says.
        members.sort_by_key(|member| {
            (member.path == name, member.written, std::cmp::Reverse(age(&member.path)))
        });
        if !members.is_empty() {
            found.families.push(Family { name, members });
        }
    }
    found
}

/// Leaves out files that are there twice: under another name too (a link, or renamed while the folder was listed), or
/// packed beside themselves, as rotation does before it removes what it packed.
fn once_each(mut members: Vec<Member>, name: &Path) -> Vec<Member> {
    members.sort_by_key(|member| member.path != name);
    let plain: HashSet<PathBuf> = members
        .iter()
        .filter(|member| member.packing == Packing::Plain)
        .map(|member| member.path.clone())
        .collect();
    let mut seen = HashSet::new();
    members.retain(|member| {
        let is_copy = member.packing != Packing::Plain && plain.contains(&member.path.with_extension(""));
        !is_copy && member.identity.is_none_or(|identity| seen.insert(identity))
    });
    members
}

/// Whether two looks at the same patterns saw the same files, whatever their names were.
#[must_use]
pub fn same_files(one: &Found, other: &Found) -> bool {
    let files = |found: &Found| -> BTreeSet<(u64, u64)> {
        found
            .families
            .iter()
            .flat_map(|family| &family.members)
            .filter_map(|member| member.identity)
            .collect()
    };
    files(one) == files(other)
}

fn belongs(path: &Path, name: &Path) -> bool {
    parse(path).is_some_and(|(family, _)| family == name)
}

/// Regular files of a folder, links to files included.
fn list(folder: &Path) -> Vec<Member> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| member(entry.path())).collect()
}

/// A file as it is now; `None` when it is gone, or no file.
#[must_use]
pub fn member(path: PathBuf) -> Option<Member> {
    let about = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
    let written = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    let (_, packing) = parse(&path)?;
    let written = i64::try_from(written).unwrap_or(i64::MAX);
    Some(Member { path, packing, size: about.len(), written, identity: identity(&about) })
}

/// Device and inode.
#[cfg(unix)]
#[must_use]
pub fn identity(about: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((about.dev(), about.ino()))
}

/// Without unstable parts of the standard library there are no such numbers.
#[cfg(not(unix))]
#[must_use]
pub fn identity(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// The living file's path and the packing, from a file's name alone.
fn parse(path: &Path) -> Option<(PathBuf, Packing)> {
    let name = path.file_name()?.to_str()?;
    let (rest, packing) = match name.rsplit_once('.') {
        Some((rest, "gz")) => (rest, Packing::Gzip),
        Some((rest, "zst")) => (rest, Packing::Zstd),
        _ => (name, Packing::Plain),
    };
    Some((path.with_file_name(living(rest)), packing))
}

/// A name without what rotation adds: `.3`, `-20261124`, `-2026-11-24`, `.2026-11-24`, `-20261124-1795480000`.
fn living(name: &str) -> &str {
    let Some(at) = name.rfind(|mark: char| mark != '-' && !mark.is_ascii_digit()) else { return name };
    // Either a point begins the ending, or a dash within it does.
    let (stem, ending) = match name.split_at_checked(at) {
        Some((stem, ending)) if ending.starts_with('.') => (stem, ending.trim_start_matches('.')),
        _ => match name.get(at..).and_then(|tail| tail.find('-')) {
            Some(dash) => {
                (name.get(..at + dash).unwrap_or(name), name.get(at + dash + 1..).unwrap_or_default())
            }
            None => return name,
        },
    };
    let is_number =
        !ending.is_empty() && ending.len() <= 4 && ending.bytes().all(|byte| byte.is_ascii_digit());
    let is_date = ending.bytes().filter(u8::is_ascii_digit).count() >= 8;
    let by_point = name.get(stem.len()..).is_some_and(|tail| tail.starts_with('.'));
    if !stem.is_empty() && (is_date || (is_number && by_point)) { stem } else { name }
}

/// The number of a rotated file: `app.log.2` is older than `app.log.1`.
fn age(path: &Path) -> u32 {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    name.rsplit_once('.').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
