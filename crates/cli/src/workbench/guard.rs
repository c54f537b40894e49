//! Who may ask: only pages of this server, under a name that is its own.
//!
//! Against a page elsewhere that guesses the port (its requests name another origin) and against DNS rebinding (its
//! requests name another host). It deliberately has no login: the address is the loopback one unless asked otherwise.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, Method, Request, header};

/// The rules of one server.
#[derive(Debug)]
pub(super) struct Guard {
    port: u16,
    /// The host as it was given to `--listen`.
    name: String,
    /// Other machines may ask.
    remote: bool,
}

impl Guard {
    pub(super) fn new(listen: &str, address: SocketAddr, remote: bool) -> Self {
        let (name, _) = listen.rsplit_once(':').unwrap_or((listen, ""));
        Self { port: address.port(), name: name.to_ascii_lowercase(), remote }
    }

    /// Whether a request may be answered; why not otherwise.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), &'static str> {
        let headers = request.headers();
        let host = single(headers, header::HOST).ok_or("the request names no host")?;
        if !self.is_own(host) {
            return Err("the request names a host that is not this server (DNS rebinding?)");
        }
        let api = request.uri().path().starts_with("/api/");
        if api && is_from_elsewhere(headers) {
            return Err("the request comes from a page of another site");
        }
        let harmless = matches!(*request.method(), Method::GET | Method::HEAD);
        match single(headers, header::ORIGIN) {
            Some(origin) if origin.strip_prefix("http://") != Some(host) && (api || !harmless) => {
                Err("the request comes from a page of another origin")
            }
            _ => Ok(()),
        }
    }

    /// Whether `host[:port]` is this server. A name is only taken if it was given to `--listen`: an address can't be
    /// made to point here by somebody else's name server, a name can.
    fn is_own(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(80)),
        };
        let name = name.to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let known = match address {
            Some(address) => address.is_loopback() || self.remote,
            None => name == "localhost" || name == self.name,
        };
        known && port == Some(self.port)
    }
}

/// What browsers of today say about where a request comes from.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

fn single(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests;
