//! Tokens against keys: each algorithm, each way to be wrong, and keys that are fetched.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use bytes::Bytes;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::*;

/// A private key, and what a server publishes of it.
struct Signer {
    private: EncodingKey,
    public: Value,
    algorithm: Algorithm,
}

impl Signer {
    fn of(private: EncodingKey, algorithm: Algorithm) -> Self {
        let mut public = serde_json::to_value(Jwk::from_encoding_key(&private, algorithm).unwrap()).unwrap();
        public["kid"] = json!("k1");
        Self { private, public, algorithm }
    }

    fn ecdsa() -> Self {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self::of(EncodingKey::from_ec_der(pair.as_ref()), Algorithm::ES256)
    }

    fn token(&self, change: impl FnOnce(&mut Header, &mut Value)) -> String {
        let mut header = Header::new(self.algorithm);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some("k1".to_owned());
        let mut claims = json!({
            "sub": "access-policy:s", "iss": "grafana", "aud": ["a.ext", "b.ext"], "namespace": "org-2",
            "exp": now() + 600, "permissions": ["p"], "delegatedPermissions": ["d"],
            "act": {"sub": "x", "act": {"sub": "user:1"}},
        });
        change(&mut header, &mut claims);
        jsonwebtoken::encode(&header, &claims, &self.private).unwrap()
    }

    fn set(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut public = self.public.clone();
        change(&mut public);
        json!({"keys": [public]}).to_string()
    }

    fn verifier(&self) -> JwksVerifier {
        JwksVerifier::from_keys(&self.set(|_| ()), &["a.ext"]).unwrap()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn reason(answer: Result<Caller, TokenError>) -> String {
    answer.unwrap_err().to_string()
}

#[tokio::test]
async fn a_token_names_its_caller_whatever_signs_it() {
    let ed = Ed25519KeyPair::generate().unwrap();
    let ed: Pkcs8V1Der<'_> = ed.as_der().unwrap();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let rsa: Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    let signers = [
        Signer::ecdsa(),
        Signer::of(EncodingKey::from_ed_der(ed.as_ref()), Algorithm::EdDSA),
        // The library takes the inner form (PKCS #1), which stands behind 26 bytes of PKCS #8.
        Signer::of(EncodingKey::from_rsa_der(&rsa.as_ref()[26..]), Algorithm::RS256),
    ];
    for signer in signers {
        let caller = signer.verifier().verify(&signer.token(|_, _| ())).await.unwrap();
        let expected = Caller {
            subject: "access-policy:s".to_owned(),
            issuer: "grafana".to_owned(),
            audience: vec!["a.ext".to_owned(), "b.ext".to_owned()],
            namespace: "org-2".to_owned(),
            permissions: vec!["p".to_owned()],
            delegated_permissions: vec!["d".to_owned()],
            on_behalf_of: "user:1".to_owned(),
        };
        assert_eq!(caller, expected, "{:?}", signer.algorithm);
    }
}

#[tokio::test]
async fn a_token_that_is_wrong_says_how_and_never_shows() {
    type Change = fn(&mut Header, &mut Value);
    let signer = Signer::ecdsa();
    let verifier = signer.verifier();
    let cases: [(Change, &str); 13] = [
        (|_, claims| claims["exp"] = json!(now() - 120), "it has expired"),
        (|_, claims| drop(claims.as_object_mut().unwrap().remove("exp")), "a claim is missing"),
        (|_, claims| claims["exp"] = json!("tomorrow"), "a claim is missing or of the wrong shape"),
        (|_, claims| claims["nbf"] = json!(now() + 600), "not valid yet"),
        (|_, claims| claims["aud"] = json!("c.ext"), "meant for somebody else"),
        (|_, claims| claims["aud"] = json!([]), "meant for somebody else"),
        (|_, claims| drop(claims.as_object_mut().unwrap().remove("aud")), "a claim is missing"),
        (|_, claims| claims["namespace"] = json!(7), "claims can't be read"),
        (|header, _| header.typ = Some("jwt".to_owned()), "of type \"jwt\", expected \"at+jwt\""),
        (|header, _| header.typ = None, "of type \"\""),
        (|header, _| header.kid = None, "names no signing key"),
        (|header, _| header.kid = Some("k2".to_owned()), "not among those of the server"),
        (|header, _| header.crit = Some(vec!["x".to_owned()]), "extensions"),
    ];
    for (change, expected) in cases {
        let token = signer.token(change);
        let said = reason(verifier.verify(&token).await);
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(token.split('.').all(|part| !said.contains(part)), "{said}");
    }
    let good = signer.token(|_, _| ());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let other = Signer::ecdsa().token(|_, _| ());
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoiazEifQ";
    let payload = signed.split_once('.').unwrap().1;
    for (token, expected) in [
        (other.clone(), "signature is not that of its key"),
        (format!("{signed}."), "is not"),
        (format!("{none}.{payload}."), "can't be read"),
        (format!("{signed}.{signature}.{signature}"), "no signed token"),
        ("s3cret".to_owned(), "no signed token"),
        (String::new(), "no signed token"),
    ] {
        let said = reason(verifier.verify(&token).await);
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    assert!(verifier.verify(&good).await.is_ok());
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    // The old trick: sign by HS256 with the text of the public key.
    let signer = Signer::ecdsa();
    let secret = EncodingKey::from_secret(signer.set(|_| ()).as_bytes());
    let forger = Signer { private: secret, public: Value::Null, algorithm: Algorithm::HS256 };
    let said = reason(signer.verifier().verify(&forger.token(|_, _| ())).await);
    assert!(said.contains("HS256, which its key is not for"), "{said}");
}

#[test]
fn a_set_written_by_hand_is_right_as_a_whole() {
    type Change = fn(&mut Value);
    let signer = Signer::ecdsa();
    let cases: [(Change, &str); 8] = [
        (|key| key["d"] = json!("s3cret"), "keys[0] (\"k1\") is not public"),
        (|key| key["k"] = json!("s3cret"), "is not public"),
        (|key| key["kid"] = json!(""), "keys[0] has no id"),
        (|key| key["use"] = json!("enc"), "is not for signatures"),
        (|key| key["alg"] = json!("RS256"), "is of a kind that signs no tokens here"),
        (|key| key["alg"] = json!("X9"), "algorithm that is not known"),
        (|key| key["x"] = json!("s3cret!"), "can't be read"),
        (|key| key["crv"] = json!("P-521"), "is of a kind that signs no tokens here"),
    ];
    for (change, expected) in cases {
        let error = JwksVerifier::from_keys(&signer.set(change), &["a.ext"]).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("s3cret"), "{expected}: {error}");
    }
    let twice = json!({"keys": [signer.public, signer.public]}).to_string();
    for (text, expected) in
        [(twice.as_str(), "id \"k1\" of another"), ("{\"keys\":[]}", "none in the set"), ("[]", "no key set")]
    {
        let error = JwksVerifier::from_keys(text, &["a.ext"]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(matches!(JwksVerifier::from_keys(&signer.set(|_| ()), &[""]), Err(JwksError::NoAudience)));
    assert!(!format!("{:?}", signer.verifier()).contains(signer.public["x"].as_str().unwrap()));
}

#[test]
fn keys_come_by_tls_or_from_this_machine() {
    let fetch = || FetchKeys::new(|_| async { Ok(Bytes::new()) });
    let takes = |url: &str| JwksVerifier::from_url(url, &["a.ext"], fetch()).is_ok();
    for good in ["https://h/keys", "http://localhost:3000/k", "http://127.0.0.2/k", "http://[::1]:1/k"] {
        assert!(takes(good), "{good}");
    }
    for bad in [
        "http://h/keys",
        "http://localhost.evil/k",
        "http://localhost@h/k",
        "ftp://h/k",
        "/k",
        "",
        "https://",
    ] {
        assert!(!takes(bad), "{bad}");
    }
}

/// A server of keys that counts, and answers as it is told.
#[derive(Default)]
struct Server {
    asked: AtomicUsize,
    answer: Mutex<Option<String>>,
}

fn fetched(server: &Arc<Server>) -> JwksVerifier {
    let server = Arc::clone(server);
    let fetch = FetchKeys::new(move |_| {
        let server = Arc::clone(&server);
        async move {
            server.asked.fetch_add(1, Ordering::Relaxed);
            let answer = server.answer.lock().unwrap().clone();
            answer.map(Bytes::from).ok_or_else(|| "the server is down".into())
        }
    });
    JwksVerifier::from_url("https://h/keys", &["a.ext"], fetch).unwrap()
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_when_needed_and_not_more_often() {
    let (old, new, server) = (Signer::ecdsa(), Signer::ecdsa(), Arc::new(Server::default()));
    let verifier = fetched(&server);
    let asked = || server.asked.load(Ordering::Relaxed);
    let (of_old, of_new) = (old.token(|_, _| ()), new.token(|header, _| header.kid = Some("k2".to_owned())));

    // Down at first: the plugin can't tell, which is not the caller's fault.
    for _ in 0..3 {
        let error = verifier.verify(&of_old).await.unwrap_err();
        assert!(matches!(error, TokenError::Unchecked { .. }), "{error}");
        assert!(error.to_string().contains("the server is down"), "{error}");
    }
    assert_eq!(asked(), 1, "tried again only after a pause");

    // Keys for other purposes beside it are passed over.
    let foreign = json!({"kty": "oct", "kid": "k9", "k": "s3cret"});
    let both = json!({"keys": [foreign, old.public]}).to_string();
    *server.answer.lock().unwrap() = Some(both);
    tokio::time::advance(Duration::from_secs(11)).await;
    for _ in 0..3 {
        verifier.verify(&of_old).await.unwrap();
    }
    assert_eq!(asked(), 2);

    // Unknown ids don't make it ask at every call.
    for _ in 0..3 {
        assert!(reason(verifier.verify(&of_new).await).contains("not among those of the server"));
    }
    assert_eq!(asked(), 2);

    // The server has changed its keys: the new one is found at once after the pause, the old one is gone.
    *server.answer.lock().unwrap() = Some(new.set(|key| key["kid"] = json!("k2")));
    tokio::time::advance(Duration::from_secs(11)).await;
    verifier.verify(&of_new).await.unwrap();
    assert!(verifier.verify(&of_old).await.is_err());
    assert_eq!(asked(), 3);

    // Down again when keys are due: those there are stay good.
    *server.answer.lock().unwrap() = None;
    tokio::time::advance(Duration::from_secs(11 * 60)).await;
    verifier.verify(&of_new).await.unwrap();
    verifier.verify(&of_new).await.unwrap();
    assert_eq!(asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_slow_or_endless_server_is_given_up() {
    let slow = FetchKeys::new(|_| std::future::pending());
    let large = FetchKeys::new(|_| async { Ok(Bytes::from(vec![b' '; 1024 * 1024 + 1])) });
    let token = Signer::ecdsa().token(|_, _| ());
    for (fetch, expected) in
        [(slow, "no answer within 10s"), (large, "1048577 bytes, expected at most 1048576")]
    {
        let verifier = JwksVerifier::from_url("https://h/keys", &["a.ext"], fetch).unwrap();
        let error = verifier.verify(&token).await.unwrap_err();
        assert!(matches!(error, TokenError::Unchecked { .. }));
        assert!(error.to_string().contains(expected), "{error}");
    }
}
