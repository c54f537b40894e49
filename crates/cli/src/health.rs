//! `graftwire health`: one health check, as Grafana's "Save & test" makes it.
//!
//! It deliberately takes the plugin's word: a plugin without health checks is an error, as in Grafana.

use clap::Args;
use graftwire_model::{HealthRequest, HealthResponse, HealthStatus};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::plugin::{PluginArgs, Session, wire, with_session};

/// Ask a plugin (or one data source of it) whether it works.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    #[command(flatten)]
    plugin: PluginArgs,
}

pub(crate) fn run(args: &HealthArgs, json: bool) -> Result<Exit, Failure> {
    let health = with_session(&args.plugin, ask)?;
    let mut output = Output::stdout();
    if json {
        output.json(&to_json(&health))?;
    } else {
        output.line(&format!("{}  {}", health.status.as_str(), health.message))?;
        if let Some(details) = details(&health) {
            output.line(&format!("{details:#}"))?;
        }
    }
    output.flush()?;
    Ok(if health.status == HealthStatus::Ok { Exit::Fine } else { Exit::Answer })
}

/// Makes the call.
pub(crate) async fn ask(session: &Session) -> Result<HealthResponse, Failure> {
    session.progress.say("asking for its health");
    let request = HealthRequest { context: session.context.clone(), ..HealthRequest::default() };
    let backend = session.backend();
    let (answer, calls) = wire::recorded(backend.check_health(session.call(), request)).await;
    session.tell_wire(&calls);
    session.progress.clear();
    answer.map_err(|error| Failure::call("the health check", error))
}

/// Status, message and details, as Grafana's API shows them.
pub(crate) fn to_json(health: &HealthResponse) -> Value {
    let mut value = json!({"status": health.status.as_str(), "message": health.message});
    if let (Some(details), Some(object)) = (details(health), value.as_object_mut()) {
        object.insert("details".to_owned(), details);
    }
    value
}

/// The details as JSON; text that is no JSON is shown as it is.
fn details(health: &HealthResponse) -> Option<Value> {
    let bytes = &health.json_details;
    (!bytes.is_empty()).then(|| {
        serde_json::from_slice(bytes).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(bytes)))
    })
}
