//! A plugin that somebody else has started, such as one under a debugger: where it is, and the connection to it.
//!
//! It deliberately ends no process and reads no output of one: both belong to whoever started it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use graftwire_protocol::handshake::{AcceptError, HostOffer, Negotiated, Network, accept};
use graftwire_transport::dial;

use crate::LaunchError;
use crate::link::{Link, LinkOptions};
use crate::logs::LogBook;

const ADDRESS_FILE: &str = "standalone.txt";
const PROCESS_FILE: &str = "pid.txt";

/// Where a running plugin is. Read from a text ([`FromStr`]):
///
/// | text | what it is |
/// |---|---|
/// | `127.0.0.1:4000`, `:4000`, `tcp:host:port` | the address of a standalone server |
/// | `unix:/path`, `/path/to/socket` | a socket file |
/// | <code>1\|2\|unix\|/path\|grpc</code> | the handshake line of a plugin that was started by hand |
/// | a folder, or a file `standalone.txt` | what a standalone server wrote there; `dist/` below it is tried too |
///
/// Not possible with AutoMTLS: the plugin trusts the host that started it and nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub(crate) negotiated: Negotiated,
    pub(crate) pid: Option<u32>,
    pub(crate) ends_with_host: bool,
}

/// Why a text leads to no running plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// It is none of the forms.
    #[error(
        "{found:?} is no place of a running plugin; expected host:port, a socket file, a handshake line, or a folder with \
         standalone.txt"
    )]
    Unrecognized {
        /// The text.
        found: String,
    },
    /// No standalone server has written its address there.
    #[error(
        "no standalone.txt in {folder}; start the plugin there with -standalone, or give its address",
        folder = folder.display()
    )]
    NoServer {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The server that wrote its address there has ended without taking the files along.
    #[error("process {pid}, the standalone server in {folder}, has ended; start it anew", folder = folder.display())]
    Gone {
        /// The process.
        pid: u32,
        /// The folder.
        folder: PathBuf,
    },
    /// A handshake line that can't be used.
    #[error("the handshake line can't be used")]
    Line(#[from] AcceptError),
    /// A handshake line with a certificate.
    #[error("a plugin with AutoMTLS trusts the host that started it and nobody else; start it without")]
    Encrypted,
}

impl Attachment {
    /// A plugin at an address, in the highest version of the protocol that this build speaks.
    #[must_use]
    pub fn at(network: Network, address: impl Into<String>) -> Self {
        Self { negotiated: Negotiated::unasked(network, address.into()), pid: None, ends_with_host: false }
    }

    /// The process of the plugin. Its memory can then be shown, and its end is noticed within a second.
    #[must_use]
    pub fn with_pid(mut self, pid: u32) -> Self {
        self.pid = Some(pid);
        self
    }

    /// Whether the plugin is asked to end when the host stops it. Default: no, only the connection ends, as in
    /// go-plugin's test mode.
    #[must_use]
    pub fn ends_with_host(mut self, ends: bool) -> Self {
        self.ends_with_host = ends;
        self
    }

    fn of_folder(folder: &Path) -> Result<Self, AttachError> {
        let built = folder.join("dist");
        let folder = if folder.join(ADDRESS_FILE).exists() || !built.is_dir() { folder } else { &built };
        let address = std::fs::read_to_string(folder.join(ADDRESS_FILE))
            .map_err(|source| AttachError::NoServer { folder: folder.to_owned(), source })?;
        let address = tcp(address.trim()).ok_or(AttachError::Unrecognized { found: address.clone() })?;
        let pid = std::fs::read_to_string(folder.join(PROCESS_FILE)).ok();
        match pid.and_then(|text| text.trim().parse().ok()) {
            Some(pid) if crate::process::is_running(pid) => Ok(address.with_pid(pid)),
            Some(pid) => Err(AttachError::Gone { pid, folder: folder.to_owned() }),
            // Early standalone servers wrote no such file.
            None => Ok(address),
        }
    }

    /// Connects.
    pub(crate) async fn connect(&self, calls: &LinkOptions, book: &LogBook) -> Result<Link, LaunchError> {
        let Negotiated { version, network, address, .. } = &self.negotiated;
        let failed = |source| LaunchError::Attach { place: format!("{network}:{address}"), source };
        let connection = dial(*network, address).await.map_err(|source| failed(source.into()))?;
        // Whoever stops at a breakpoint may be silent for as long as it takes to look.
        let calls = LinkOptions { pulse: None, ..calls.clone() };
        Link::open(connection, *version, &calls, book).await.map_err(|source| failed(source.into()))
    }
}

impl FromStr for Attachment {
    type Err = AttachError;

    fn from_str(text: &str) -> Result<Self, AttachError> {
        let text = text.trim();
        if text.contains('|') {
            return of_line(text);
        }
        if let Some(address) = text.strip_prefix("unix:") {
            return Ok(Self::at(Network::Unix, address));
        }
        let unrecognized = || AttachError::Unrecognized { found: text.to_owned() };
        if let Some(address) = text.strip_prefix("tcp:") {
            return tcp(address).ok_or_else(unrecognized);
        }
        let path = Path::new(text);
        if path.is_dir() {
            return Self::of_folder(path);
        }
        if path.file_name().is_some_and(|name| name == ADDRESS_FILE) {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            return Self::of_folder(folder.unwrap_or(Path::new(".")));
        }
        if path.is_absolute() || path.exists() {
            return Ok(Self::at(Network::Unix, text));
        }
        tcp(text).ok_or_else(unrecognized)
    }
}

impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.negotiated.network, self.negotiated.address)
    }
}

fn of_line(line: &str) -> Result<Attachment, AttachError> {
    let negotiated = accept(line, &HostOffer::of_host())?;
    if negotiated.announced_cert {
        return Err(AttachError::Encrypted);
    }
    Ok(Attachment { negotiated, pid: None, ends_with_host: false })
}

/// `host:port`, where the host may be missing.
fn tcp(address: &str) -> Option<Attachment> {
    let (_, port) = address.rsplit_once(':')?;
    port.parse::<u16>().ok().filter(|port| *port != 0)?;
    Some(Attachment::at(Network::Tcp, address))
}

#[cfg(test)]
mod tests {
    use graftwire_model::error_text;

    use super::*;

    fn read(text: &str) -> String {
        match text.parse::<Attachment>() {
            Ok(place) => place.to_string(),
            Err(error) => error_text(&error),
        }
    }

    #[test]
    fn addresses_lines_and_folders_lead_to_plugins() {
        for (text, wanted) in [
            ("127.0.0.1:4000", "tcp:127.0.0.1:4000"),
            (":4000\n", "tcp::4000"),
            ("tcp:[::1]:4000", "tcp:[::1]:4000"),
            ("unix:relative/socket", "unix:relative/socket"),
            ("/run/plugin1", "unix:/run/plugin1"),
            ("1|2|unix|/run/plugin1|grpc|", "unix:/run/plugin1"),
            ("1|2|tcp|127.0.0.1:10000|grpc", "tcp:127.0.0.1:10000"),
        ] {
            assert_eq!(read(text), wanted);
        }
    }

    #[test]
    fn what_leads_nowhere_says_why() {
        for text in ["", "localhost", "localhost:http", "host:0", "tcp:host", "no/such/file"] {
            assert!(read(text).contains("is no place of a running plugin"), "{text:?}: {}", read(text));
        }
        assert!(read("1|7|unix|/x|grpc").contains("incompatible API version"));
        let line = format!("1|2|unix|/x|grpc|{}", "A".repeat(60));
        assert!(read(&line).starts_with("a plugin with AutoMTLS trusts"), "{}", read(&line));
    }

    #[test]
    fn a_folder_leads_to_its_standalone_server() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().to_str().unwrap();
        assert!(read(place).starts_with("no standalone.txt in "), "{}", read(place));
        let dist = root.path().join("dist");
        std::fs::create_dir(&dist).unwrap();
        std::fs::write(dist.join("standalone.txt"), ":4000").unwrap();
        let own = std::process::id();
        for (pid, wanted) in [("", None), (&*own.to_string(), Some(own))] {
            std::fs::write(dist.join("pid.txt"), pid).unwrap();
            for place in [root.path().to_owned(), dist.clone(), dist.join("standalone.txt")] {
                let found: Attachment = place.to_str().unwrap().parse().unwrap();
                assert_eq!((found.to_string().as_str(), found.pid), ("tcp::4000", wanted));
            }
        }
        // No process of Linux has such a number.
        std::fs::write(dist.join("pid.txt"), "2000000000").unwrap();
        #[cfg(unix)]
        assert!(read(place).starts_with("process 2000000000, the standalone server in"), "{}", read(place));
    }
}
