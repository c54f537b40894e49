//! The health check: opens the database and reads from it.

use graftwire_sdk::prelude::*;

use super::Source;

impl CheckHealth for Source {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        let state = match self.upstream.check().await {
            Ok(state) => state,
            Err(error) => return Ok(health_error(graftwire_sdk::error_text(&error))),
        };
        let mut response = health_ok(format!(
            "{}: {} table(s), {:.1} MB, journal {}",
            state.engine,
            state.tables,
            state.bytes as f64 / 1_048_576.0,
            state.journal
        ));
        response.json_details = serde_json::to_vec(&state).unwrap_or_default().into();
        Ok(response)
    }
}
