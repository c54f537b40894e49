//! `graftwire resource`: one request below a plugin's `/resources/`, as Grafana passes it on.
//!
//! It deliberately knows nothing of the answer: `http_call` prints it.

use clap::Args;
use graftwire_model::ResourceRequest;

use crate::failure::{Exit, Failure};
use crate::http_call::{Answer, HttpArgs, HttpRequest, collect};
use crate::plugin::{PluginArgs, Session, wire, with_session};

/// Call a plugin's resource and print the answer's body.
#[derive(Debug, Args)]
pub(crate) struct ResourceArgs {
    #[command(flatten)]
    plugin: PluginArgs,
    #[command(flatten)]
    http: HttpArgs,
}

pub(crate) fn run(args: &ResourceArgs, json: bool) -> Result<Exit, Failure> {
    let http = args.http.request()?;
    let answer = with_session(&args.plugin, async |session| ask(session, http).await)?;
    args.http.show(&answer, json)
}

async fn ask(session: &Session, http: HttpRequest) -> Result<Answer, Failure> {
    session.progress.say(format!("calling {}", http.url));
    let HttpRequest { path, url, method, headers, body } = http;
    let request = ResourceRequest { context: session.context.clone(), path, method, url, headers, body };
    let backend = session.backend();
    let call =
        async { collect("the resource call", backend.call_resource(session.call(), request).await).await };
    let (answer, calls) = wire::recorded(call).await;
    session.tell_wire(&calls);
    session.progress.clear();
    answer
}
