//! What a host says to a plugin through the environment.

use std::fmt;

/// The environment variable that says "a host started me".
pub const COOKIE_KEY: &str = "grafana_plugin_type";
/// Its value, for every kind of plugin.
pub const COOKIE_VALUE: &str = "datasource";

const VERSIONS: &str = "PLUGIN_PROTOCOL_VERSIONS";
const MIN_PORT: &str = "PLUGIN_MIN_PORT";
const MAX_PORT: &str = "PLUGIN_MAX_PORT";
const SOCKET_DIR: &str = "PLUGIN_UNIX_SOCKET_DIR";
const SOCKET_GROUP: &str = "PLUGIN_UNIX_SOCKET_GROUP";
const MULTIPLEX: &str = "PLUGIN_MULTIPLEX_GRPC";
const CLIENT_CERT: &str = "PLUGIN_CLIENT_CERT";

/// How many entries of a version list are read. No host offers more than a few.
const MAX_VERSIONS: usize = 256;

/// What the host offers and asks for.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HostOffer {
    /// App protocol versions the host speaks, in the order sent, each once.
    pub versions: Vec<u32>,
    /// Entries of the version list that are no version; worth a note, never an error.
    pub rejected_versions: Vec<String>,
    /// Ports for a TCP listener.
    pub ports: PortRange,
    /// Directory for socket files; `None` = the system's temporary directory.
    pub socket_dir: Option<String>,
    /// Group (name or number) that gets the socket file.
    pub socket_group: Option<String>,
    /// Whether the host asks for multiplexed broker connections.
    pub multiplex: Multiplex,
    /// The host's client certificate in PEM: it wants TLS.
    pub client_cert: Option<String>,
}

impl fmt::Debug for HostOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostOffer")
            .field("versions", &self.versions)
            .field("ports", &self.ports)
            .field("socket_dir", &self.socket_dir)
            .field("socket_group", &self.socket_group)
            .field("multiplex", &self.multiplex)
            .field("client_cert", &self.client_cert.as_ref().map(|pem| format!("<{} bytes>", pem.len())))
            .finish_non_exhaustive()
    }
}

/// Ports that a TCP listener may take, tried in ascending order on the loopback address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PortRange {
    /// The first port; 0 (with `max` 0) = any free port.
    pub min: u16,
    /// The last port.
    pub max: u16,
}

/// Whether the host asks for broker connections over the first connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Multiplex {
    /// The variable is there at all: the line gets its seventh field.
    pub announced: bool,
    /// It is on.
    pub wanted: bool,
}

/// Why a process can't start as a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// Nobody, or somebody else, started the process.
    #[error("{COOKIE_KEY} is {}, expected {COOKIE_VALUE:?}: this process was not started by a plugin host", found.as_ref().map_or("not set".to_owned(), |value| format!("{value:?}")))]
    NotStartedByHost {
        /// The cookie's value, if there was one.
        found: Option<String>,
    },
    /// A port is no port.
    #[error("{key} is {found:?}, expected a port number from 0 to 65535")]
    BadPort {
        /// Which variable.
        key: &'static str,
        /// Its value.
        found: String,
    },
    /// The port range is empty.
    #[error("{MIN_PORT} is {min}, above {MAX_PORT}, which is {max}")]
    EmptyPortRange {
        /// The first port.
        min: u16,
        /// The last port.
        max: u16,
    },
}

/// Reads the host's offer through a lookup of environment variables.
///
/// # Errors
/// [`HandshakeError::NotStartedByHost`] before anything else is looked at; the port errors afterwards.
pub fn read_offer(lookup: impl Fn(&str) -> Option<String>) -> Result<HostOffer, HandshakeError> {
    let cookie = lookup(COOKIE_KEY);
    if cookie.as_deref() != Some(COOKIE_VALUE) {
        return Err(HandshakeError::NotStartedByHost { found: cookie.map(|value| shortened(&value)) });
    }
    let said = |key| lookup(key).filter(|value| !value.is_empty());
    let (versions, rejected_versions) = read_versions(&lookup(VERSIONS).unwrap_or_default());
    let multiplex = said(MULTIPLEX);
    Ok(HostOffer {
        versions,
        rejected_versions,
        ports: read_ports(said(MIN_PORT), said(MAX_PORT))?,
        socket_dir: said(SOCKET_DIR),
        socket_group: said(SOCKET_GROUP),
        multiplex: Multiplex {
            announced: multiplex.is_some(),
            wanted: multiplex.is_some_and(|value| is_go_true(&value)),
        },
        client_cert: said(CLIENT_CERT),
    })
}

/// What a host puts into the environment for an offer: the other direction of [`read_offer`].
#[must_use]
pub fn environment_of(offer: &HostOffer) -> Vec<(&'static str, String)> {
    let versions = offer.versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let mut environment = vec![
        (COOKIE_KEY, COOKIE_VALUE.to_owned()),
        (VERSIONS, versions),
        (MIN_PORT, offer.ports.min.to_string()),
        (MAX_PORT, offer.ports.max.to_string()),
    ];
    if let Some(dir) = &offer.socket_dir {
        environment.push((SOCKET_DIR, dir.clone()));
    }
    if let Some(group) = &offer.socket_group {
        environment.push((SOCKET_GROUP, group.clone()));
    }
    if offer.multiplex.announced {
        environment.push((MULTIPLEX, offer.multiplex.wanted.to_string()));
    }
    if let Some(pem) = &offer.client_cert {
        environment.push((CLIENT_CERT, pem.clone()));
    }
    environment
}

fn read_versions(list: &str) -> (Vec<u32>, Vec<String>) {
    let (mut versions, mut rejected) = (Vec::new(), Vec::new());
    for entry in list.split(',').take(MAX_VERSIONS).map(str::trim).filter(|entry| !entry.is_empty()) {
        match entry.parse() {
            Ok(version) if !versions.contains(&version) => versions.push(version),
            Ok(_) => {}
            Err(_) => rejected.push(shortened(entry)),
        }
    }
    (versions, rejected)
}

fn read_ports(min: Option<String>, max: Option<String>) -> Result<PortRange, HandshakeError> {
    let port = |key, value: Option<String>| match value {
        None => Ok(0),
        Some(text) => text.parse().map_err(|_| HandshakeError::BadPort { key, found: shortened(&text) }),
    };
    let (min, max) = (port(MIN_PORT, min)?, port(MAX_PORT, max)?);
    if min > max { Err(HandshakeError::EmptyPortRange { min, max }) } else { Ok(PortRange { min, max }) }
}

/// The texts that Go reads as true.
fn is_go_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True")
}

fn shortened(text: &str) -> String {
    const MOST: usize = 64;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}
