//! App protocol version 1: package `models`, spoken by Grafana up to 7.
//!
//! It knows one data query and one rendering call; health, metrics, resources and streams don't exist in it. There are
//! no frames on its wire: answers leave as time series and tables, see [`to_wire`], and become frames again on the
//! host's side, see [`from_wire`]. Inside this folder names are the proto's own. It deliberately holds no behaviour of
//! a plugin or host.

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::restriction, clippy::pedantic)]
pub mod generated;

mod from_table;
mod meta_json;
mod query_object;
mod redacted;
mod to_series;
mod to_table;

pub mod from_wire;
pub mod to_wire;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod server;

use graftwire_model::Capability;

/// The path of a capability's method; `None` for what this version lacks.
#[must_use]
pub fn method(capability: Capability) -> Option<&'static str> {
    Some(match capability {
        Capability::QueryData => "/models.DatasourcePlugin/Query",
        Capability::Render => "/models.Renderer/Render",
        _ => return None,
    })
}
