//! `graftwire route`: one request to a custom route of an app's API group.
//!
//! It deliberately knows nothing of the answer: `http_call` prints it.

use clap::Args;
use graftwire_model::{CallContext, RouteParent, RouteRequest};

use crate::failure::{Exit, Failure};
use crate::http_call::{Answer, HttpArgs, HttpRequest, collect};
use crate::object::{self, TokenArgs};
use crate::plugin::{PluginArgs, Session, wire, with_session};

/// Call a custom route of an app and print the answer's body.
#[derive(Debug, Args)]
pub(crate) struct RouteArgs {
    #[command(flatten)]
    plugin: PluginArgs,
    #[command(flatten)]
    http: HttpArgs,
    /// The app's API group.
    #[arg(long, value_name = "GROUP")]
    group: String,
    /// The version of the group.
    #[arg(long, value_name = "VERSION", default_value = "v1")]
    api_version: String,
    /// The namespace; empty for a route of the whole cluster.
    #[arg(long, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
    /// The object whose route it is: its resource (plural, lower case) and name, as playlists/mine.
    #[arg(long, value_name = "RESOURCE/NAME", value_parser = parent)]
    parent: Option<RouteParent>,
    #[command(flatten)]
    token: TokenArgs,
}

fn parent(text: &str) -> Result<RouteParent, String> {
    let (resource, name) = text.split_once('/').ok_or("expected RESOURCE/NAME")?;
    Ok(RouteParent { resource: resource.to_owned(), name: name.to_owned(), ..RouteParent::default() })
}

pub(crate) fn run(args: &RouteArgs, json: bool) -> Result<Exit, Failure> {
    let (http, token) = (args.http.request()?, args.token.read()?);
    let request = request(args, http);
    let answer = with_session(&args.plugin, async |session| {
        ask(session, object::with_token(session.call(), token), request).await
    })?;
    args.http.show(&answer, json)
}

fn request(args: &RouteArgs, http: HttpRequest) -> RouteRequest {
    RouteRequest {
        group: args.group.clone(),
        version: args.api_version.clone(),
        namespace: args.namespace.clone(),
        parent: args.parent.clone(),
        path: http.path,
        method: http.method,
        url: format!("/{}", http.url),
        headers: http.headers,
        body: http.body,
    }
}

async fn ask(session: &Session, cx: CallContext, request: RouteRequest) -> Result<Answer, Failure> {
    session.progress.say(format!("calling {}", request.path));
    let backend = session.backend();
    let call = async { collect("the route call", backend.call_route(cx, request).await).await };
    let (answer, calls) = wire::recorded(call).await;
    session.tell_wire(&calls);
    session.progress.clear();
    answer
}
