//! A group that shares a file: its number from its name, and the file given to it.
//!
//! It deliberately asks no name service: a static build has none, so the group file is read.

use std::fs;
use std::io;
use std::path::Path;

/// Why a group does not get a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The group is not known here.
    #[error("PLUGIN_UNIX_SOCKET_GROUP is {group:?}, which is neither a number nor a name in /etc/group")]
    Unknown {
        /// The group.
        group: String,
    },
    /// The system refuses.
    #[error("can't give {path:?} to group {group:?}; a user may give files to groups they are in")]
    Refused {
        /// The file.
        path: String,
        /// The group.
        group: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
}

/// Gives a file or folder to a group, by name or number, with a mode such as `0o660`.
///
/// # Errors
/// [`GroupError`]; the file may have the group and not the mode then.
#[cfg(unix)]
pub fn give_to_group(path: &Path, group: &str, mode: u32) -> Result<(), GroupError> {
    let number = number_of(group).ok_or_else(|| GroupError::Unknown { group: group.to_owned() })?;
    let refused = |cause: rustix::io::Errno| GroupError::Refused {
        path: path.display().to_string(),
        group: group.to_owned(),
        cause: cause.into(),
    };
    rustix::fs::chown(path, None, Some(rustix::fs::Gid::from_raw(number))).map_err(refused)?;
    rustix::fs::chmod(path, rustix::fs::Mode::from_raw_mode(mode)).map_err(refused)
}

/// Gives a file or folder to a group: there are none here.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn give_to_group(path: &Path, group: &str, _mode: u32) -> Result<(), GroupError> {
    let (path, group) = (path.display().to_string(), group.to_owned());
    Err(GroupError::Refused { path, group, cause: io::ErrorKind::Unsupported.into() })
}

/// The number of a group given by number or by name in `/etc/group`.
fn number_of(group: &str) -> Option<u32> {
    group.parse().ok().or_else(|| find(&fs::read_to_string("/etc/group").ok()?, group))
}

fn find(file: &str, group: &str) -> Option<u32> {
    file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, number) = (fields.next()?, fields.next()?, fields.next()?);
        (name == group).then(|| number.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_found() {
        let file = "root:x:0:\nbroken\n:x:\ngrafana:x:472:a,b\n";
        assert_eq!(find(file, "grafana"), Some(472));
        assert_eq!(find(file, "graf"), None);
        assert_eq!(number_of("1234"), Some(1234));
    }
}
