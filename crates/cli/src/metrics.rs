//! `graftwire metrics`: the plugin's own metrics, as Grafana's `/metrics/plugins/<id>` serves them.
//!
//! It deliberately does not interpret them: they are Prometheus text already.

use clap::Args;
use graftwire_model::MetricsRequest;
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::plugin::{PluginArgs, Session, wire, with_session};

/// Print a plugin's own metrics in Prometheus text form.
#[derive(Debug, Args)]
pub(crate) struct MetricsArgs {
    #[command(flatten)]
    plugin: PluginArgs,
}

pub(crate) fn run(args: &MetricsArgs, json: bool) -> Result<Exit, Failure> {
    let text = with_session(&args.plugin, ask)?;
    let mut output = Output::stdout();
    if json {
        output.json(&json!({"prometheus": text}))?;
    } else {
        output.text(&text)?;
    }
    output.flush()?;
    Ok(Exit::Fine)
}

async fn ask(session: &Session) -> Result<String, Failure> {
    session.progress.say("asking for its metrics");
    // Grafana sends the plugin's id and nothing else.
    let context = graftwire_model::PluginContext {
        plugin_id: session.context.plugin_id.clone(),
        ..graftwire_model::PluginContext::default()
    };
    let backend = session.backend();
    let (answer, calls) =
        wire::recorded(backend.collect_metrics(session.call(), MetricsRequest { context })).await;
    session.tell_wire(&calls);
    session.progress.clear();
    let metrics = answer.map_err(|error| Failure::call("collecting metrics", error))?;
    Ok(String::from_utf8_lossy(&metrics.prometheus).into_owned())
}
