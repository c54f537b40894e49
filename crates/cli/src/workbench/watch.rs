//! Keeps an eye on one plugin: its state, its process, its health.
//!
//! It deliberately asks for health rarely: a check may cost the system behind the plugin something.

use std::sync::Arc;
use std::time::{Duration, Instant};

use graftwire_host::State;
use graftwire_model::{CallContext, HealthRequest};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval};

use super::entry::Entry;
use super::roster::Change;
use crate::health;

/// How often memory, threads and traffic are read.
const FIGURES_EVERY: Duration = Duration::from_secs(2);
/// How often health is asked for.
const HEALTH_EVERY: Duration = Duration::from_secs(15);
/// How long a health check may take.
const HEALTH_PATIENCE: Duration = Duration::from_secs(10);

/// Watches for as long as the plugin's supervisor lives.
pub(super) async fn watch(entry: Arc<Entry>, changes: broadcast::Sender<Change>) {
    let Some(mut states) = entry.states() else { return };
    let mut figures = interval(FIGURES_EVERY);
    let mut checks = interval(HEALTH_EVERY);
    figures.set_missed_tick_behavior(MissedTickBehavior::Delay);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = Value::Null;
    loop {
        let check = tokio::select! {
            state = states.changed() => match state {
                None => return,
                Some(State::Running { .. }) => {
                    // A new process is asked at once, and the next check comes a whole pause later.
                    checks.reset();
                    true
                }
                Some(_) => {
                    entry.set_health(None);
                    false
                }
            },
            _ = figures.tick() => false,
            _ = checks.tick() => matches!(states.current(), State::Running { .. }),
        };
        told = tell(&entry, &changes, told);
        if check {
            entry.set_health(Some(ask(&entry).await));
            told = tell(&entry, &changes, told);
        }
    }
}

/// Tells of the plugin unless nothing has changed.
fn tell(entry: &Arc<Entry>, changes: &broadcast::Sender<Change>, told: Value) -> Value {
    let now = entry.to_json();
    if now != told {
        // Without a page nobody listens.
        let _ = changes.send(Change::Plugin(Arc::clone(entry)));
    }
    now
}

/// One health check, for the page.
pub(super) async fn ask(entry: &Entry) -> Value {
    let Some((backend, context)) = entry.backend() else { return Value::Null };
    let begun = Instant::now();
    let cx = CallContext::new().with_deadline(begun + HEALTH_PATIENCE);
    let answer = backend.check_health(cx, HealthRequest { context, ..HealthRequest::default() }).await;
    let mut value = match answer {
        Ok(health) => health::to_json(&health),
        Err(error) => {
            json!({"status": "ERROR", "message": error.to_string(), "code": error.code().to_string()})
        }
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("millis".to_owned(), json!(begun.elapsed().as_secs_f64() * 1000.0));
        object.insert("checked".to_owned(), json!(super::entry::millis(std::time::SystemTime::now())));
    }
    value
}
