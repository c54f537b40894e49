//! Version 3: what an app's API group is asked, beside version 2 on the same connection. Experimental upstream.
//!
//! It is no number of the handshake: [`crate::services()`] adds these services to those of version 2 for a backend that
//! has one of the three capabilities, and the client of version 2 can call them. A plugin that lacks them answers
//! `UNIMPLEMENTED`, as one that has never heard of them. Inside this folder names are the proto's own. It deliberately
//! authenticates nobody: tokens are metadata here, and `graftwire-sdk` checks them.

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::restriction, clippy::pedantic)]
pub mod generated;

mod redacted;

#[cfg(any(feature = "client", feature = "server"))]
pub(crate) mod draft;
pub mod from_wire;
pub mod to_wire;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod server;

use graftwire_model::Capability;

/// The protobuf package of the services.
pub const PACKAGE: &str = "grafana.plugin.v3";

/// The package's name in a draft of this version; only the paths of methods differ. Plugins serve both names after
/// [`crate::Router::with_draft_names`], hosts ask for the draft's by [`crate::with_draft_names`].
pub const DRAFT_PACKAGE: &str = "plugin.v3";

/// The path of a capability's method; `None` for what is no capability of this version.
#[must_use]
pub fn method(capability: Capability) -> Option<&'static str> {
    Some(match capability {
        Capability::ReviewAdmission => "/grafana.plugin.v3.AdmissionService/AdmissionReview",
        Capability::ConvertVersions => "/grafana.plugin.v3.ConversionService/ConvertObjects",
        Capability::CallRoute => "/grafana.plugin.v3.RouteService/CallRoute",
        _ => return None,
    })
}
