//! How a plugin is started. Every default is what Grafana 12.4 does, unless the setter says otherwise.
//!
//! It deliberately has no protocol version in it: what is offered comes whole from `graftwire-protocol`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use graftwire_protocol::handshake::{HostOffer, Multiplex};

use crate::Attachment;

/// Where the plugin puts its socket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SocketDirectory {
    /// An own directory `plugin-dir<random>` below the system's temporary one, mode 0700, removed at the end with
    /// whatever a killed plugin left in it. Grafana does so in its container mode.
    #[default]
    Private,
    /// An own directory as above, below this one.
    PrivateBelow(PathBuf),
    /// The plugin's choice, as Grafana does by default: a killed plugin leaves its socket file behind.
    PluginsChoice,
}

/// How a plugin is started.
#[derive(Clone)]
pub struct LaunchOptions {
    pub(super) grafana_version: String,
    pub(super) grafana_edition: String,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) inherit_environment: bool,
    pub(super) socket_directory: SocketDirectory,
    pub(super) working_directory: Option<PathBuf>,
    pub(super) start_timeout: Duration,
    pub(super) offer: HostOffer,
    pub(super) auto_mtls: bool,
    pub(crate) attachment: Option<Attachment>,
}

impl Default for LaunchOptions {
    fn default() -> Self {
        Self {
            grafana_version: "12.4.0".to_owned(),
            grafana_edition: "Open Source".to_owned(),
            settings: BTreeMap::new(),
            variables: BTreeMap::new(),
            inherit_environment: false,
            socket_directory: SocketDirectory::default(),
            working_directory: None,
            start_timeout: Duration::from_secs(60),
            offer: HostOffer::of_host(),
            auto_mtls: false,
            attachment: None,
        }
    }
}

impl LaunchOptions {
    /// Grafana's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The Grafana version the plugin is told (`GF_VERSION`). Default `12.4.0`.
    #[must_use]
    pub fn grafana_version(mut self, version: impl Into<String>) -> Self {
        self.grafana_version = version.into();
        self
    }

    /// The Grafana edition the plugin is told (`GF_EDITION`). Default `Open Source`.
    #[must_use]
    pub fn grafana_edition(mut self, edition: impl Into<String>) -> Self {
        self.grafana_edition = edition.into();
        self
    }

    /// One setting from `[plugin.<id>]` of Grafana's configuration: `foo_bar` arrives as `GF_PLUGIN_FOO_BAR`. The
    /// key `path` is skipped, and a variable of that name in the host's own environment wins, as in Grafana.
    #[must_use]
    pub fn setting(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(key.into(), value.into());
        self
    }

    /// One environment variable, verbatim. It wins over everything but the handshake's own variables.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Whether the host's own environment is passed on, as Grafana did up to 12.3. Default: no, the plugin's
    /// environment is built from nothing, only the proxy variables pass.
    #[must_use]
    pub fn inherit_environment(mut self, inherit: bool) -> Self {
        self.inherit_environment = inherit;
        self
    }

    /// Where the plugin puts its socket. Default [`SocketDirectory::Private`].
    #[must_use]
    pub fn socket_directory(mut self, directory: SocketDirectory) -> Self {
        self.socket_directory = directory;
        self
    }

    /// The plugin's working directory. Default: the host's.
    #[must_use]
    pub fn working_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.working_directory = Some(directory.into());
        self
    }

    /// How long the plugin may take to write its handshake line. Default 60 s.
    #[must_use]
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// A group, by name or number, that may use the plugin's socket, for hosts and plugins of different users: the
    /// socket's directory gets the group and mode 0770, the socket itself mode 0660. Default: nobody but the own user.
    #[must_use]
    pub fn socket_group(mut self, group: impl Into<String>) -> Self {
        self.offer.socket_group = Some(group.into());
        self
    }

    /// Whether the connection is encrypted and both ends show certificates made for this start (go-plugin's AutoMTLS).
    /// Default: no, as in Grafana. A plugin that can't fails to start; how is up to it.
    #[must_use]
    pub fn auto_mtls(mut self, wanted: bool) -> Self {
        self.auto_mtls = wanted;
        self
    }

    /// Starts nothing: the plugin runs already, here. Every other option is without effect then.
    #[must_use]
    pub fn attach_to(mut self, place: Attachment) -> Self {
        self.attachment = Some(place);
        self
    }

    /// Whether the broker's connections are to be streams of the first one. Default no, as in Grafana. A plugin that
    /// can't does not start then.
    #[must_use]
    pub fn multiplex(mut self, multiplex: bool) -> Self {
        self.offer.multiplex = Multiplex { announced: multiplex, wanted: multiplex };
        self
    }

    pub(crate) const fn offered(&self) -> &HostOffer {
        &self.offer
    }

    /// What the host offers in the handshake: protocol versions, ports, TLS. Default: as Grafana 12.4.
    #[must_use]
    pub fn offer(mut self, offer: HostOffer) -> Self {
        self.offer = offer;
        self
    }
}

impl fmt::Debug for LaunchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Settings and variables may hold secrets, so only their names are shown.
        f.debug_struct("LaunchOptions")
            .field("grafana_version", &self.grafana_version)
            .field("settings", &self.settings.keys().collect::<Vec<_>>())
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .field("inherit_environment", &self.inherit_environment)
            .field("socket_directory", &self.socket_directory)
            .field("working_directory", &self.working_directory)
            .field("start_timeout", &self.start_timeout)
            .field("offer", &self.offer)
            .field("auto_mtls", &self.auto_mtls)
            .field("attachment", &self.attachment)
            .finish_non_exhaustive()
    }
}
