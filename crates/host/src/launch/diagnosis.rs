//! The system's refusal to start a file → the [`LaunchError`] that names cause and cure.
//!
//! It deliberately works after the fact, from the file itself, since one error number has many causes.

use std::io;
use std::path::{Path, PathBuf};

use super::error::LaunchError;
use super::program::Program;

/// Why the system refused.
pub(super) fn of_spawn(path: &Path, working_dir: Option<&Path>, source: io::Error) -> LaunchError {
    if let Some(folder) = working_dir
        && let Err(source) = std::fs::read_dir(folder)
    {
        return LaunchError::WorkingDirectory { folder: folder.to_owned(), source };
    }
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => not_found(path, source),
        io::ErrorKind::PermissionDenied => permission_denied(path, source),
        io::ErrorKind::ExecutableFileBusy => LaunchError::Busy { path },
        _ if is_exec_format(&source) => exec_format(path, source),
        _ => LaunchError::Spawn { path, source },
    }
}

/// ENOEXEC everywhere, EBADARCH on macOS, ERROR_BAD_EXE_FORMAT on Windows.
fn is_exec_format(error: &io::Error) -> bool {
    matches!((cfg!(windows), error.raw_os_error()), (false, Some(8 | 86)) | (true, Some(193)))
}

fn not_found(path: PathBuf, source: io::Error) -> LaunchError {
    match Program::of_file(&path) {
        Ok(Program::Native { loader: Some(loader), .. }) if !loader.exists() => {
            LaunchError::MissingLoader { path, loader }
        }
        Ok(Program::Script { interpreter }) if !interpreter.exists() => {
            LaunchError::MissingInterpreter { path, interpreter }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => LaunchError::NotFound { path },
        _ => LaunchError::Spawn { path, source },
    }
}

fn permission_denied(path: PathBuf, source: io::Error) -> LaunchError {
    let Ok(metadata) = std::fs::metadata(&path) else {
        return LaunchError::Forbidden { path, mode: 0, source };
    };
    if metadata.is_dir() {
        return LaunchError::NotAProgram { path, found: Program::Folder };
    }
    let mode = mode_of(&metadata);
    if mode & 0o111 == 0 {
        return LaunchError::NotExecutable { path, mode };
    }
    LaunchError::Forbidden { path, mode, source }
}

fn exec_format(path: PathBuf, source: io::Error) -> LaunchError {
    match Program::of_file(&path) {
        Ok(found) if found.is_foreign() => LaunchError::WrongArchitecture { path, found },
        Ok(found) => LaunchError::NotAProgram { path, found },
        Err(_) => LaunchError::Spawn { path, source },
    }
}

#[cfg(unix)]
fn mode_of(metadata: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777
}

#[cfg(not(unix))]
fn mode_of(_metadata: &std::fs::Metadata) -> u32 {
    0o777
}
