//! The name of a Live channel: `scope/namespace/path`.

use std::fmt;
use std::str::FromStr;

/// A Live channel. All three parts are non-empty; the whole is at most [`MAX_LENGTH`](Self::MAX_LENGTH) bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel {
    scope: String,
    namespace: String,
    path: String,
}

impl Channel {
    /// The most bytes that a channel's name may have.
    pub const MAX_LENGTH: usize = 160;
    /// The scope of the server itself.
    pub const GRAFANA: &str = "grafana";
    /// The scope of app and panel plugins; the namespace is the plugin's id.
    pub const PLUGIN: &str = "plugin";
    /// The scope of data sources; the namespace is the data source's uid.
    pub const DATA_SOURCE: &str = "ds";
    /// The scope of streams that are pushed in.
    pub const STREAM: &str = "stream";
    /// The scope of watched resources.
    pub const WATCH: &str = "watch";

    /// A channel by its parts.
    ///
    /// # Errors
    /// Empty parts, characters that aren't allowed, or too long a name.
    pub fn new(
        scope: impl Into<String>,
        namespace: impl Into<String>,
        path: impl Into<String>,
    ) -> Result<Self, ChannelError> {
        let channel = Self { scope: scope.into(), namespace: namespace.into(), path: path.into() };
        let length = channel.scope.len() + channel.namespace.len() + channel.path.len() + 2;
        if length > Self::MAX_LENGTH {
            return Err(ChannelError::TooLong { length });
        }
        check("scope", &channel.scope, is_name)?;
        check("namespace", &channel.namespace, is_name)?;
        check("path", &channel.path, |byte| is_name(byte) || matches!(byte, b'/' | b'='))?;
        Ok(channel)
    }

    /// The channel of a path of a data source.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_data_source(uid: &str, path: &str) -> Result<Self, ChannelError> {
        Self::new(Self::DATA_SOURCE, uid, path)
    }

    /// The channel of a path of a plugin.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_plugin(id: &str, path: &str) -> Result<Self, ChannelError> {
        Self::new(Self::PLUGIN, id, path)
    }

    /// Reads `scope/namespace/path`; the path may have further slashes.
    ///
    /// # Errors
    /// Missing parts, and what [`new`](Self::new) refuses.
    pub fn parse(text: &str) -> Result<Self, ChannelError> {
        let mut parts = text.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(scope), Some(namespace), Some(path)) => Self::new(scope, namespace, path),
            _ => Err(ChannelError::Parts { found: crate::error::cut(text) }),
        }
    }

    /// Who serves the channel: one of the constants, or another word.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Which of them: a data source's uid, a plugin's id.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The rest, which the server of the channel interprets.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scope, self.namespace, self.path)
    }
}

impl FromStr for Channel {
    type Err = ChannelError;

    fn from_str(text: &str) -> Result<Self, ChannelError> {
        Self::parse(text)
    }
}

/// A text that doesn't name a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// There are fewer than three parts.
    #[error("live channel: found {found:?}, expected scope/namespace/path")]
    Parts {
        /// The text; long ones are cut.
        found: String,
    },
    /// The name is too long.
    #[error("live channel: found {length} bytes, the limit is {}", Channel::MAX_LENGTH)]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// A part is empty.
    #[error("live channel: the {part} is empty")]
    Empty {
        /// Which part.
        part: &'static str,
    },
    /// A part holds a character that isn't allowed.
    #[error(
        "live channel: found {character:?} in the {part}, expected ASCII letters, digits, _ - . (and / = in a path)"
    )]
    Character {
        /// Which part.
        part: &'static str,
        /// The character.
        character: char,
    },
}

fn check(part: &'static str, text: &str, allowed: impl Fn(u8) -> bool) -> Result<(), ChannelError> {
    if text.is_empty() {
        return Err(ChannelError::Empty { part });
    }
    let wrong = |character: &char| !u8::try_from(*character).is_ok_and(&allowed);
    match text.chars().find(wrong) {
        Some(character) => Err(ChannelError::Character { part, character }),
        None => Ok(()),
    }
}

/// Servers write the letters as the range `A-z`, which lets the six characters between `Z` and `a` pass.
const fn is_name(byte: u8) -> bool {
    matches!(byte, b'A'..=b'z' | b'0'..=b'9' | b'-' | b'.')
}
