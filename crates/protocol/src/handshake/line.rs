//! The one line that a plugin prints: `CORE|APP|NETWORK|ADDRESS|PROTOCOL|SERVERCERT[|MUX]`.

use std::fmt;

use super::CORE_VERSION;

/// The longest line a host reads.
const MAX_LINE: usize = 64 * 1024;
/// Certificates are longer than this; shorter texts in that field are not taken for one.
const MIN_CERT: usize = 50;

/// The content of a handshake line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeLine {
    /// The negotiated app protocol version, as a number: a host may meet versions it doesn't speak.
    pub version: u32,
    /// Where the plugin listens.
    pub network: Network,
    /// Socket path or `host:port`.
    pub address: String,
    /// The plugin's certificate: DER in base64 without padding; `None` = no TLS.
    pub server_cert: Option<String>,
    /// Whether broker connections can share the first connection; `None` = not said.
    pub multiplex: Option<bool>,
}

/// The kind of address in a handshake line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    /// A unix socket file.
    Unix,
    /// A TCP address.
    Tcp,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unix => "unix",
            Self::Tcp => "tcp",
        })
    }
}

impl fmt::Display for HandshakeLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cert = self.server_cert.as_deref().unwrap_or_default();
        write!(f, "{CORE_VERSION}|{}|{}|{}|grpc|{cert}", self.version, self.network, self.address)?;
        match self.multiplex {
            Some(multiplex) => write!(f, "|{multiplex}"),
            None => Ok(()),
        }
    }
}

/// Why a line is no handshake line that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Not of the line's shape at all.
    #[error(
        "unrecognized remote plugin message: {line:?}; expected CORE|APP|NETWORK|ADDRESS|grpc as the first line on standard output"
    )]
    Unrecognized {
        /// The line, cut.
        line: String,
    },
    /// Another generation of go-plugin.
    #[error(
        "incompatible core API version with plugin: plugin version {found:?}, core version {CORE_VERSION}"
    )]
    CoreVersion {
        /// What the plugin said.
        found: String,
    },
    /// A version that is no number.
    #[error("app protocol version {found:?} is not a number")]
    BadVersion {
        /// What the plugin said.
        found: String,
    },
    /// A network that is neither unix nor tcp.
    #[error("unknown address type {found:?}; expected unix or tcp")]
    UnknownNetwork {
        /// What the plugin said.
        found: String,
    },
    /// Something other than gRPC.
    #[error("unsupported plugin protocol {found:?}; supported: grpc")]
    UnsupportedProtocol {
        /// What the plugin said; a missing field counts as `netrpc`.
        found: String,
    },
}

/// Reads a handshake line as go-plugin hosts do. Whether the version is one that was offered is the host's question.
///
/// # Errors
/// The first field that can't be used, in the order of the line.
pub fn parse_line(line: &str) -> Result<HandshakeLine, LineError> {
    let trimmed = line.trim();
    let fields: Vec<&str> = trimmed.split('|').collect();
    let (&[core, version, network, address, ref rest @ ..], true) =
        (fields.as_slice(), line.len() <= MAX_LINE)
    else {
        return Err(LineError::Unrecognized { line: cut(trimmed) });
    };
    if core.parse() != Ok(CORE_VERSION) {
        // Text with bars in it is no line of another generation.
        return Err(if core.parse::<u32>().is_ok() {
            LineError::CoreVersion { found: cut(core) }
        } else {
            LineError::Unrecognized { line: cut(trimmed) }
        });
    }
    let version = version.parse().map_err(|_| LineError::BadVersion { found: cut(version) })?;
    let network = match network {
        "unix" => Network::Unix,
        "tcp" => Network::Tcp,
        other => return Err(LineError::UnknownNetwork { found: cut(other) }),
    };
    match rest.first().copied().unwrap_or("netrpc") {
        "grpc" => {}
        other => return Err(LineError::UnsupportedProtocol { found: cut(other) }),
    }
    Ok(HandshakeLine {
        version,
        network,
        address: address.to_owned(),
        server_cert: rest.get(1).filter(|cert| cert.len() > MIN_CERT).map(|cert| (*cert).to_owned()),
        multiplex: rest.get(2).map(|field| *field == "true"),
    })
}

fn cut(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}… ({} bytes in all)", text.get(..at).unwrap_or_default(), text.len()),
    }
}
