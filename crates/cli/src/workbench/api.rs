//! The JSON API below `/api`; `docs/workbench.md` describes it.
//!
//! It deliberately has no state of its own: everything comes from the roster.

pub(super) mod dashboards;
pub(super) mod events;
pub(super) mod plugins;
pub(super) mod query;
pub(super) mod resource;
pub(super) mod settings;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use super::entry::Entry;
use super::reply::{self, Body};

/// How large the body of a request may be.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The body of a request, or the answer that refuses it.
async fn body_of(request: Request<Incoming>) -> Result<bytes::Bytes, Response<Body>> {
    match Limited::new(request.into_body(), MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let text = format!("the body is above {MAX_BODY} bytes, the limit");
            Err(reply::error(StatusCode::PAYLOAD_TOO_LARGE, &text))
        }
        Err(error) => Err(reply::error(StatusCode::BAD_REQUEST, &format!("the body can't be read: {error}"))),
    }
}

/// What is said of a plugin that can't be run at all.
fn cannot_run(entry: &Entry) -> Response<Body> {
    reply::error(StatusCode::SERVICE_UNAVAILABLE, &format!("{} can't be run", entry.id()))
}
