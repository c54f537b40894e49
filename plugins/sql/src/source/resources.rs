//! Resources for editors: `tables`, `columns?table=<name>`, `functions`, `macros`.
//!
//! It deliberately runs no SQL of its callers: that is what queries are for.

use graftwire_sdk::prelude::*;
use graftwire_sdk::sql::dialect::{Dialect, Expansion};
use serde::Serialize;

use super::Source;
use crate::upstream::UpstreamError;

impl CallResource for Source {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        match request.path.trim_matches('/') {
            "tables" => respond(self.upstream.tables().await),
            "columns" => match parameter(request.query_string(), "table") {
                Some(table) => respond(self.upstream.columns(table).await),
                None => {
                    failure(400, "columns needs the parameter table, as in columns?table=orders".to_owned())
                }
            },
            "functions" => respond(self.upstream.functions().await),
            "macros" => ResourceResponse::json(200, &macros(self.upstream.dialect())),
            path => failure(
                404,
                format!("no resource {path:?}; there are tables, columns?table=<name>, functions and macros"),
            ),
        }
    }
}

fn respond<T: Serialize>(found: Result<T, UpstreamError>) -> Result<ResourceResponse, CallError> {
    match found {
        Ok(found) => ResourceResponse::json(200, &found),
        Err(error) => {
            failure(u16::try_from(error.status()).unwrap_or(502), graftwire_sdk::error_text(&error))
        }
    }
}

fn failure(status: u16, message: String) -> Result<ResourceResponse, CallError> {
    #[derive(Serialize)]
    struct Failure {
        message: String,
    }
    ResourceResponse::json(status, &Failure { message })
}

/// A macro as editors show it.
#[derive(Serialize)]
struct Entry {
    name: String,
    arguments: &'static [&'static str],
    help: &'static str,
    expansion: &'static str,
}

fn macros(dialect: &Dialect) -> Vec<Entry> {
    let entry = |known: &graftwire_sdk::sql::dialect::Macro| Entry {
        name: format!("$__{}", known.name),
        arguments: known.arguments,
        help: known.help,
        expansion: match known.expansion {
            Expansion::Template(template) | Expansion::Group(template) => template,
            Expansion::DateParts => "",
        },
    };
    dialect.macros.iter().map(entry).collect()
}

/// The value of a parameter of a query string, decoded.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find(|(key, _)| *key == name)?.1.replace('+', " ");
    Some(percent_encoding::percent_decode_str(&value).decode_utf8_lossy().into_owned())
}
