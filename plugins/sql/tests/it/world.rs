//! A database in a folder, and the data source over it behind a wire.

use std::path::PathBuf;
use std::sync::Arc;

use graftwire_frame::{Frame, Notice};
use graftwire_model::{
    Backend, CallContext, Capability, DataResponse, DataSourceInstanceSettings, EpochMillis, PluginContext,
    Query, QueryRequest, TimeRange,
};
use graftwire_sdk::Plugin;
use graftwire_sql::settings::Operator;
use graftwire_sql::source::Source;
use graftwire_testkit::{Pair, Wire};
use rusqlite::Connection;
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) file: PathBuf,
    pub(crate) settings: Value,
    pair: Pair,
}

/// The data source as its executable puts it together.
pub(crate) fn plugin(operator: Operator) -> Plugin<Source> {
    let operator = Arc::new(operator);
    let plugin = Plugin::with_instances("graftwire-sql-datasource", move |cx| {
        let operator = Arc::clone(&operator);
        async move { Source::open(&operator, cx) }
    });
    plugin.query_data().query_chunked().check_health().call_resource()
}

/// What came of one query.
pub(crate) struct Answered {
    pub(crate) response: DataResponse,
}

impl World {
    /// A database made by some SQL.
    pub(crate) async fn new(sql: &str) -> Self {
        Self::with(sql, json!({}), &[]).await
    }

    /// The same with settings of the data source and of the operator.
    pub(crate) async fn with(sql: &str, settings: Value, operator: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        if !sql.is_empty() {
            Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        }
        let mut all = json!({"path": file.to_str().unwrap()});
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let pairs: Vec<(String, String)> =
            operator.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let operator = Operator::from_lookup(|key| {
            pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
        });
        let plugin = plugin(operator);
        let whole = |wire: &Wire| wire.carries_frames() && wire.carries(Capability::QueryChunkedData);
        let wire = Wire::in_memory().find(whole).unwrap();
        let pair = Pair::open(plugin, wire).await.unwrap();
        Self { folder, file, settings: all, pair }
    }

    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        self.pair.backend()
    }

    pub(crate) fn context(&self) -> PluginContext {
        let settings = DataSourceInstanceSettings {
            id: 1,
            uid: "sql".to_owned(),
            json_data: self.settings.to_string().into(),
            // Settings count as changed when their time did.
            updated: EpochMillis(i64::try_from(self.settings.to_string().len()).unwrap()),
            ..DataSourceInstanceSettings::default()
        };
        let mut context = PluginContext { data_source: Some(settings), ..PluginContext::default() };
        if let Some(limit) = self.settings.get("grafanaRowLimit").and_then(Value::as_str) {
            context.grafana_config.insert("GF_SQL_ROW_LIMIT", limit);
        }
        context
    }

    pub(crate) fn request(&self, queries: Vec<Query>) -> QueryRequest {
        QueryRequest { context: self.context(), queries, ..QueryRequest::default() }
    }

    pub(crate) async fn ask(&self, model: Value) -> Answered {
        let request = self.request(vec![query(model)]);
        let mut answers = self.backend().query_data(CallContext::new(), request).await.unwrap();
        Answered { response: answers.responses.remove("A").unwrap() }
    }

    pub(crate) async fn table(&self, sql: &str) -> Answered {
        self.ask(json!({"rawSql": sql, "format": "table"})).await
    }

    pub(crate) async fn series(&self, sql: &str) -> Answered {
        self.ask(json!({"rawSql": sql, "format": "time_series"})).await
    }
}

/// A query over the first ten minutes of 1970 unless the model says `from` and `to` in seconds.
pub(crate) fn query(model: Value) -> Query {
    let second = |key: &str, default: i64| EpochMillis(model[key].as_i64().unwrap_or(default) * 1000);
    Query {
        ref_id: "A".to_owned(),
        time_range: TimeRange { from: second("from", 0), to: second("to", 600) },
        json: model.to_string().into(),
        ..Query::default()
    }
}

impl Answered {
    pub(crate) fn frame(&self) -> Frame {
        assert_eq!(self.response.error, "", "the query failed");
        assert_eq!(self.response.status, 200);
        self.partial()
    }

    pub(crate) fn partial(&self) -> Frame {
        Frame::decode(&self.response.frames[0]).unwrap()
    }

    /// The error's text, whose fault it is checked to be the user's.
    pub(crate) fn error(&self) -> &str {
        assert_ne!(self.response.error, "", "the query did not fail");
        assert_eq!(self.response.error_source.unwrap().as_str(), "downstream");
        &self.response.error
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        let meta = self.partial().meta.unwrap_or_default();
        meta.notices.into_iter().map(|Notice { text, .. }| text).collect()
    }
}

/// A frame as its parts that a person reads: `name{labels}: type [values]`.
pub(crate) fn shown(frame: &Frame) -> Vec<String> {
    let cells = |field: &graftwire_frame::Field| {
        let text = |row| field.text(row).map_or_else(|| "-".to_owned(), |text| text.to_string());
        (0..field.len()).map(text).collect::<Vec<_>>().join(" ")
    };
    frame
        .fields
        .iter()
        .map(|field| {
            let labels = field.labels.as_ref().map(|labels| format!("{{{labels}}}")).unwrap_or_default();
            format!("{}{labels} {} {}", field.name, field.value_type(), cells(field))
        })
        .collect()
}
