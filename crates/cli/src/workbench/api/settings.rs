//! `/api/plugins/<id>/settings`: what the plugin's data source is told. Secrets go in and never come out.
//!
//! It deliberately saves nothing: settings last as long as the workbench.

use std::collections::BTreeMap;

use bytes::Bytes;
use graftwire_model::{PluginContext, Secrets};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{body_of, cannot_run};
use crate::workbench::entry::Entry;
use crate::workbench::reply::{self, Body};

/// What can be changed; what is absent stays.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    database: Option<String>,
    #[serde(default)]
    json_data: Option<BTreeMap<String, Box<RawValue>>>,
    /// New secrets beside those that are there.
    #[serde(default)]
    secure_json_data: Option<BTreeMap<String, String>>,
}

/// `GET …/settings`
pub(in crate::workbench) fn show(entry: &Entry) -> Response<Body> {
    match entry.backend() {
        Some((_, context)) => reply::json(&to_json(&context)),
        None => cannot_run(entry),
    }
}

/// `PUT …/settings`
pub(in crate::workbench) async fn change(entry: &Entry, request: Request<Incoming>) -> Response<Body> {
    let body = match body_of(request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    // The parser's message may quote a secret, so only the place is told.
    let wish: Wish = match serde_json::from_slice(&body) {
        Ok(wish) => wish,
        Err(error) => {
            let text = format!("these are no settings; see line {}, column {}", error.line(), error.column());
            return reply::error(StatusCode::BAD_REQUEST, &text);
        }
    };
    entry.change_settings(|context| fulfil(wish, context));
    show(entry)
}

fn fulfil(wish: Wish, context: &mut PluginContext) {
    let json_data = wish.json_data.and_then(|data| serde_json::to_vec(&data).ok()).map(Bytes::from);
    let secrets = wish.secure_json_data;
    let merged = |old: &Secrets| {
        let mut all = old.clone().into_map();
        all.extend(secrets.clone().unwrap_or_default());
        Secrets::from(all)
    };
    if let Some(app) = &mut context.app {
        app.secrets = merged(&app.secrets);
        if let Some(json_data) = &json_data {
            app.json_data = json_data.clone();
        }
    }
    if let Some(source) = &mut context.data_source {
        source.secrets = merged(&source.secrets);
        if let Some(json_data) = json_data {
            source.json_data = json_data;
        }
        for (field, value) in [
            (&mut source.url, wish.url),
            (&mut source.user, wish.user),
            (&mut source.database, wish.database),
        ] {
            if let Some(value) = value {
                *field = value;
            }
        }
    }
}

fn to_json(context: &PluginContext) -> Value {
    let object = |json: &Bytes| serde_json::from_slice::<Value>(json).unwrap_or_default();
    let keys = |secrets: &Secrets| secrets.keys().map(str::to_owned).collect::<Vec<_>>();
    match (&context.data_source, &context.app) {
        (Some(source), _) => json!({
            "uid": source.uid, "url": source.url, "user": source.user, "database": source.database,
            "jsonData": object(&source.json_data), "secrets": keys(&source.secrets),
        }),
        (None, Some(app)) => json!({"jsonData": object(&app.json_data), "secrets": keys(&app.secrets)}),
        (None, None) => json!({}),
    }
}
