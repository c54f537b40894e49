//! A plugin whose resources use go-plugin's broker, in both directions.
//!
//! | resource | what happens |
//! |---|---|
//! | `dial?id=N` | dials id N, asks there for the health of `plugin`, and answers what came of it |
//! | `accept` | accepts an id, serves go-plugin's health there, and answers the id |
//! | `accept?id=N` | the same with an id of the caller's choice |
//! | `print?bytes=N` | prints so many bytes to standard output |
//! | `print-here?bytes=N` | the same on the thread that serves the host |
//! | `hold` | accepts an id and never lets go of it |
//! | `peak` | answers the most memory the process has had, in KiB (Linux) |

#![allow(clippy::print_stdout)]

use std::io::Write as _;
use std::process::ExitCode;

use graftwire_model::error_text;
use graftwire_sdk::broker::{self, Broker, BrokerListener};
use graftwire_sdk::prelude::*;
use graftwire_testkit::broker::{health, is_serving};

fn main() -> ExitCode {
    let broker = Broker::new();
    let talking = Talking { broker: broker.clone() };
    Plugin::single("graftwire-broker-datasource", talking)
        .query_data()
        .check_health()
        .call_resource()
        .broker(broker)
        .serve()
}

struct Talking {
    broker: Broker,
}

impl QueryData for Talking {
    async fn query(&self, _cx: &RequestContext, _query: Query) -> Result<Answer, QueryError> {
        Ok(Answer::from(Frame::new("talk").with_field(Field::new("n", vec![1_i64, 2, 3]))))
    }
}

impl CheckHealth for Talking {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok("talking"))
    }
}

impl CallResource for Talking {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        let number = |key: &str| number(&request.url, key);
        let said = match request.path.as_str() {
            "dial" => self.dial(number("id").unwrap_or_default()).await,
            "accept" => self.accept(number("id")).await.map(|listener| {
                let id = listener.id().to_string();
                tokio::spawn(broker::serve(listener, health()));
                id
            }),
            "hold" => self.accept(None).await.map(|listener| {
                let id = listener.id().to_string();
                std::mem::forget(listener);
                id
            }),
            "print" => print(number("bytes").unwrap_or_default()).await,
            "print-here" => print_lines(number("bytes").unwrap_or_default()),
            "peak" => Ok(peak()),
            other => Err(format!("no resource {other:?}")),
        };
        Ok(match said {
            Ok(said) => ResourceResponse::new(200, "text/plain", said),
            Err(error) => ResourceResponse::new(502, "text/plain", error),
        })
    }
}

impl Talking {
    async fn dial(&self, id: u32) -> Result<String, String> {
        let connection = self.broker.dial(id).await.map_err(|error| error_text(&error))?;
        let serving = is_serving(connection).await.map_err(|error| error.to_string())?;
        Ok(format!("serving: {serving}"))
    }

    async fn accept(&self, id: Option<u32>) -> Result<BrokerListener, String> {
        let id = id.unwrap_or_else(|| self.broker.next_id());
        self.broker.accept(id).await.map_err(|error| error_text(&error))
    }
}

fn number(url: &str, key: &str) -> Option<u32> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
}

/// Beside the plugin's tasks.
async fn print(bytes: u32) -> Result<String, String> {
    tokio::task::spawn_blocking(move || print_lines(bytes)).await.map_err(|error| error.to_string())?
}

/// Lines of 100 bytes.
fn print_lines(bytes: u32) -> Result<String, String> {
    let mut out = std::io::stdout().lock();
    let printed = (0..bytes / 100).try_for_each(|line| writeln!(out, "{line:099}"));
    printed.map(|()| "printed".to_owned()).map_err(|error| error.to_string())
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or_default().trim().trim_end_matches(" kB").to_owned()
}
