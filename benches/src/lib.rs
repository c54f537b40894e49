//! What the benches feed in: a query as a busy Grafana sends it, and its answer.
//!
//! The request carries what real ones do (a user, a data source with settings and secrets, Grafana's configuration,
//! forwarded headers), since every call pays for that. The frames are those of the bench contract. It deliberately
//! measures nothing itself.

use bytes::Bytes;
use graftwire_bench_plugin::{PLUGIN_ID, frame};
use graftwire_frame::{Frame, FrameError};
use graftwire_model::{
    DataResponse, DataSourceInstanceSettings, EncodedFrame, EpochMillis, FrameFormat, Headers, Millis,
    PluginContext, Query, QueryRequest, QueryResponse, Secrets, TimeRange, User,
};

/// Where the contract's times begin: 2023-11-14T22:13:20Z.
pub const FROM: EpochMillis = EpochMillis(1_700_000_000_000);

const NANOS_PER_MILLI: i64 = 1_000_000;

/// How much a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Frames in the answer.
    pub frames: u64,
    /// Rows in each.
    pub rows: u64,
}

impl Size {
    /// Ten small series, as most panels have.
    pub const SMALL: Self = Self { frames: 10, rows: 100 };
    /// One series or table of a full panel.
    pub const MEDIUM: Self = Self { frames: 1, rows: 1_000 };
    /// An export.
    pub const LARGE: Self = Self { frames: 1, rows: 100_000 };
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SMALL, Self::MEDIUM, Self::LARGE];

    /// Rows over all frames.
    #[must_use]
    pub const fn total_rows(self) -> u64 {
        self.frames * self.rows
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.frames, self.rows)
    }
}

/// A request with one query of the contract.
#[must_use]
pub fn request(size: Size, format: FrameFormat) -> QueryRequest {
    let seconds = i64::try_from(size.rows).unwrap_or(i64::MAX);
    let query = Query {
        ref_id: "A".to_owned(),
        query_type: "bench".to_owned(),
        max_data_points: 1_000,
        interval: Millis(1_000),
        time_range: TimeRange {
            from: FROM,
            to: EpochMillis(FROM.0.saturating_add(seconds.saturating_mul(1_000))),
        },
        json: format!(
            r#"{{"refId":"A","queryType":"bench","rows":{},"frames":{},"datasource":{{"type":"{PLUGIN_ID}","uid":"P8E80F9AEF21F6940"}},"intervalMs":1000,"maxDataPoints":1000}}"#,
            size.rows, size.frames
        )
        .into(),
    };
    QueryRequest { context: context(), headers: headers(), queries: vec![query], format }
}

/// The context of a signed-in user who looks at a data source with secrets.
#[must_use]
pub fn context() -> PluginContext {
    let mut secrets = Secrets::new();
    for key in ["basicAuthPassword", "httpHeaderValue1", "tlsClientKey"] {
        secrets.insert(key, format!("{key} that nobody may see"));
    }
    let mut context = PluginContext {
        org_id: 1,
        plugin_id: PLUGIN_ID.to_owned(),
        plugin_version: "1.0.0".to_owned(),
        user: Some(User {
            login: "admin".to_owned(),
            name: "Ada Admin".to_owned(),
            email: "ada@example.com".to_owned(),
            role: "Admin".to_owned(),
        }),
        data_source: Some(DataSourceInstanceSettings {
            id: 7,
            uid: "P8E80F9AEF21F6940".to_owned(),
            name: "Bench".to_owned(),
            url: "http://localhost:9090".to_owned(),
            json_data: Bytes::from_static(
                br#"{"httpMethod":"POST","timeInterval":"15s","tlsAuth":true,"httpHeaderName1":"X-Scope-OrgID"}"#,
            ),
            secrets,
            updated: FROM,
            ..DataSourceInstanceSettings::default()
        }),
        user_agent: "Grafana/12.4.0".to_owned(),
        namespace: "default".to_owned(),
        ..PluginContext::default()
    };
    for (key, value) in [
        ("GF_APP_URL", "http://localhost:3000/"),
        ("GF_DATAPROXY_TIMEOUT", "30"),
        ("GF_DATAPROXY_DIAL_TIMEOUT", "10"),
        ("GF_DATAPROXY_KEEP_ALIVE_SECONDS", "30"),
        (
            "GF_INSTANCE_FEATURE_TOGGLES_ENABLE",
            "dataplaneFrontendFallback,influxdbBackendMigration,lokiLogsDataplane",
        ),
        ("GF_SQL_ROW_LIMIT", "1000000"),
        ("GF_SQL_MAX_OPEN_CONNS_DEFAULT", "100"),
        ("GF_USER_AGENT", "Grafana/12.4.0"),
    ] {
        context.grafana_config.insert(key, value);
    }
    context
}

/// The headers of a query from a dashboard.
#[must_use]
pub fn headers() -> Headers {
    let mut headers = Headers::new();
    for (key, value) in [
        ("http_X-Dashboard-Uid", "adm7c1qhb2sw0f"),
        ("http_X-Datasource-Uid", "P8E80F9AEF21F6940"),
        ("http_X-Panel-Id", "12"),
        ("http_X-Panel-Plugin-Id", "timeseries"),
        ("http_X-Plugin-Id", PLUGIN_ID),
        ("http_X-Grafana-Org-Id", "1"),
        ("http_X-Query-Group-Id", "0a7b1e5c-4a1f-4b52-9a3e-9b0c2f4f7a10"),
    ] {
        headers.insert(key, value);
    }
    headers
}

/// The frames that answer a request.
#[must_use]
pub fn frames(size: Size) -> Vec<Frame> {
    let from = FROM.0.saturating_mul(NANOS_PER_MILLI);
    (0..size.frames).map(|index| frame(from, index, 0..size.rows)).collect()
}

/// Frames as they cross the waist.
///
/// # Errors
/// None for frames of the contract; see [`Frame::into_encoded`].
pub fn encoded(frames: Vec<Frame>, format: FrameFormat) -> Result<Vec<EncodedFrame>, FrameError> {
    frames.into_iter().map(|frame| frame.into_encoded(format)).collect()
}

/// The whole answer to a request.
///
/// # Errors
/// As [`encoded`].
pub fn response(size: Size, format: FrameFormat) -> Result<QueryResponse, FrameError> {
    let answer = DataResponse::ok(encoded(frames(size), format)?);
    Ok(QueryResponse { responses: [("A".to_owned(), answer)].into() })
}
