//! The page: HTML, styles, scripts and the chart library, all inside the executable.
//!
//! It deliberately loads nothing from elsewhere: a board without a way out shows the same page.

use http::{Response, StatusCode};

use super::reply::{self, Body};

/// Name, content type and content of each file below `/assets/`.
const FILES: &[(&str, &str, &str)] = &[
    ("tokens.css", CSS, include_str!("../../assets/tokens.css")),
    ("style.css", CSS, include_str!("../../assets/style.css")),
    ("layout.css", CSS, include_str!("../../assets/layout.css")),
    ("theme.js", JS, include_str!("../../assets/theme.js")),
    ("app.js", JS, include_str!("../../assets/app.js")),
    ("api.js", JS, include_str!("../../assets/api.js")),
    ("chart.js", JS, include_str!("../../assets/chart.js")),
    ("dashboard.js", JS, include_str!("../../assets/dashboard.js")),
    ("details.js", JS, include_str!("../../assets/details.js")),
    ("dom.js", JS, include_str!("../../assets/dom.js")),
    ("frames.js", JS, include_str!("../../assets/frames.js")),
    ("live.js", JS, include_str!("../../assets/live.js")),
    ("logs.js", JS, include_str!("../../assets/logs.js")),
    ("panel.js", JS, include_str!("../../assets/panel.js")),
    ("query.js", JS, include_str!("../../assets/query.js")),
    ("range.js", JS, include_str!("../../assets/range.js")),
    ("table.js", JS, include_str!("../../assets/table.js")),
    ("units.js", JS, include_str!("../../assets/units.js")),
    ("variables.js", JS, include_str!("../../assets/variables.js")),
    ("wire.js", JS, include_str!("../../assets/wire.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
    ("uplot.js", JS, include_str!("../../assets/vendor/uplot/uPlot.iife.min.js")),
    ("uplot.css", CSS, include_str!("../../assets/vendor/uplot/uPlot.min.css")),
];
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The page itself.
pub(super) fn page() -> Response<Body> {
    reply::content(StatusCode::OK, "text/html; charset=utf-8", include_str!("../../assets/page.html"))
}

/// A file of the page.
pub(super) fn file(name: &str) -> Response<Body> {
    match FILES.iter().find(|(file, ..)| *file == name) {
        Some((_, content_type, content)) => reply::content(StatusCode::OK, content_type, *content),
        None => reply::error(StatusCode::NOT_FOUND, "the page has no such file"),
    }
}
