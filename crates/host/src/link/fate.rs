//! HTTP/2 failure → gRPC status, and whether the whole connection is lost with it.
//!
//! It deliberately does not know why the plugin hung up: whoever watches the process does.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use graftwire_model::error_text;
use h2::Reason;
use tonic::Status;

/// What has become of a connection, as far as its calls have noticed.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate {
    lost: Arc<AtomicBool>,
}

impl Fate {
    /// Whether a call has found the connection lost.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// What a failure means in gRPC's terms (gRPC over HTTP/2, "Errors").
    pub(super) fn explain(&self, error: &hyper::Error) -> Status {
        let Some(reason) = reset_reason(error) else {
            self.lost.store(true, Ordering::Release);
            return Status::unavailable(format!(
                "the connection to the plugin is lost: {}",
                error_text(error)
            ));
        };
        match reason {
            Reason::REFUSED_STREAM => {
                Status::unavailable("the plugin refused the call (HTTP/2 REFUSED_STREAM)")
            }
            // A server whose handler was torn down, by a panic for example, resets the stream like this.
            Reason::CANCEL => Status::cancelled(
                "the plugin broke the call off (HTTP/2 CANCEL), as one does whose handler panicked",
            ),
            Reason::ENHANCE_YOUR_CALM => {
                Status::resource_exhausted("the plugin asks for fewer calls (HTTP/2 ENHANCE_YOUR_CALM)")
            }
            Reason::INADEQUATE_SECURITY => {
                Status::permission_denied("the plugin asks for more security (HTTP/2 INADEQUATE_SECURITY)")
            }
            reason => Status::internal(format!("the plugin broke the call off (HTTP/2 {reason:?})")),
        }
    }
}

/// Why the plugin ended this one call; `None` if the connection as a whole failed.
fn reset_reason(error: &hyper::Error) -> Option<Reason> {
    error.source()?.downcast_ref::<h2::Error>().filter(|cause| cause.is_reset())?.reason()
}
