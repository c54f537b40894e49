//! The choice of an app protocol version, made by the plugin before it listens.

use std::fmt;

/// An app protocol version that this build speaks. Later protocol generations are services on a connection of the
/// last one, not numbers here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AppVersion {
    /// Package `models`: Grafana up to 7.
    #[cfg(feature = "v1")]
    PluginV1,
    /// Package `pluginv2`: Grafana 7.0 and later.
    PluginV2,
}

impl AppVersion {
    /// Every version compiled in, lowest first.
    pub const ALL: &'static [Self] = &[
        #[cfg(feature = "v1")]
        Self::PluginV1,
        Self::PluginV2,
    ];

    /// The number in the handshake.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            #[cfg(feature = "v1")]
            Self::PluginV1 => 1,
            Self::PluginV2 => 2,
        }
    }

    /// The version of a number, if this build speaks it.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|version| version.number() == number)
    }
}

impl fmt::Display for AppVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// The highest own version that the host offered. Without a common one (or without an offer) the lowest own version
/// is served all the same: the host, not the plugin, reports the mismatch.
///
/// `own` empty means every version compiled in.
#[must_use]
pub fn negotiate(offered: &[u32], own: &[AppVersion]) -> AppVersion {
    let own = if own.is_empty() { AppVersion::ALL } else { own };
    let common = own.iter().copied().filter(|version| offered.contains(&version.number())).max();
    common.or_else(|| own.iter().copied().min()).unwrap_or(AppVersion::PluginV2)
}

/// The version to serve where no host can be asked, as for debugging: the highest own one.
///
/// `own` empty means every version compiled in.
#[must_use]
pub fn highest(own: &[AppVersion]) -> AppVersion {
    negotiate(&numbers(own), own)
}

/// The numbers of own versions, as a program tells them.
///
/// `own` empty means every version compiled in.
#[must_use]
pub fn numbers(own: &[AppVersion]) -> Vec<u32> {
    let own = if own.is_empty() { AppVersion::ALL } else { own };
    own.iter().map(|version| version.number()).collect()
}
