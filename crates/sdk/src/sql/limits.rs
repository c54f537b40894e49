//! How many rows and bytes an answer may have.
//!
//! It deliberately cuts with a notice and not with an error: the rows that came are good.

use graftwire_frame::{Notice, NoticeSeverity};
use graftwire_model::GrafanaConfig;

/// The limits of one answer. Reaching one keeps what came and adds a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLimits {
    /// Rows. Default 1,000,000, as `[dataproxy] row_limit` of Grafana.
    pub rows: u64,
    /// Bytes of values in memory. Default 256 MiB.
    pub bytes: u64,
}

impl Default for RowLimits {
    fn default() -> Self {
        Self { rows: 1_000_000, bytes: 256 << 20 }
    }
}

impl RowLimits {
    /// What Grafana says: `GF_SQL_ROW_LIMIT` of its configuration (negative = none), `GF_DATAPROXY_RESPONSE_LIMIT` of its
    /// configuration or, as `lookup` gives it, of the environment. What isn't said is the default.
    pub fn of(config: &GrafanaConfig, lookup: impl Fn(&str) -> Option<String>) -> Self {
        const BYTES: &str = "GF_DATAPROXY_RESPONSE_LIMIT";
        let default = Self::default();
        let number = |text: &str| text.trim().parse::<i64>().ok();
        let rows = match config.get("GF_SQL_ROW_LIMIT").and_then(number) {
            Some(none) if none < 0 => u64::MAX,
            Some(0) | None => default.rows,
            Some(rows) => rows.unsigned_abs(),
        };
        let bytes = config.get(BYTES).map(str::to_owned).or_else(|| lookup(BYTES));
        let bytes = bytes.as_deref().and_then(number).and_then(|bytes| u64::try_from(bytes).ok());
        Self { rows, bytes: bytes.filter(|bytes| *bytes > 0).unwrap_or(default.bytes) }
    }

    /// The smaller of both, each for itself.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self { rows: self.rows.min(other.rows), bytes: self.bytes.min(other.bytes) }
    }

    /// What Grafana's SQL data sources say when rows were cut.
    #[must_use]
    pub fn rows_notice(self) -> Notice {
        let text =
            format!("Results have been limited to {} because the SQL row limit was reached", self.rows);
        Notice::new(NoticeSeverity::Warning, text)
    }

    /// The same for bytes.
    #[must_use]
    pub fn bytes_notice(self, rows: u64) -> Notice {
        let text = format!(
            "Results have been limited to {rows} rows because they reached {} bytes, the limit of one answer; select \
             fewer or shorter columns",
            self.bytes
        );
        Notice::new(NoticeSeverity::Warning, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_come_from_grafana() {
        let of = |pairs: &[(&str, &str)]| {
            let mut config = GrafanaConfig::default();
            pairs.iter().for_each(|(key, value)| config.insert(*key, *value));
            RowLimits::of(&config, |_| None)
        };
        assert_eq!(of(&[]), RowLimits::default());
        assert_eq!(of(&[("GF_SQL_ROW_LIMIT", "5")]).rows, 5);
        assert_eq!(of(&[("GF_SQL_ROW_LIMIT", "-1")]).rows, u64::MAX);
        assert_eq!(of(&[("GF_SQL_ROW_LIMIT", "x")]).rows, 1_000_000);
        assert_eq!(of(&[("GF_DATAPROXY_RESPONSE_LIMIT", "7")]).bytes, 7);
        let environment = RowLimits::of(&GrafanaConfig::default(), |_| Some("9".to_owned()));
        assert_eq!(environment.bytes, 9);
        let notice = RowLimits { rows: 5, bytes: 1 }.rows_notice();
        assert_eq!(notice.text, "Results have been limited to 5 because the SQL row limit was reached");
    }
}
