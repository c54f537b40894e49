//! The directory in which a plugin puts its socket, removed with everything in it when dropped.
//!
//! It deliberately is made for each start anew: what a killed plugin left can't disturb the next one.

use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::error::LaunchError;
use super::options::SocketDirectory;

/// Bytes a Unix socket's path may have on this system, without the closing zero byte.
const MAX_SOCKET_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
/// Bytes a plugin adds: `/plugin` and a random number of up to ten digits, and some room for other SDKs.
const SOCKET_NAME: usize = 24;
/// What a group needs to find the plugin's socket, and the plugin to make it.
const GROUP_MODE: u32 = 0o770;

/// The directory of one start; `None` if the plugin chooses.
pub(super) fn make(choice: &SocketDirectory, group: Option<&str>) -> Result<Option<TempDir>, LaunchError> {
    match choice {
        SocketDirectory::PluginsChoice => Ok(None),
        SocketDirectory::Private => private_below(&std::env::temp_dir(), group).map(Some),
        SocketDirectory::PrivateBelow(parent) => private_below(parent, group).map(Some),
    }
}

fn private_below(parent: &Path, group: Option<&str>) -> Result<TempDir, LaunchError> {
    let made = create(parent).map_err(|source| LaunchError::SocketDirectory {
        reason: format!("none can be made below {}", parent.display()),
        source: Some(source),
    })?;
    let length = made.path().as_os_str().len() + SOCKET_NAME;
    if cfg!(unix) && length > MAX_SOCKET_PATH {
        let reason = format!(
            "{} is so long that a socket in it would have a path of {length} bytes, the system allows {MAX_SOCKET_PATH}",
            made.path().display()
        );
        return Err(LaunchError::SocketDirectory { reason, source: None });
    }
    if let Some(group) = group {
        graftwire_transport::give_to_group(made.path(), group, GROUP_MODE).map_err(|source| {
            let reason = format!("{} can't be shared with a group", made.path().display());
            LaunchError::SocketDirectory { reason, source: Some(io::Error::other(source)) }
        })?;
    }
    Ok(made)
}

fn create(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("plugin-dir").rand_bytes(10);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}
