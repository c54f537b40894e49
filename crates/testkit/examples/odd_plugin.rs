//! A plugin that misbehaves on request, for tests of the process around it.
//!
//! | query type | what happens |
//! |---|---|
//! | `panic` | the handler panics |
//! | `panic-elsewhere` | a thread of the plugin panics, outside any call |
//! | `exit` | the process ends in the middle of the query |
//! | `print` | prints to standard output |
//! | `log` | logs at every level, with fields that try to break the format |
//! | `hang` | never answers |
//! | else | one frame with the query model as text |
//!
//! With `ODD_LISTENS_ON_TCP` in its environment it listens on TCP.

#![allow(clippy::panic, clippy::print_stdout)]

use std::process::ExitCode;

use graftwire_sdk::prelude::*;

fn main() -> ExitCode {
    let plugin = Plugin::single("graftwire-odd-datasource", Odd)
        .build_info(graftwire_sdk::build_info!())
        .query_data()
        .check_health()
        .stream_data();
    let tcp = std::env::var_os("ODD_LISTENS_ON_TCP").is_some();
    if tcp { plugin.listen_on_tcp().serve() } else { plugin.serve() }
}

struct Odd;

impl QueryData for Odd {
    async fn query(&self, _cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        match query.query_type.as_str() {
            "panic" => panic!("as you wished"),
            "panic-elsewhere" => {
                let _ = std::thread::spawn(|| panic!("in a thread\nof its own")).join();
            }
            "exit" => std::process::exit(3),
            "print" => println!("printed by the plugin"),
            "log" => {
                tracing::trace!("a trace");
                tracing::debug!(n = 1, "a debug");
                tracing::info!(message = 5, "@level" = 3);
                tracing::warn!(f = f64::INFINITY, "a warning");
                tracing::error!(error = "line\nbreak", "an error");
            }
            "hang" => std::future::pending().await,
            _ => {}
        }
        let text = String::from_utf8_lossy(&query.json).into_owned();
        Ok(Answer::from(Frame::new("odd").with_field(Field::new("model", vec![text]))))
    }
}

impl CheckHealth for Odd {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok("odd, but fine"))
    }
}

impl StreamData for Odd {
    async fn subscribe(
        &self,
        _cx: &RequestContext,
        _request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        Ok(SubscribeResponse::default())
    }

    async fn run(
        &self,
        _cx: &RequestContext,
        _request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        loop {
            packets.send_json("{}").await?;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}
