//! Who may call an app: the rules that stand between a call and the plugin's code.
//!
//! | rule | code when broken |
//! |---|---|
//! | the plugin can check tokens, or says that it does without | `FAILED_PRECONDITION` |
//! | metadata `x-access-token` is there exactly once, `x-id-token` is not | `UNAUTHENTICATED` |
//! | the token is valid | `UNAUTHENTICATED` |
//! | it can be checked (keys can be had) | `INTERNAL` |
//! | the request names an API group, and carries an object (admission, conversion) | `INVALID_ARGUMENT` |
//! | the token is meant for that group, or for the plugin's id | `PERMISSION_DENIED` |
//! | the token is meant for the namespace of each object, or of the route; `*` is for all, the whole cluster included | `PERMISSION_DENIED` |
//!
//! Without authentication the rules about tokens fall away; those about the request stay. It deliberately decides nothing
//! about what a caller may do with an object: that is the plugin's business, and [`Caller`] says what it needs for that.

use std::error::Error;
use std::sync::Arc;

use graftwire_model::{BoxFuture, CallContext, CallError, Code};

/// The metadata key of the access token.
pub const ACCESS_TOKEN: &str = "x-access-token";
/// The metadata key of a user's id token, which no app is given: the access token says on whose behalf it is used.
pub const ID_TOKEN: &str = "x-id-token";
/// The namespace of a token that is good for all.
pub const ALL_NAMESPACES: &str = "*";

/// Whom a valid access token names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// Claim `sub`: a service, as `access-policy:…`.
    pub subject: String,
    /// Claim `iss`.
    pub issuer: String,
    /// Claim `aud`: API groups and plugin ids that the token is meant for.
    pub audience: Vec<String>,
    /// Claim `namespace`: `default`, `org-2`, `stacks-123`, or `*` for all.
    pub namespace: String,
    /// Claim `permissions`: what the service itself may do.
    pub permissions: Vec<String>,
    /// Claim `delegatedPermissions`: what it may do on behalf of a user.
    pub delegated_permissions: Vec<String>,
    /// Claim `act.sub` of the innermost actor: the user, as `user:…`; empty if there is none.
    pub on_behalf_of: String,
}

/// Checks access tokens: signature, age, and that they are meant for this plugin.
pub trait VerifyToken: Send + Sync + 'static {
    /// Whom the token names.
    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller, TokenError>>;
}

/// Why a token names nobody. The texts go to the caller and into the log, so they never hold the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is the caller's fault.
    #[error("the access token is not valid: {reason}")]
    Invalid {
        /// What is wrong with it: "it has expired".
        reason: String,
    },
    /// It could not be checked.
    #[error("the access token can't be checked: {reason}")]
    Unchecked {
        /// What failed: "the signing keys can't be fetched".
        reason: String,
        /// Why.
        #[source]
        cause: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl TokenError {
    /// A token that is not valid, with the reason.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid { reason: reason.into() }
    }

    fn code(&self) -> Code {
        match self {
            Self::Invalid { .. } => Code::Unauthenticated,
            Self::Unchecked { .. } => Code::Internal,
        }
    }
}

impl From<TokenError> for CallError {
    fn from(error: TokenError) -> Self {
        let text = error.to_string();
        Self::new(error.code(), text).with_cause(error)
    }
}

/// How a plugin deals with tokens.
#[derive(Clone, Default)]
pub(crate) enum Access {
    /// Nothing was said, so nobody is let in.
    #[default]
    Undecided,
    /// The plugin's author said that nobody is asked.
    Open,
    /// Tokens are checked.
    Checked(Arc<dyn VerifyToken>),
}

impl Access {
    /// Whom the call's token names; `None` where nobody is asked.
    pub(crate) async fn authenticate(&self, cx: &CallContext) -> Result<Option<Caller>, CallError> {
        let verifier = match self {
            Self::Open => return Ok(None),
            Self::Checked(verifier) => verifier,
            Self::Undecided => {
                return Err(CallError::new(
                    Code::FailedPrecondition,
                    "this plugin can't check access tokens, so it takes no calls to its API group; its author attaches a check with Plugin::authenticate",
                ));
            }
        };
        let token = only_token(cx)?;
        Ok(Some(verifier.verify(token).await?))
    }
}

/// The one token there must be. Two would leave open whose call it is.
fn only_token(cx: &CallContext) -> Result<&str, CallError> {
    let refused = |text: String| Err(CallError::new(Code::Unauthenticated, text));
    let found = cx.metadata_all(ID_TOKEN).len();
    if found > 0 {
        return refused(format!(
            "{found} id tokens in the metadata ({ID_TOKEN}), expected none: the access token alone says who calls"
        ));
    }
    match cx.metadata_all(ACCESS_TOKEN) {
        [token] if !token.is_empty() => Ok(token),
        [_] => refused(format!("the access token in the metadata ({ACCESS_TOKEN}) is empty")),
        tokens => refused(format!(
            "{} access tokens in the metadata ({ACCESS_TOKEN}), expected exactly one",
            tokens.len()
        )),
    }
}

/// Whether the caller's token is meant for an API group, by its name or by the plugin's id.
pub(crate) fn covers_group(caller: Option<&Caller>, group: &str, plugin_id: &str) -> Result<(), CallError> {
    if group.is_empty() {
        return Err(CallError::new(Code::InvalidArgument, "the request names no API group"));
    }
    let Some(caller) = caller else { return Ok(()) };
    if caller.audience.iter().any(|meant| meant == group || (!meant.is_empty() && meant == plugin_id)) {
        return Ok(());
    }
    Err(CallError::new(
        Code::PermissionDenied,
        format!(
            "the access token is for {:?}, expected API group {group:?} or plugin {plugin_id:?} among them",
            caller.audience
        ),
    ))
}

/// Whether the caller's token is meant for a namespace; an empty one is the whole cluster.
pub(crate) fn covers_namespace(caller: Option<&Caller>, namespace: &str) -> Result<(), CallError> {
    let Some(caller) = caller else { return Ok(()) };
    if caller.namespace == ALL_NAMESPACES || (!namespace.is_empty() && caller.namespace == namespace) {
        return Ok(());
    }
    let asked = match namespace {
        "" => "the request is about the whole cluster, for which only a token of all namespaces (*) will do"
            .to_owned(),
        namespace => format!("the request is about namespace {namespace:?}"),
    };
    Err(CallError::new(
        Code::PermissionDenied,
        format!("the access token is for namespace {:?}, {asked}", caller.namespace),
    ))
}

#[cfg(test)]
mod tests;
