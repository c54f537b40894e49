//! A query as the editor saved it → a frame of times and heights.
//!
//! It deliberately knows no Grafana calls and no settings form: plain data in, one frame out.

use graftwire_sdk::frame::Timestamp;
use graftwire_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// Points of one answer when a query doesn't say, and the most whatever it says.
const USUAL_POINTS: i64 = 1_000;
const MOST_POINTS: i64 = 11_000;

/// The shape of a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Round.
    #[default]
    Sine,
    /// Up or down.
    Square,
    /// Rising, then falling at once.
    Sawtooth,
}

impl Shape {
    /// All of them, for the editor's list.
    pub const ALL: [Self; 3] = [Self::Sine, Self::Square, Self::Sawtooth];

    /// The height at a part of the period from 0 to 1, from -1 to 1.
    fn height(self, part: f64) -> f64 {
        match self {
            Self::Sine => (part * std::f64::consts::TAU).sin(),
            Self::Square if part < 0.5 => 1.0,
            Self::Square => -1.0,
            Self::Sawtooth => part.mul_add(2.0, -1.0),
        }
    }
}

/// What the query editor saves; keys that are absent have their defaults.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(default)]
pub struct WaveQuery {
    /// The shape; `sine` by default.
    pub shape: Shape,
    /// The height; 1 by default.
    pub amplitude: f64,
}

impl Default for WaveQuery {
    fn default() -> Self {
        Self { shape: Shape::default(), amplitude: 1.0 }
    }
}

impl WaveQuery {
    /// Reads the query model.
    ///
    /// # Errors
    /// JSON of another shape: a bad request that says where and what.
    pub fn read(json: &[u8]) -> Result<Self, QueryError> {
        let json = if json.is_empty() { b"{}" } else { json };
        serde_json::from_slice(json)
            .map_err(|error| QueryError::bad_request(format!("the query can't be read: {error}")))
    }

    /// The wave over the query's time range.
    ///
    /// # Errors
    /// A range that is the wrong way round.
    pub fn answer(self, query: &Query, settings: &Settings) -> Result<Frame, QueryError> {
        let times = times(query)?;
        let period = settings.period_seconds * 1_000.0;
        let height = |at: &i64| self.amplitude * self.shape.height((*at as f64 / period).rem_euclid(1.0));
        let heights: Vec<f64> = times.iter().map(height).collect();
        let times: Vec<Timestamp> = times.into_iter().map(Timestamp::from_millis).collect();
        Ok(Frame::new("wave").with_field(Field::new("time", times)).with_field(Field::new("height", heights)))
    }
}

/// The times of the points in milliseconds since 1970: as far apart as asked for, and never too many.
fn times(query: &Query) -> Result<Vec<i64>, QueryError> {
    let (from, to) = (query.time_range.from.0, query.time_range.to.0);
    let Some(length) = to.checked_sub(from).filter(|length| *length >= 0) else {
        let text = format!("time range: from ({from} ms) is after to ({to} ms); swap them");
        return Err(QueryError::bad_request(text));
    };
    let points = if query.max_data_points > 0 { query.max_data_points } else { USUAL_POINTS };
    let points = points.min(MOST_POINTS);
    let step = query.interval.0.max(length / points).max(1);
    Ok((0..=length / step).map(|i| from + i * step).take(MOST_POINTS as usize).collect())
}

#[cfg(test)]
mod tests;
