//! Access tokens checked against the signing keys that a server publishes: a JSON Web Key Set (RFC 7517), signatures by
//! ES256, ES384, RS256–RS512, PS256–PS512 or EdDSA.
//!
//! ```no_run
//! use graftwire_sdk::app::jwks::JwksVerifier;
//! # use graftwire_sdk::prelude::*;
//! # struct App;
//! # fn plugin() -> Result<Plugin<App>, graftwire_sdk::app::jwks::JwksError> {
//! let verifier = JwksVerifier::from_env(&["playlist.ext.grafana.com", "example-playlist-app"], None)?;
//! Ok(Plugin::single("example-playlist-app", App).authenticate(verifier))
//! # }
//! ```
//!
//! A token is valid if its header says type `at+jwt` and a key id that is in the set, its signature is that key's, it has
//! not expired (claim `exp` must be there; a minute of difference between clocks is granted), its `nbf` is past, and its
//! audience holds one of the names that the plugin is known by.
//!
//! Fetching keys needs an HTTP client with TLS, and a plugin that has one should not get another: [`JwksVerifier::from_url`]
//! takes a function that fetches. Signatures are checked by the library `jsonwebtoken` over AWS-LC, as all of this
//! project's cryptography; nothing is computed here.

mod keys;

use std::fmt;

use graftwire_model::BoxFuture;
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

pub use keys::FetchKeys;
use keys::{Key, Source};

use super::access::{Caller, TokenError, VerifyToken};

/// The environment variable with the address of the keys.
pub const URL_VARIABLE: &str = "GRAFANA_AUTHENTICATION_JWKS_URL";
/// The environment variable with the keys themselves.
pub const KEYS_VARIABLE: &str = "GRAFANA_AUTHENTICATION_JWKS";
/// The type that the header of an access token says.
const TOKEN_TYPE: &str = "at+jwt";
/// How far apart clocks may be, in seconds.
const LEEWAY: u64 = 60;

/// Why tokens can't be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// Neither variable is set.
    #[error("no signing keys: set {URL_VARIABLE} or {KEYS_VARIABLE}")]
    NoKeys,
    /// Two sources of trust would leave open which one counts.
    #[error("{URL_VARIABLE} and {KEYS_VARIABLE} are both set, expected one of them")]
    TwoSources,
    /// No names: any token of the server would do.
    #[error("no audience: name the API groups of the plugin, or its id, that tokens must be meant for")]
    NoAudience,
    /// The keys are at an address, and nobody can fetch them.
    #[error("{URL_VARIABLE} is set, but this plugin can't fetch keys; set {KEYS_VARIABLE} instead")]
    NoFetch,
    /// An address that could give keys of anybody.
    #[error("{url:?} is no address for signing keys: expected https, or http on this machine")]
    Url {
        /// The address found.
        url: String,
    },
    /// Keys that can't be trusted or read.
    #[error("the signing keys can't be used: {reason}")]
    Keys {
        /// Which key, and why.
        reason: String,
    },
}

/// Checks access tokens against signing keys.
pub struct JwksVerifier {
    audience: Vec<String>,
    source: Source,
}

impl fmt::Debug for JwksVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwksVerifier")
            .field("audience", &self.audience)
            .field("source", &self.source)
            .finish()
    }
}

impl JwksVerifier {
    /// A verifier with the keys that the environment names: [`KEYS_VARIABLE`] holds them, or [`URL_VARIABLE`] says where
    /// `fetch` finds them. `audience` are the names that a token must be meant for: the plugin's API groups and its id.
    ///
    /// # Errors
    /// [`JwksError`] when there are no keys, or none that can be trusted.
    pub fn from_env(audience: &[&str], fetch: Option<FetchKeys>) -> Result<Self, JwksError> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (variable(URL_VARIABLE), variable(KEYS_VARIABLE)) {
            (None, None) => Err(JwksError::NoKeys),
            (Some(_), Some(_)) => Err(JwksError::TwoSources),
            (None, Some(keys)) => Self::from_keys(&keys, audience),
            (Some(url), None) => Self::from_url(url, audience, fetch.ok_or(JwksError::NoFetch)?),
        }
    }

    /// A verifier with keys that never change.
    ///
    /// # Errors
    /// [`JwksError::Keys`] if one of them is private, is not for signatures, has no id or that of another, or can't be
    /// read: a set that somebody wrote by hand should be right as a whole.
    pub fn from_keys(json: &str, audience: &[&str]) -> Result<Self, JwksError> {
        let keys = keys::read_strictly(json.as_bytes()).map_err(|reason| JwksError::Keys { reason })?;
        Ok(Self { audience: names(audience)?, source: Source::fixed(keys) })
    }

    /// A verifier with keys that are fetched when they are first needed, again after ten minutes, and when a token names
    /// one that is not known, though not more often than every ten seconds. When fetching fails, the keys there are stay
    /// good.
    ///
    /// # Errors
    /// [`JwksError::Url`] unless the address begins with `https://`, or with `http://` and is this machine's own.
    pub fn from_url(url: impl Into<String>, audience: &[&str], fetch: FetchKeys) -> Result<Self, JwksError> {
        let url = url.into();
        if !keys::is_trustworthy(&url) {
            return Err(JwksError::Url { url });
        }
        Ok(Self { audience: names(audience)?, source: Source::fetched(url, fetch) })
    }

    async fn check(&self, token: &str) -> Result<Caller, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| of_library(&error))?;
        if header.typ.as_deref() != Some(TOKEN_TYPE) {
            let found = header.typ.unwrap_or_default();
            return Err(TokenError::invalid(format!("it is of type {found:?}, expected {TOKEN_TYPE:?}")));
        }
        if header.crit.is_some() {
            return Err(TokenError::invalid("it asks for extensions that nobody here knows (crit)"));
        }
        let id = header.kid.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| TokenError::invalid("it names no signing key"))?;
        let key = self.source.key(&id).await?;
        self.check_with(token, header.alg, &key)
    }

    fn check_with(&self, token: &str, algorithm: Algorithm, key: &Key) -> Result<Caller, TokenError> {
        if !key.may_use(algorithm) {
            return Err(TokenError::invalid(format!(
                "it is signed by {algorithm:?}, which its key is not for"
            )));
        }
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_audience(&self.audience);
        validation.set_required_spec_claims(&["exp", "aud"]);
        let data = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation);
        data.map(|data| data.claims.into()).map_err(|error| of_library(&error))
    }
}

impl VerifyToken for JwksVerifier {
    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller, TokenError>> {
        Box::pin(self.check(token))
    }
}

fn names(audience: &[&str]) -> Result<Vec<String>, JwksError> {
    let names: Vec<String> =
        audience.iter().filter(|name| !name.is_empty()).map(|&name| name.to_owned()).collect();
    if names.is_empty() { Err(JwksError::NoAudience) } else { Ok(names) }
}

/// The library's reason in words without any part of the token.
fn of_library(error: &JwtError) -> TokenError {
    TokenError::invalid(match error.kind() {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidAudience => "it is meant for somebody else (aud)",
        ErrorKind::InvalidSignature => "its signature is not that of its key",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => {
            "it is signed by an algorithm that its key is not for"
        }
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => {
            "a claim is missing or of the wrong shape (exp, nbf, aud)"
        }
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => "its header or claims can't be read",
        _ => "it is no signed token",
    })
}

/// The claims of Grafana's access tokens, as far as they matter here.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: String,
    #[serde(default)]
    iss: String,
    aud: Option<Audience>,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    permissions: Option<Vec<String>>,
    #[serde(default, rename = "delegatedPermissions")]
    delegated_permissions: Option<Vec<String>>,
    act: Option<Actor>,
}

/// One name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Somebody on whose behalf the token is used, who may act for somebody else again.
#[derive(Deserialize)]
struct Actor {
    #[serde(default)]
    sub: String,
    act: Option<Box<Self>>,
}

impl Actor {
    fn innermost(mut self) -> String {
        while let Some(next) = self.act {
            self = *next;
        }
        self.sub
    }
}

impl From<Claims> for Caller {
    fn from(claims: Claims) -> Self {
        Self {
            subject: claims.sub,
            issuer: claims.iss,
            audience: match claims.aud {
                Some(Audience::One(name)) => vec![name],
                Some(Audience::Several(names)) => names,
                None => Vec::new(),
            },
            namespace: claims.namespace,
            permissions: claims.permissions.unwrap_or_default(),
            delegated_permissions: claims.delegated_permissions.unwrap_or_default(),
            on_behalf_of: claims.act.map(Actor::innermost).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests;
