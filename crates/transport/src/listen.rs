//! Where a plugin listens: a unix socket file, or a loopback TCP port on systems without.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;

use graftwire_protocol::handshake::{HostOffer, Network, PortRange};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use crate::Connection;
use crate::group::GroupError;
#[cfg(unix)]
use crate::group::give_to_group;
use crate::stream::with_host;

/// What to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindOptions {
    /// A unix socket file.
    Unix {
        /// Its directory; `None` = the system's temporary directory.
        dir: Option<String>,
        /// A group (name or number) that gets the file; its mode becomes 0660.
        group: Option<String>,
    },
    /// The first free port of a range on 127.0.0.1; the range 0–0 means any.
    Tcp(PortRange),
    /// One TCP address, `host:port`. Without a host it is 127.0.0.1, with port 0 any free one.
    Address(String),
}

impl BindOptions {
    /// What go-plugin listens on for a host's offer: a unix socket file where the system has them.
    #[must_use]
    pub fn for_offer(offer: &HostOffer) -> Self {
        if cfg!(unix) {
            Self::Unix { dir: offer.socket_dir.clone(), group: offer.socket_group.clone() }
        } else {
            Self::Tcp(offer.ports)
        }
    }
}

/// Why a plugin can't listen. The text names the place and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// No socket file can be made.
    #[error(
        "can't listen on a unix socket in {dir:?}; check that the directory exists and is writable, or set PLUGIN_UNIX_SOCKET_DIR"
    )]
    Unix {
        /// The directory.
        dir: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The path does not fit into a socket address.
    #[error("socket path {path:?} is {} bytes long, the system takes at most {MAX_SOCKET_PATH}; set PLUGIN_UNIX_SOCKET_DIR to a shorter directory", path.len())]
    PathTooLong {
        /// The path.
        path: String,
    },
    /// The socket file can't be given to the group.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// Every port of the range is taken.
    #[error("couldn't bind a TCP listener on 127.0.0.1: no free port from {} to {}", ports.min, ports.max)]
    Tcp {
        /// The range.
        ports: PortRange,
        /// What the system said of the last port tried.
        #[source]
        cause: io::Error,
    },
    /// The address can't be had.
    #[error("can't listen on {address:?}; expected host:port of this machine that no other process has")]
    Address {
        /// The address.
        address: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// This system has no unix sockets.
    #[error("this system has no unix sockets; listen on TCP")]
    NoUnixSockets,
}

/// Room in a socket address, without the closing zero.
const MAX_SOCKET_PATH: usize = 107;
/// What a group needs to connect.
#[cfg(unix)]
const GROUP_MODE: u32 = 0o660;
/// How often a socket name is tried when others are taken.
#[cfg(unix)]
const NAME_TRIES: u32 = 16;

/// A listener that is bound: its address can be announced. Dropping it removes the socket file.
pub struct Bound {
    listener: Listener,
    network: Network,
    address: String,
}

enum Listener {
    #[cfg(unix)]
    Unix(UnixListener, #[allow(dead_code, reason = "its drop removes the file")] SocketFile),
    Tcp(TcpListener),
}

impl Bound {
    /// The kind of address.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The address as a host dials it: socket path or `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next connection.
    ///
    /// # Errors
    /// What the system said; the listener stays usable.
    pub async fn accept(&self) -> io::Result<Connection> {
        match &self.listener {
            #[cfg(unix)]
            Listener::Unix(listener, _) => {
                listener.accept().await.map(|(stream, _)| Connection::unix(stream))
            }
            Listener::Tcp(listener) => {
                listener.accept().await.and_then(|(stream, _)| Connection::tcp(stream))
            }
        }
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("network", &self.network)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Binds a listener. Needs a tokio runtime with I/O.
///
/// # Errors
/// See [`BindError`].
pub async fn bind(options: &BindOptions) -> Result<Bound, BindError> {
    match options {
        #[cfg(unix)]
        BindOptions::Unix { dir, group } => bind_unix(dir.as_deref(), group.as_deref()),
        #[cfg(not(unix))]
        BindOptions::Unix { .. } => Err(BindError::NoUnixSockets),
        BindOptions::Tcp(ports) => bind_tcp(*ports).await,
        BindOptions::Address(address) => bind_address(address).await,
    }
}

async fn bind_address(address: &str) -> Result<Bound, BindError> {
    let failed = |cause| BindError::Address { address: address.to_owned(), cause };
    let listener = TcpListener::bind(with_host(address).as_ref()).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?.to_string();
    Ok(Bound { listener: Listener::Tcp(listener), network: Network::Tcp, address })
}

async fn bind_tcp(ports: PortRange) -> Result<Bound, BindError> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for port in ports.min..=ports.max {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => {
                let address =
                    listener.local_addr().map_err(|cause| BindError::Tcp { ports, cause })?.to_string();
                return Ok(Bound { listener: Listener::Tcp(listener), network: Network::Tcp, address });
            }
            Err(cause) => last = cause,
        }
    }
    Err(BindError::Tcp { ports, cause: last })
}

#[cfg(unix)]
fn bind_unix(dir: Option<&str>, group: Option<&str>) -> Result<Bound, BindError> {
    let dir = dir.map_or_else(std::env::temp_dir, PathBuf::from);
    let (listener, path) = listen_somewhere(&dir)?;
    // From here on every way out removes the file.
    let file = SocketFile(path);
    if let Some(group) = group {
        give_to_group(&file.0, group, GROUP_MODE)?;
    }
    let address = file.0.display().to_string();
    Ok(Bound { listener: Listener::Unix(listener, file), network: Network::Unix, address })
}

#[cfg(unix)]
fn listen_somewhere(dir: &std::path::Path) -> Result<(UnixListener, PathBuf), BindError> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..NAME_TRIES {
        let path = dir.join(format!("plugin{}", random_number()));
        if path.as_os_str().len() > MAX_SOCKET_PATH {
            return Err(BindError::PathTooLong { path: path.display().to_string() });
        }
        match UnixListener::bind(&path) {
            Ok(listener) => return Ok((listener, path)),
            Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => last = cause,
            Err(cause) => return Err(BindError::Unix { dir: dir.display().to_string(), cause }),
        }
    }
    Err(BindError::Unix { dir: dir.display().to_string(), cause: last })
}

/// A number nobody guesses by accident: the standard library's hasher keys come from the system's random source.
#[cfg(unix)]
fn random_number() -> u32 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let hash = std::hash::RandomState::new().build_hasher().finish();
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or_default()
}

/// A socket file that goes with its owner.
#[cfg(unix)]
struct SocketFile(PathBuf);

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone already: cleaners of temporary directories take old sockets away.
        let _ = std::fs::remove_file(&self.0);
    }
}
