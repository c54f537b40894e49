//! Whose fault an error is, and which status tells it, found in its causes.
//!
//! The rules are those of Grafana's SDK for Go: what the network or another system does is downstream, a mark that is set
//! counts before a guess, and everything else is the plugin's own. It deliberately reads no texts.

use std::error::Error;
use std::io::{self, ErrorKind};

use graftwire_model::{CallError, Code, ErrorSource};

/// Whose fault, and the HTTP-like status for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The plugin or the system behind it.
    pub source: ErrorSource,
    /// 499 for a cancelled call, 504 for time that ran out, 502 for other trouble downstream, 500 for the plugin.
    pub status: i32,
}

impl Fault {
    const PLUGIN: Self = Self { source: ErrorSource::Plugin, status: 500 };

    const fn downstream(status: i32) -> Self {
        Self { source: ErrorSource::Downstream, status }
    }

    /// Looks through an error and its causes, the outermost first.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(fault) = of_one(error) {
                return fault;
            }
            next = error.source();
        }
        Self::PLUGIN
    }
}

fn of_one(error: &(dyn Error + 'static)) -> Option<Fault> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_kind(error.kind());
    }
    if error.is::<tokio::time::error::Elapsed>() {
        return Some(Fault::downstream(504));
    }
    let call = error.downcast_ref::<CallError>()?;
    match (call.origin(), call.code()) {
        (Some(ErrorSource::Plugin), _) => Some(Fault::PLUGIN),
        (_, Code::Cancelled) => Some(Fault::downstream(499)),
        (_, Code::DeadlineExceeded) => Some(Fault::downstream(504)),
        (Some(ErrorSource::Downstream), _) => Some(Fault::downstream(502)),
        (None, _) => None,
    }
}

fn of_kind(kind: ErrorKind) -> Option<Fault> {
    match kind {
        ErrorKind::TimedOut => Some(Fault::downstream(504)),
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::BrokenPipe
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::UnexpectedEof => Some(Fault::downstream(502)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QueryError;

    #[derive(Debug, thiserror::Error)]
    #[error("the upstream can't be asked")]
    struct Wrapped(#[source] Box<dyn Error + Send + Sync>);

    fn of(cause: impl Into<Box<dyn Error + Send + Sync>>) -> (ErrorSource, i32) {
        let Fault { source, status } = Fault::of(&Wrapped(cause.into()));
        (source, status)
    }

    #[tokio::test(start_paused = true)]
    async fn causes_tell_whose_fault_it_is() {
        let (plugin, downstream) = (ErrorSource::Plugin, ErrorSource::Downstream);
        assert_eq!(of("a bug"), (plugin, 500));
        assert_eq!(of(io::Error::from(ErrorKind::ConnectionRefused)), (downstream, 502));
        assert_eq!(of(io::Error::from(ErrorKind::TimedOut)), (downstream, 504));
        assert_eq!(of(io::Error::from(ErrorKind::PermissionDenied)), (plugin, 500));
        let never = std::future::pending::<()>();
        let elapsed = tokio::time::timeout(std::time::Duration::from_secs(1), never).await.unwrap_err();
        assert_eq!(of(elapsed), (downstream, 504));
        assert_eq!(of(CallError::new(Code::Cancelled, "gone")), (downstream, 499));
        let marked = CallError::new(Code::Unknown, "x").with_origin(downstream);
        assert_eq!(of(marked), (downstream, 502));
        let own = CallError::new(Code::DeadlineExceeded, "x").with_origin(plugin);
        assert_eq!(of(own), (plugin, 500), "a mark counts before a guess");
        assert_eq!(of(Wrapped(io::Error::from(ErrorKind::BrokenPipe).into())), (downstream, 502));
    }

    #[test]
    fn a_query_error_takes_the_fault_of_its_cause() {
        let error =
            QueryError::caused_by("the upstream is away", io::Error::from(ErrorKind::ConnectionReset));
        let (response, _, cause) = error.into_parts();
        assert_eq!((response.status, response.error_source), (502, Some(ErrorSource::Downstream)));
        assert!(cause.is_some());
    }
}
