//! `graftwire admission`: asks an app whether it accepts an object, and what becomes of it.
//!
//! It deliberately stores nothing: nobody takes the answer for more than an answer.

use clap::{Args, ValueEnum};
use graftwire_model::{AdmissionOperation, AdmissionReviewRequest, AdmissionReviewResponse};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::object::{self, Object, TokenArgs};
use crate::output::Output;
use crate::plugin::{PluginArgs, Session, wire, with_session};
use crate::series::printable;

/// Ask an app whether it accepts an object.
#[derive(Debug, Args)]
pub(crate) struct AdmissionArgs {
    #[command(flatten)]
    plugin: PluginArgs,
    /// The object: JSON, @FILE, or @- for standard input. Its apiVersion and kind say what it is.
    #[arg(value_name = "JSON|@FILE")]
    object: String,
    /// The object before an update.
    #[arg(long, value_name = "JSON|@FILE")]
    old: Option<String>,
    /// What is about to happen [default: create, or update with --old]. To delete, the object is the one that goes.
    #[arg(long, value_name = "WHAT")]
    operation: Option<Operation>,
    #[command(flatten)]
    token: TokenArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Operation {
    Create,
    Update,
    Delete,
}

pub(crate) fn run(args: &AdmissionArgs, json: bool) -> Result<Exit, Failure> {
    let (request, token) = (request(args)?, args.token.read()?);
    let answer = with_session(&args.plugin, async |session| {
        let cx = object::with_token(session.call(), token);
        ask(session, cx, request).await
    })?;
    let mut output = Output::stdout();
    if json {
        output.json(&to_json(&answer))?;
    } else {
        output.text(&to_text(&answer))?;
    }
    output.flush()?;
    Ok(if answer.allowed { Exit::Fine } else { Exit::Answer })
}

fn request(args: &AdmissionArgs) -> Result<AdmissionReviewRequest, Failure> {
    let object = Object::read(&args.object)?;
    let old = args.old.as_deref().map(Object::read).transpose()?;
    let default = if old.is_some() { Operation::Update } else { Operation::Create };
    let kind = object.kind;
    let (operation, object, old_object) = match args.operation.unwrap_or(default) {
        Operation::Create => (AdmissionOperation::Create, Some(object.raw), None),
        Operation::Update => (AdmissionOperation::Update, Some(object.raw), old.map(|old| old.raw)),
        Operation::Delete => (AdmissionOperation::Delete, None, Some(object.raw)),
    };
    Ok(AdmissionReviewRequest {
        operation: Some(operation),
        kind,
        object: object.unwrap_or_default(),
        old_object: old_object.unwrap_or_default(),
    })
}

async fn ask(
    session: &Session,
    cx: graftwire_model::CallContext,
    request: AdmissionReviewRequest,
) -> Result<AdmissionReviewResponse, Failure> {
    session.progress.say("asking whether the object is accepted");
    let backend = session.backend();
    let (answer, calls) = wire::recorded(backend.review_admission(cx, request)).await;
    session.tell_wire(&calls);
    session.progress.clear();
    answer.map_err(|error| Failure::call("the admission", error))
}

fn to_json(answer: &AdmissionReviewResponse) -> Value {
    json!({
        "allowed": answer.allowed,
        "error": answer.error.as_ref().map(object::status_json),
        "warnings": answer.warnings,
        "object": object::to_json(&answer.object),
    })
}

fn to_text(answer: &AdmissionReviewResponse) -> String {
    let mut text = match (&answer.error, answer.allowed) {
        (_, true) => "allowed\n".to_owned(),
        (Some(error), false) => format!("refused  {}\n", lines(&object::status_text(error))),
        (None, false) => "refused\n".to_owned(),
    };
    for warning in &answer.warnings {
        text.push_str(&format!("warning  {}\n", printable(warning)));
    }
    if !answer.object.is_empty() {
        text.push_str(&format!("changed to\n{:#}\n", object::to_json(&answer.object)));
    }
    text
}

/// A text of several lines that can't steer the terminal.
pub(crate) fn lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}
