//! `graftwire conversion`: lets an app convert objects to another version of their group.
//!
//! It deliberately prints the objects as they come: whether they are right is for a person to see.

use clap::Args;
use graftwire_model::{
    CallContext, GroupVersion, VersionConversionRequest, VersionConversionResponse, VersionedObject,
};
use serde_json::{Value, json};

use crate::admission::lines;
use crate::failure::{Exit, Failure};
use crate::object::{self, Object, TokenArgs};
use crate::output::Output;
use crate::plugin::{PluginArgs, Session, wire, with_session};
use crate::series::printable;

/// Let an app convert objects to another version.
#[derive(Debug, Args)]
pub(crate) struct ConversionArgs {
    #[command(flatten)]
    plugin: PluginArgs,
    /// The objects: JSON, @FILE, or @- for standard input. Their apiVersion and kind say what they are.
    #[arg(value_name = "JSON|@FILE", required = true)]
    objects: Vec<String>,
    /// The wanted version, as v2.
    #[arg(long, value_name = "VERSION")]
    to: String,
    #[command(flatten)]
    token: TokenArgs,
}

pub(crate) fn run(args: &ConversionArgs, json: bool) -> Result<Exit, Failure> {
    let (request, token) = (request(args)?, args.token.read()?);
    let answer = with_session(&args.plugin, async |session| {
        let cx = object::with_token(session.call(), token);
        ask(session, cx, request).await
    })?;
    let mut output = Output::stdout();
    if json {
        output.json(&to_json(&answer))?;
    } else {
        for converted in &answer.converted {
            output.line(&format!("{:#}", object::to_json(&converted.raw)))?;
        }
    }
    output.flush()?;
    match (&answer.error, json) {
        (None, _) => Ok(Exit::Fine),
        (Some(_), true) => Ok(Exit::Answer),
        (Some(error), false) => {
            Err(Failure::answer(format!("nothing was converted: {}", lines(&object::status_text(error)))))
        }
    }
}

fn request(args: &ConversionArgs) -> Result<VersionConversionRequest, Failure> {
    let objects = args.objects.iter().map(|argument| {
        let Object { kind, raw } = Object::read(argument)?;
        Ok(VersionedObject { kind, raw })
    });
    let objects = objects.collect::<Result<Vec<_>, Failure>>()?;
    let api = objects.first().map(|first| first.kind.clone()).unwrap_or_default();
    Ok(VersionConversionRequest {
        api: GroupVersion { group: api.group, version: api.version },
        uid: "graftwire".to_owned(),
        objects,
        target_version: args.to.clone(),
    })
}

async fn ask(
    session: &Session,
    cx: CallContext,
    request: VersionConversionRequest,
) -> Result<VersionConversionResponse, Failure> {
    session.progress.say("asking for the conversion");
    let backend = session.backend();
    let (answer, calls) = wire::recorded(backend.convert_versions(cx, request)).await;
    session.tell_wire(&calls);
    session.progress.clear();
    let answer = answer.map_err(|error| Failure::call("the conversion", error))?;
    for (index, warning) in answer
        .converted
        .iter()
        .enumerate()
        .flat_map(|(index, one)| one.warnings.iter().map(move |warning| (index, warning)))
    {
        session.progress.print(&format!("object {index}: {}", printable(warning)));
    }
    Ok(answer)
}

fn to_json(answer: &VersionConversionResponse) -> Value {
    let converted: Vec<Value> = answer
        .converted
        .iter()
        .map(|one| json!({"object": object::to_json(&one.raw), "warnings": one.warnings}))
        .collect();
    json!({"error": answer.error.as_ref().map(object::status_json), "converted": converted})
}
