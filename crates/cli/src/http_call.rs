//! What resources and routes have in common: a request in HTTP's terms on the command line, and the printing of its
//! answer.
//!
//! It deliberately adds no headers of a browser: the plugin sees what is given here.

use std::path::PathBuf;

use base64::Engine as _;
use bytes::Bytes;
use clap::Args;
use graftwire_model::{CallError, MultiHeaders, ReplyStream, ResourcePiece};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::file;
use crate::output::Output;

/// From this HTTP status on an answer counts as an error.
const FIRST_ERROR: i32 = 400;

/// A request, and what becomes of its answer.
#[derive(Debug, Args)]
pub(crate) struct HttpArgs {
    /// Path, with a query if need be: api/v1/labels?match=x
    #[arg(value_name = "PATH")]
    path: String,
    /// HTTP method [default: GET, or POST with a body].
    #[arg(long, short = 'X', value_name = "METHOD")]
    method: Option<String>,
    /// The body: text, @FILE, or @- for standard input.
    #[arg(long, short, value_name = "TEXT|@FILE")]
    body: Option<String>,
    /// A header of the request; may be repeated.
    #[arg(long, short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(String, String)>,
    /// Print status and headers before the body.
    #[arg(long, short)]
    include: bool,
    /// Write the body here instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected NAME: VALUE".to_owned()),
    }
}

/// A request with its body read.
#[derive(Debug)]
pub(crate) struct HttpRequest {
    /// Without query.
    pub(crate) path: String,
    /// Path and query, without the leading slash.
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) headers: MultiHeaders,
    pub(crate) body: Bytes,
}

impl HttpArgs {
    /// Reads the body, if it is in a file.
    pub(crate) fn request(&self) -> Result<HttpRequest, Failure> {
        let body = self.body.as_deref().map(file::text_or_file).transpose()?;
        let url = self.path.trim_start_matches('/').to_owned();
        let default = if body.is_some() { "POST" } else { "GET" };
        let mut headers = MultiHeaders::new();
        for (name, value) in &self.header {
            headers.append(name.as_str(), value.as_str());
        }
        Ok(HttpRequest {
            path: url.split_once('?').map_or(url.as_str(), |(path, _)| path).to_owned(),
            url,
            method: self.method.as_deref().unwrap_or(default).to_ascii_uppercase(),
            headers,
            body: body.map(Bytes::from).unwrap_or_default(),
        })
    }

    /// Prints the answer; the exit code tells whether it is an error.
    pub(crate) fn show(&self, answer: &Answer, json: bool) -> Result<Exit, Failure> {
        let mut output = Output::stdout();
        if json {
            output.json(&to_json(answer))?;
        } else {
            self.print(answer, &mut output)?;
        }
        output.flush()?;
        Ok(if answer.status >= FIRST_ERROR { Exit::Answer } else { Exit::Fine })
    }

    fn print(&self, answer: &Answer, output: &mut Output) -> Result<(), Failure> {
        if self.include || answer.status >= FIRST_ERROR && output.is_terminal() {
            output.line(&format!("HTTP {}", answer.status))?;
            for (name, values) in answer.headers.iter() {
                for value in values {
                    output.line(&format!("{name}: {value}"))?;
                }
            }
            output.line("")?;
        }
        if let Some(path) = &self.out {
            return file::write(path, &answer.body);
        }
        if std::str::from_utf8(&answer.body).is_err() {
            return output.binary(&answer.body, "the body");
        }
        output.bytes(&answer.body)?;
        if output.is_terminal() && !answer.body.is_empty() && !answer.body.ends_with(b"\n") {
            output.line("")?;
        }
        Ok(())
    }
}

/// A whole answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    status: i32,
    headers: MultiHeaders,
    body: Vec<u8>,
}

/// Status and headers of the first piece count, as in Grafana; no piece at all is an error there too.
pub(crate) async fn collect(
    what: &str,
    pieces: Result<ReplyStream<ResourcePiece>, CallError>,
) -> Result<Answer, Failure> {
    let failed = |error| Failure::call(what, error);
    let mut pieces = pieces.map_err(failed)?;
    let Some(first) = pieces.next().await.transpose().map_err(failed)? else {
        return Err(Failure::answer(format!("the plugin ended {what} without an answer")));
    };
    let mut answer = Answer { status: first.status, headers: first.headers, body: first.body.into() };
    while let Some(piece) = pieces.next().await.transpose().map_err(failed)? {
        answer.body.extend_from_slice(&piece.body);
        if answer.body.len() as u64 > file::MAX_FILE {
            return Err(Failure::answer(format!("the body is above {} bytes, the limit", file::MAX_FILE)));
        }
    }
    Ok(answer)
}

/// Status, headers, and the body as JSON if it is JSON, as text if it is text, else in base64.
fn to_json(answer: &Answer) -> Value {
    let headers: serde_json::Map<String, Value> =
        answer.headers.iter().map(|(name, values)| (name.to_owned(), json!(values))).collect();
    let mut value = json!({"status": answer.status, "headers": headers});
    let (key, body) = match (serde_json::from_slice::<Value>(&answer.body), std::str::from_utf8(&answer.body))
    {
        (Ok(body), _) => ("json", body),
        (_, Ok(text)) => ("text", Value::from(text)),
        _ => ("base64", Value::from(base64::engine::general_purpose::STANDARD.encode(&answer.body))),
    };
    if let Some(object) = value.as_object_mut() {
        object.insert(key.to_owned(), body);
    }
    value
}
