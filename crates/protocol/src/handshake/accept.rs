//! The host's end of the negotiation: offer and line in, what both agreed on out.
//!
//! It deliberately does not decode a certificate: whoever opens the TLS connection does.

use std::fmt;

use super::{
    AppVersion, HandshakeLine, HostOffer, LineError, Multiplex, Network, PortRange, highest, parse_line,
};

/// The ports Grafana offers for TCP listeners.
const GRAFANA_PORTS: PortRange = PortRange { min: 10_000, max: 25_000 };

impl HostOffer {
    /// What a host of this build offers: every version compiled in, Grafana's ports, no TLS, no multiplexing.
    #[must_use]
    pub fn of_host() -> Self {
        let versions = AppVersion::ALL.iter().map(|version| version.number()).collect();
        Self { versions, ports: GRAFANA_PORTS, ..Self::default() }
    }
}

impl HostOffer {
    /// What a host offers that wants one version and no other.
    ///
    /// # Errors
    /// This build does not speak it.
    pub fn of_version(number: u32) -> Result<Self, UnknownVersion> {
        let whole = Self::of_host();
        match AppVersion::from_number(number) {
            Some(version) => Ok(Self { versions: vec![version.number()], ..whole }),
            None => Err(UnknownVersion { found: number, known: whole.versions }),
        }
    }
}

/// A version that a host can't offer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("protocol version {found} is unknown; this build speaks {known:?}")]
pub struct UnknownVersion {
    /// The number.
    pub found: u32,
    /// What this build speaks.
    pub known: Vec<u32>,
}

/// What host and plugin agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Negotiated {
    /// The app protocol version; ask [`crate::client()`] for its client.
    pub version: AppVersion,
    /// Where the plugin listens.
    pub network: Network,
    /// Socket path or `host:port`.
    pub address: String,
    /// The plugin's certificate if the host asked for TLS: DER in base64 without padding.
    pub server_cert: Option<String>,
    /// Whether the line holds a certificate, asked for or not.
    pub announced_cert: bool,
    /// Broker connections share the first connection.
    pub multiplexed: bool,
    /// What the line's seventh field says of that, asked for or not; `None` = there is no such field.
    pub announced_multiplex: Option<bool>,
}

impl Negotiated {
    /// What a host takes for agreed with a plugin that runs already and was asked nothing: the highest version of this
    /// build, no TLS, no multiplexing.
    #[must_use]
    pub fn unasked(network: Network, address: String) -> Self {
        Self {
            version: highest(&[]),
            network,
            address,
            server_cert: None,
            announced_cert: false,
            multiplexed: false,
            announced_multiplex: None,
        }
    }
}

impl fmt::Display for Negotiated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "protocol version {} at {}:{}", self.version, self.network, self.address)
    }
}

/// Why a host can't go on after a plugin's handshake line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// It is no handshake line, or one of another kind.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The plugin chose a version the host did not offer, as it does when there is no common one.
    #[error(
        "incompatible API version with plugin: plugin version {found}, client versions {offered:?}; \
         use a plugin release for one of these versions"
    )]
    VersionNotOffered {
        /// The plugin's version.
        found: u32,
        /// What the host offered.
        offered: Vec<u32>,
    },
    /// The host asked for TLS and the plugin did not answer with a certificate.
    #[error(
        "the host asked for TLS, but the sixth field of the line holds no certificate; the plugin does not support AutoMTLS"
    )]
    NoCertificate,
    /// The host asked for multiplexing and the plugin does not confirm it.
    #[error(
        "the host asked for a multiplexed broker, but the seventh field of the line is not true; the plugin does not support it"
    )]
    MultiplexNotSupported,
}

/// Reads a plugin's line and holds it against the offer the plugin was started with.
///
/// # Errors
/// The first thing that stands in the way, in the order in which go-plugin hosts look at it.
pub fn accept(line: &str, offer: &HostOffer) -> Result<Negotiated, AcceptError> {
    let HandshakeLine { version: found, network, address, server_cert, multiplex } = parse_line(line)?;
    let version = AppVersion::from_number(found)
        .filter(|_| offer.versions.contains(&found))
        .ok_or_else(|| AcceptError::VersionNotOffered { found, offered: offer.versions.clone() })?;
    let announced_cert = server_cert.is_some();
    let server_cert = server_cert.filter(|_| offer.client_cert.is_some());
    if offer.client_cert.is_some() && server_cert.is_none() {
        return Err(AcceptError::NoCertificate);
    }
    let Multiplex { wanted, .. } = offer.multiplex;
    if wanted && multiplex != Some(true) {
        return Err(AcceptError::MultiplexNotSupported);
    }
    Ok(Negotiated {
        version,
        network,
        address,
        server_cert,
        announced_cert,
        multiplexed: wanted,
        announced_multiplex: multiplex,
    })
}

#[cfg(test)]
mod tests {
    use super::{AcceptError, HostOffer, Multiplex, Network, accept};

    fn offer() -> HostOffer {
        HostOffer { versions: vec![2], ..HostOffer::of_host() }
    }

    #[test]
    fn a_line_within_the_offer_is_agreed() {
        let agreed = accept("1|2|unix|/tmp/p|grpc|\n", &offer()).unwrap();
        assert_eq!((agreed.network, agreed.address.as_str()), (Network::Unix, "/tmp/p"));
        assert_eq!((agreed.server_cert, agreed.multiplexed), (None, false));
    }

    #[test]
    fn one_version_can_be_offered_if_it_is_spoken() {
        assert_eq!(HostOffer::of_version(2).unwrap().versions, [2]);
        let error = HostOffer::of_version(u32::MAX).unwrap_err().to_string();
        assert!(error.starts_with("protocol version 4294967295 is unknown; this build speaks ["), "{error}");
        let offer = HostOffer { versions: vec![1, 2], ..HostOffer::of_host() };
        for line in ["1|1|unix|/tmp/p|grpc", "1|2|unix|/tmp/p|grpc"] {
            let spoken = super::parse_line(line).unwrap().version;
            let agreed = accept(line, &offer).map(|agreed| agreed.version.number());
            assert_eq!(agreed.is_ok(), super::AppVersion::from_number(spoken).is_some(), "{line}");
            assert!(agreed.is_err() || agreed == Ok(spoken), "{line}");
        }
    }

    #[test]
    fn a_version_outside_the_offer_names_both_sides() {
        for line in ["1|1|unix|/tmp/p|grpc", "1|3|unix|/tmp/p|grpc"] {
            let error = accept(line, &offer()).unwrap_err();
            assert!(matches!(error, AcceptError::VersionNotOffered { .. }), "{error}");
            assert!(error.to_string().contains("client versions [2]"), "{error}");
        }
        let nothing = HostOffer { versions: vec![], ..offer() };
        assert!(accept("1|2|unix|/tmp/p|grpc", &nothing).is_err());
    }

    #[test]
    fn what_the_host_asked_for_must_be_confirmed() {
        let tls = HostOffer { client_cert: Some("pem".to_owned()), ..offer() };
        assert_eq!(accept("1|2|unix|/tmp/p|grpc|", &tls), Err(AcceptError::NoCertificate));
        let cert = "A".repeat(60);
        let agreed = accept(&format!("1|2|unix|/tmp/p|grpc|{cert}"), &tls).unwrap();
        assert_eq!(agreed.server_cert, Some(cert.clone()));
        // A certificate nobody asked for means nothing.
        assert_eq!(accept(&format!("1|2|unix|/tmp/p|grpc|{cert}"), &offer()).unwrap().server_cert, None);

        let mux = HostOffer { multiplex: Multiplex { announced: true, wanted: true }, ..offer() };
        for line in ["1|2|unix|/tmp/p|grpc", "1|2|unix|/tmp/p|grpc||false"] {
            assert_eq!(accept(line, &mux), Err(AcceptError::MultiplexNotSupported));
        }
        assert!(accept("1|2|unix|/tmp/p|grpc||true", &mux).unwrap().multiplexed);
        let unasked = accept("1|2|unix|/tmp/p|grpc||true", &offer()).unwrap();
        assert_eq!((unasked.multiplexed, unasked.announced_multiplex), (false, Some(true)));
    }
}
