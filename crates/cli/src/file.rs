//! Files: read whole (or standard input for `-`), written so that a failure leaves what was there.
//!
//! It deliberately knows no format.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// No file above this size is read: what comes in is held in memory.
pub(crate) const MAX_FILE: u64 = 2 * 1024 * 1024 * 1024;

/// Reads a file; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        return read_within(io::stdin().lock(), "standard input");
    }
    let name = path.display().to_string();
    let file =
        File::open(path).map_err(|cause| Failure::file(format!("{name} can't be opened")).because(cause))?;
    read_within(file, &name)
}

fn read_within(source: impl io::Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source
        .take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|cause| Failure::file(format!("{name} can't be read")).because(cause))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Failure::file(format!("{name} is larger than {MAX_FILE} bytes, the limit")));
    }
    Ok(bytes)
}

/// Reads an argument that is text itself, or `@FILE` (`@-` is standard input).
pub(crate) fn text_or_file(argument: &str) -> Result<Vec<u8>, Failure> {
    match argument.strip_prefix('@') {
        Some(path) => read(Path::new(path)),
        None => Ok(argument.as_bytes().to_vec()),
    }
}

/// Writes a file. An older file of that name is replaced at once by the whole new one, or stays.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |cause| Failure::file(format!("{} can't be written", path.display())).because(cause);
    // Devices and pipes can't be replaced, only written to.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return File::options()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(failed);
    }
    replace(path, bytes).map_err(failed)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match target.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.prefix(".graftwire-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(target).map(drop).map_err(|error| error.error)
}
