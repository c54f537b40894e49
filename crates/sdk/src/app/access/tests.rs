//! Each rule by itself; the order in which they are asked is tested over the dispatcher.

use super::*;

/// Takes the word "good".
struct Word;

impl VerifyToken for Word {
    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller, TokenError>> {
        Box::pin(async move {
            match token {
                "good" => Ok(Caller { subject: "s".to_owned(), ..Caller::default() }),
                "keys" => Err(TokenError::Unchecked { reason: "no keys".to_owned(), cause: None }),
                _ => Err(TokenError::invalid("it is not good")),
            }
        })
    }
}

/// Keys and values.
type Metadata<'a> = &'a [(&'a str, &'a str)];

async fn of(access: &Access, metadata: Metadata<'_>) -> Result<Option<Caller>, (Code, String)> {
    let mut cx = CallContext::new();
    for (key, value) in metadata {
        cx.add_metadata(key, *value);
    }
    access.authenticate(&cx).await.map_err(|error| (error.code(), error.message().to_owned()))
}

#[tokio::test]
async fn a_plugin_that_decided_nothing_takes_no_calls() {
    let (code, text) = of(&Access::Undecided, &[(ACCESS_TOKEN, "good")]).await.unwrap_err();
    assert_eq!(code, Code::FailedPrecondition);
    assert!(text.contains("Plugin::authenticate"), "{text}");
    assert_eq!(of(&Access::Open, &[]).await, Ok(None));
}

#[tokio::test]
async fn there_is_one_access_token_and_no_id_token() {
    let access = Access::Checked(Arc::new(Word));
    assert_eq!(of(&access, &[("X-Access-Token", "good")]).await.unwrap().unwrap().subject, "s");
    let cases: [(Metadata<'_>, Code, &str); 7] = [
        (&[], Code::Unauthenticated, "0 access tokens"),
        (&[(ACCESS_TOKEN, "")], Code::Unauthenticated, "is empty"),
        (&[(ACCESS_TOKEN, "good"), (ACCESS_TOKEN, "good")], Code::Unauthenticated, "2 access tokens"),
        (&[(ACCESS_TOKEN, "good"), (ID_TOKEN, "any")], Code::Unauthenticated, "1 id tokens"),
        (&[(ACCESS_TOKEN, "good"), (ID_TOKEN, "")], Code::Unauthenticated, "1 id tokens"),
        (&[(ACCESS_TOKEN, "s3cret")], Code::Unauthenticated, "it is not good"),
        (&[(ACCESS_TOKEN, "keys")], Code::Internal, "no keys"),
    ];
    for (metadata, code, text) in cases {
        let found = of(&access, metadata).await.unwrap_err();
        assert_eq!(found.0, code, "{metadata:?}");
        assert!(found.1.contains(text), "{found:?}");
        assert!(!found.1.contains("s3cret"), "{found:?}");
    }
}

#[test]
fn a_token_covers_a_group_by_its_name_or_the_plugins_id() {
    let caller = |audience: &[&str]| Caller {
        audience: audience.iter().map(|&one| one.to_owned()).collect(),
        ..Caller::default()
    };
    let covers = |caller: Option<&Caller>, group: &str, id: &str| {
        covers_group(caller, group, id).map_err(|error| error.code())
    };
    assert_eq!(covers(Some(&caller(&["x", "a.ext"])), "a.ext", "p-app"), Ok(()));
    assert_eq!(covers(Some(&caller(&["p-app"])), "a.ext", "p-app"), Ok(()));
    assert_eq!(covers(Some(&caller(&["b.ext"])), "a.ext", "p-app"), Err(Code::PermissionDenied));
    assert_eq!(covers(Some(&caller(&[])), "a.ext", "p-app"), Err(Code::PermissionDenied));
    assert_eq!(covers(Some(&caller(&[""])), "a.ext", ""), Err(Code::PermissionDenied));
    assert_eq!(covers(Some(&caller(&["", "p-app"])), "", "p-app"), Err(Code::InvalidArgument));
    assert_eq!(covers(None, "", "p-app"), Err(Code::InvalidArgument));
    assert_eq!(covers(None, "a.ext", "p-app"), Ok(()));
}

#[test]
fn a_token_covers_its_namespace_or_all() {
    let covers = |of: &str, asked: &str| {
        let caller = Caller { namespace: of.to_owned(), ..Caller::default() };
        covers_namespace(Some(&caller), asked).map_err(|error| error.code())
    };
    assert_eq!(covers("org-2", "org-2"), Ok(()));
    assert_eq!(covers("*", "org-2"), Ok(()));
    assert_eq!(covers("*", ""), Ok(()));
    assert_eq!(covers("org-2", ""), Err(Code::PermissionDenied));
    assert_eq!(covers("", ""), Err(Code::PermissionDenied));
    assert_eq!(covers("org-2", "org-3"), Err(Code::PermissionDenied));
    assert_eq!(covers("org-2", "*"), Err(Code::PermissionDenied));
    assert_eq!(covers_namespace(None, "any").map_err(|error| error.code()), Ok(()));
}
