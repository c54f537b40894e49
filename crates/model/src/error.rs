//! The failure of a whole call, as opposed to the failure of one query inside it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::Capability;

/// A call that gave no answer. The text names what was found, what was expected and where.
#[derive(Clone)]
pub struct CallError {
    code: Code,
    message: String,
    origin: Option<ErrorSource>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl CallError {
    /// An error with a code and a text.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), origin: None, cause: None }
    }

    /// What a plugin without the capability answers.
    #[must_use]
    pub fn unimplemented(capability: Capability) -> Self {
        Self::new(Code::Unimplemented, format!("{capability} is not implemented by this plugin"))
    }

    /// The same error with a mark of whose fault it is.
    #[must_use]
    pub fn with_origin(mut self, origin: ErrorSource) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The same error with the error that caused it.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// The class of the failure.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The text, without the causes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whose fault it is, if that was said.
    #[must_use]
    pub const fn origin(&self) -> Option<ErrorSource> {
        self.origin
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() { write!(f, "{}", self.code) } else { f.write_str(&self.message) }
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// An error and its causes as one text, joined by colons, for places that carry a text alone: an answer, a log line.
/// A cause whose text already stands at the end is not said again.
#[must_use]
pub fn error_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}

/// The class of a failed call. Numbers and names are those of gRPC, which every protocol version shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Code {
    /// The caller gave up.
    Cancelled = 1,
    /// Anything without a better class.
    #[default]
    Unknown = 2,
    /// The request itself is wrong.
    InvalidArgument = 3,
    /// The deadline passed.
    DeadlineExceeded = 4,
    /// What was asked for does not exist.
    NotFound = 5,
    /// It exists already.
    AlreadyExists = 6,
    /// The caller may not do this.
    PermissionDenied = 7,
    /// A limit was reached.
    ResourceExhausted = 8,
    /// The state does not allow it.
    FailedPrecondition = 9,
    /// Interrupted by something concurrent.
    Aborted = 10,
    /// Past the valid range.
    OutOfRange = 11,
    /// The plugin lacks the capability.
    Unimplemented = 12,
    /// A broken invariant.
    Internal = 13,
    /// The plugin can't be reached.
    Unavailable = 14,
    /// Data were lost or damaged.
    DataLoss = 15,
    /// No valid credentials.
    Unauthenticated = 16,
}

impl Code {
    /// The code of that number; anything outside the table is [`Code::Unknown`].
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        match number {
            1 => Self::Cancelled,
            3 => Self::InvalidArgument,
            4 => Self::DeadlineExceeded,
            5 => Self::NotFound,
            6 => Self::AlreadyExists,
            7 => Self::PermissionDenied,
            8 => Self::ResourceExhausted,
            9 => Self::FailedPrecondition,
            10 => Self::Aborted,
            11 => Self::OutOfRange,
            12 => Self::Unimplemented,
            13 => Self::Internal,
            14 => Self::Unavailable,
            15 => Self::DataLoss,
            16 => Self::Unauthenticated,
            _ => Self::Unknown,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown error",
            Self::InvalidArgument => "invalid argument",
            Self::DeadlineExceeded => "deadline exceeded",
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::PermissionDenied => "permission denied",
            Self::ResourceExhausted => "a limit was reached",
            Self::FailedPrecondition => "failed precondition",
            Self::Aborted => "aborted",
            Self::OutOfRange => "out of range",
            Self::Unimplemented => "not implemented",
            Self::Internal => "internal error",
            Self::Unavailable => "plugin unavailable",
            Self::DataLoss => "data loss",
            Self::Unauthenticated => "not authenticated",
        })
    }
}

/// Whose fault an error is: the plugin's own, or that of the system it talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorSource {
    /// The plugin's own fault; what an unmarked error counts as.
    Plugin,
    /// The fault of the system behind the plugin, of the network, or of the user's query.
    Downstream,
}

impl ErrorSource {
    /// The text on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Downstream => "downstream",
        }
    }

    /// Reads the wire's text; anything but the two known words is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "plugin" => Some(Self::Plugin),
            "downstream" => Some(Self::Downstream),
            _ => None,
        }
    }

    /// Whose fault an HTTP status counts as, by the table of the Go SDK.
    #[must_use]
    pub const fn from_http_status(status: u16) -> Self {
        match status {
            405 | 406 | 412 | 413 | 414 | 416 | 417 | 426 | 431 | 501 => Self::Plugin,
            _ => Self::Downstream,
        }
    }
}

impl fmt::Display for ErrorSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{CallError, Code, error_text};

    #[test]
    fn a_cause_that_is_said_already_is_not_said_again() {
        let disk = || CallError::new(Code::Unknown, "disk full");
        let store = |text: &str| CallError::new(Code::Internal, text).with_cause(disk());
        assert_eq!(error_text(&store("the store is read-only")), "the store is read-only: disk full");
        assert_eq!(error_text(&store("can't write: disk full")), "can't write: disk full");
        let outer = CallError::new(Code::Unavailable, "no answer").with_cause(store("no store"));
        assert_eq!(error_text(&outer), "no answer: no store: disk full");
    }
}
