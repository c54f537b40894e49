//! Signing keys: read from a key set, and fetched anew in time.
//!
//! It deliberately makes no connection: how keys are fetched is a function that the plugin's author gives.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use graftwire_model::{BoxFuture, error_text};
use http::Uri;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use tokio::time::Instant;

use crate::app::access::TokenError;

/// After this time keys are fetched anew, so that one that was withdrawn is not good for ever.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// Not more often than this, whatever ids tokens name: they come from strangers.
const PAUSE: Duration = Duration::from_secs(10);
/// How long fetching may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest key set.
const MOST_BYTES: usize = 1024 * 1024;

type Fetched = Result<Bytes, Box<dyn Error + Send + Sync>>;

/// How keys are fetched: given an address, the body of a successful answer.
#[derive(Clone)]
pub struct FetchKeys(Arc<dyn Fn(String) -> BoxFuture<'static, Fetched> + Send + Sync>);

impl FetchKeys {
    /// Fetches by a function, for instance over the plugin's own HTTP client. It is dropped after ten seconds.
    pub fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Bytes, Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        Self(Arc::new(move |url| Box::pin(fetch(url))))
    }
}

impl fmt::Debug for FetchKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchKeys").finish_non_exhaustive()
    }
}

/// One signing key.
pub(super) struct Key {
    pub(super) decoding: DecodingKey,
    algorithms: Vec<Algorithm>,
}

impl Key {
    /// Whether signatures of this algorithm may be checked by the key.
    pub(super) fn may_use(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }
}

type Keys = BTreeMap<String, Arc<Key>>;

/// Where keys come from.
pub(super) enum Source {
    Fixed(Keys),
    Fetched(Box<Remote>),
}

/// Keys at an address.
pub(super) struct Remote {
    url: String,
    fetch: FetchKeys,
    known: RwLock<Known>,
    /// Held while keys are fetched: when, and why it failed.
    attempt: tokio::sync::Mutex<Option<Attempt>>,
}

#[derive(Default)]
struct Known {
    keys: Keys,
    since: Option<Instant>,
}

struct Attempt {
    at: Instant,
    failure: Option<String>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(keys) => f.debug_tuple("Fixed").field(&keys.keys().collect::<Vec<_>>()).finish(),
            Self::Fetched(remote) => f.debug_tuple("Fetched").field(&remote.url).finish(),
        }
    }
}

impl Source {
    pub(super) const fn fixed(keys: Keys) -> Self {
        Self::Fixed(keys)
    }

    pub(super) fn fetched(url: String, fetch: FetchKeys) -> Self {
        let (known, attempt) = (RwLock::default(), tokio::sync::Mutex::default());
        Self::Fetched(Box::new(Remote { url, fetch, known, attempt }))
    }

    /// The key of an id.
    pub(super) async fn key(&self, id: &str) -> Result<Arc<Key>, TokenError> {
        match self {
            Self::Fixed(keys) => keys.get(id).cloned().ok_or_else(unknown),
            Self::Fetched(remote) => remote.key(id).await,
        }
    }
}

fn unknown() -> TokenError {
    TokenError::invalid("it is signed by a key that is not among those of the server")
}

impl Remote {
    async fn key(&self, id: &str) -> Result<Arc<Key>, TokenError> {
        match self.known(id) {
            (Some(key), true) => return Ok(key),
            // Whoever comes while keys are renewed uses the old one.
            (Some(key), false) => match self.attempt.try_lock() {
                Ok(attempt) => self.renew(attempt).await,
                Err(_) => return Ok(key),
            },
            (None, _) => {
                let attempt = self.attempt.lock().await;
                // Somebody else may have fetched it meanwhile.
                if let (Some(key), _) = self.known(id) {
                    return Ok(key);
                }
                self.renew(attempt).await;
            }
        }
        if let (Some(key), _) = self.known(id) {
            return Ok(key);
        }
        match self.attempt.lock().await.as_ref().and_then(|attempt| attempt.failure.clone()) {
            Some(failure) => Err(TokenError::Unchecked {
                reason: format!("the signing keys can't be had from {}: {failure}", self.url),
                cause: None,
            }),
            None => Err(unknown()),
        }
    }

    /// The key of an id, and whether it is fresh.
    fn known(&self, id: &str) -> (Option<Arc<Key>>, bool) {
        // Nothing that panics runs under this lock.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.since.is_some_and(|since| since.elapsed() < FRESH);
        (known.keys.get(id).cloned(), fresh)
    }

    /// Fetches the keys, unless that was tried a moment ago.
    async fn renew(&self, mut attempt: tokio::sync::MutexGuard<'_, Option<Attempt>>) {
        if attempt.as_ref().is_some_and(|last| last.at.elapsed() < PAUSE) {
            return;
        }
        // Stays if the caller gives up meanwhile.
        let given_up = Some("the last attempt was given up by its caller".to_owned());
        *attempt = Some(Attempt { at: Instant::now(), failure: given_up });
        let failure = match self.fetched().await {
            Ok(keys) => {
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                *known = Known { keys, since: Some(Instant::now()) };
                None
            }
            Err(failure) => {
                tracing::warn!(url = self.url, error = failure, "signing keys can't be fetched");
                Some(failure)
            }
        };
        *attempt = Some(Attempt { at: Instant::now(), failure });
    }

    async fn fetched(&self) -> Result<Keys, String> {
        let body = tokio::time::timeout(PATIENCE, self.fetch.0(self.url.clone())).await;
        let body = body.map_err(|_| format!("no answer within {PATIENCE:?}"))?;
        let body = body.map_err(|error| error_text(error.as_ref()))?;
        if body.len() > MOST_BYTES {
            return Err(format!("the key set has {} bytes, expected at most {MOST_BYTES}", body.len()));
        }
        read_usable(&body)
    }
}

/// Whether keys from an address can be trusted: it is reached by TLS, or is this machine's own.
pub(super) fn is_trustworthy(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => host == "localhost" || address.is_ok_and(|address| address.is_loopback()),
        _ => false,
    }
}

/// A key set as JSON.
#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// What the library does not say of a key.
#[derive(Deserialize)]
struct Entry {
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    /// Private parts: of key pairs, and of secrets shared by both sides.
    d: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
}

/// The keys of a set in which every one must be right.
pub(super) fn read_strictly(json: &[u8]) -> Result<Keys, String> {
    let mut keys = Keys::new();
    for (index, value) in values(json)?.into_iter().enumerate() {
        let (id, key) = read(value).map_err(|why| format!("keys[{index}] {why}"))?;
        if keys.insert(id.clone(), Arc::new(key)).is_some() {
            return Err(format!("keys[{index}] has the id {id:?} of another"));
        }
    }
    if keys.is_empty() { Err("there are none in the set".to_owned()) } else { Ok(keys) }
}

/// The keys of a set as far as they are of use: servers publish keys for other purposes too. Of two with one id none is.
fn read_usable(json: &[u8]) -> Result<Keys, String> {
    let mut keys: BTreeMap<String, Option<Arc<Key>>> = BTreeMap::new();
    for (id, key) in values(json)?.into_iter().filter_map(|value| read(value).ok()) {
        keys.entry(id).and_modify(|both| *both = None).or_insert_with(|| Some(Arc::new(key)));
    }
    let keys: Keys = keys.into_iter().filter_map(|(id, key)| Some((id, key?))).collect();
    if keys.is_empty() { Err("there is none of use in the set".to_owned()) } else { Ok(keys) }
}

fn values(json: &[u8]) -> Result<Vec<serde_json::Value>, String> {
    let set: Set = serde_json::from_slice(json).map_err(|error| {
        format!("no key set (RFC 7517) at line {}, column {}", error.line(), error.column())
    })?;
    Ok(set.keys)
}

/// One key with its id. What is said against it never holds a part of it.
fn read(value: serde_json::Value) -> Result<(String, Key), String> {
    let entry: Entry = serde_json::from_value(value.clone()).map_err(|_| "is no key")?;
    let id = entry.kid.filter(|id| !id.is_empty()).ok_or("has no id (kid)")?;
    let wrong = |why: &str| format!("({id:?}) {why}");
    if entry.d.is_some() || entry.k.is_some() {
        // Whoever reads it could sign tokens.
        return Err(wrong("is not public; give the public part alone"));
    }
    if entry.r#use.is_some_and(|purpose| purpose != "sig") {
        return Err(wrong("is not for signatures (use)"));
    }
    let jwk: Jwk = serde_json::from_value(value).map_err(|_| wrong("can't be read"))?;
    let mut algorithms = algorithms(&jwk.algorithm).to_vec();
    if let Some(only) = entry.alg {
        let only =
            Algorithm::from_str(&only).map_err(|_| wrong("is for an algorithm that is not known (alg)"))?;
        algorithms.retain(|algorithm| *algorithm == only);
    }
    if algorithms.is_empty() {
        return Err(wrong("is of a kind that signs no tokens here; known are P-256, P-384, RSA and Ed25519"));
    }
    let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| wrong("can't be read"))?;
    Ok((id, Key { decoding, algorithms }))
}

/// What a key of this kind may sign with.
const fn algorithms(kind: &AlgorithmParameters) -> &'static [Algorithm] {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match kind {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[ES256],
            EllipticCurve::P384 => &[ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(key) => match key.curve {
            EllipticCurve::Ed25519 => &[EdDSA],
            _ => &[],
        },
        _ => &[],
    }
}
