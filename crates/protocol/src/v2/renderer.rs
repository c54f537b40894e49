//! Package `pluginextensionv2`: image rendering beside version 2, for renderer plugins.
//!
//! It deliberately holds the one method that is about images: tables of a page (`RenderCSV`) and the service
//! `Sanitizer` belong to Grafana's own plugin alone.

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::restriction, clippy::pedantic)]
pub mod generated;

use std::collections::BTreeMap;
use std::fmt;

use generated as wire;
use graftwire_model as model;

/// A request for an image, wire → model.
#[must_use]
pub fn request_from_wire(request: wire::RenderRequest) -> model::RenderRequest {
    let headers = request.headers.into_iter().map(|(name, list)| (name, list.values));
    model::RenderRequest {
        url: request.url,
        width: request.width,
        height: request.height,
        device_scale_factor: request.device_scale_factor,
        timeout: seconds_from_wire(request.timeout),
        timezone: request.timezone,
        encoding: String::new(),
        file_path: request.file_path,
        render_key: request.render_key,
        domain: request.domain,
        headers: headers.collect::<BTreeMap<_, _>>().into(),
        auth_token: request.auth_token,
        debug: false,
    }
}

/// A request for an image, model → wire. What this version has no field for is left out.
#[must_use]
pub fn request_to_wire(request: model::RenderRequest) -> wire::RenderRequest {
    let headers = request.headers.into_map().into_iter();
    wire::RenderRequest {
        url: request.url,
        width: request.width,
        height: request.height,
        device_scale_factor: request.device_scale_factor,
        file_path: request.file_path,
        render_key: request.render_key,
        domain: request.domain,
        timeout: seconds_to_wire(request.timeout),
        timezone: request.timezone,
        headers: headers.map(|(name, values)| (name, wire::StringList { values })).collect(),
        auth_token: request.auth_token,
    }
}

/// The wire has seconds.
pub(crate) fn seconds_from_wire(seconds: i32) -> model::Millis {
    model::Millis(i64::from(seconds).saturating_mul(1000))
}

/// Begun seconds count whole, so that a short time does not become "not said".
pub(crate) fn seconds_to_wire(time: model::Millis) -> i32 {
    let whole = time.0.saturating_add(if time.0 > 0 { 999 } else { 0 }) / 1000;
    i32::try_from(whole).unwrap_or(if whole > 0 { i32::MAX } else { i32::MIN })
}

impl fmt::Debug for wire::RenderRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderRequest")
            .field("url", &self.url)
            .field("file_path", &self.file_path)
            .field("headers", &format_args!("<{}>", self.headers.len()))
            .finish_non_exhaustive()
    }
}
