//! A target's URL, taken apart: where to connect, what to ask for, who asks.
//!
//! It deliberately doesn't keep the URL: user and password live on only in the header made of them, which doesn't show
//! itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

/// Where a target's page is. `Debug` shows no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Name or IP address to connect to, without brackets.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// `host:port`, the value of the label `instance`.
    pub(super) instance: String,
    /// Path and query.
    pub(super) path: Uri,
    /// The header `Authorization`.
    pub(super) authorization: Option<HeaderValue>,
}

/// Why a URL is none of a target: what was found, what was expected.
pub(super) type Refusal = (String, &'static str);

const WANTED: &str = "a URL such as http://127.0.0.1:9100/metrics";

impl Address {
    /// Takes a URL apart. Without a path it means `/metrics`, without a port 80.
    pub(super) fn parse(url: &str) -> Result<Self, Refusal> {
        let shown = || format!("{:?}", redacted(url));
        let uri: Uri = url.parse().map_err(|_| (shown(), WANTED))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err((shown(), "an http:// URL; scraping over TLS isn't supported yet"));
            }
            _ => return Err((shown(), WANTED)),
        }
        let authority = uri.authority().ok_or_else(|| (shown(), WANTED))?;
        let (user, place) = match authority.as_str().rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority.as_str()),
        };
        let port = match place.strip_prefix(authority.host()) {
            Some("") => 80,
            _ => authority
                .port_u16()
                .filter(|port| *port > 0)
                .ok_or_else(|| (shown(), "a port from 1 to 65535 after the host"))?,
        };
        let host = authority.host();
        if host.is_empty() {
            return Err((shown(), WANTED));
        }
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            instance: format!("{host}:{port}"),
            path: path(url, &uri),
            authorization: user.map(basic).transpose().map_err(|reason| (shown(), reason))?,
        })
    }

    /// The header `Host`.
    pub(super) fn host_header(&self) -> &str {
        self.instance.strip_suffix(":80").unwrap_or(&self.instance)
    }
}

fn path(url: &str, uri: &Uri) -> Uri {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    match uri.path_and_query() {
        Some(path) if after_scheme.contains(['/', '?']) => Uri::from(path.clone()),
        _ => Uri::from_static("/metrics"),
    }
}

/// `user:password` as a header.
fn basic(user: &str) -> Result<HeaderValue, &'static str> {
    let mut decoded: Vec<u8> = percent_decode_str(user).collect();
    if !user.contains(':') {
        decoded.push(b':');
    }
    let mut header = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(decoded)))
        .map_err(|_| "a user and a password that make a header")?;
    header.set_sensitive(true);
    Ok(header)
}

/// A URL without user, password, query and fragment, however broken it is.
pub(super) fn redacted(url: &str) -> String {
    let visible = url.split(['?', '#']).next().unwrap_or_default();
    let scheme =
        ["http://", "https://"].into_iter().find(|scheme| url.starts_with(scheme)).unwrap_or_default();
    match url.rfind('@') {
        // Behind a ? or #, which may well belong to the password: no part of it is known to be harmless.
        Some(at) if at >= visible.len() => format!("{scheme}…"),
        Some(at) => format!("{scheme}…{}", visible.get(at..).unwrap_or_default()),
        None => visible.to_owned(),
    }
}

#[cfg(test)]
mod tests;
