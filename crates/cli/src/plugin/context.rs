//! Who asks: what Grafana 12.4 sends along with every call, filled with the defaults of a new server.
//!
//! It deliberately says no more than a server would: fields that 12.4 does not know stay empty.

use bytes::Bytes;
use graftwire_host::{PluginSpec, goarch, goos};
use graftwire_model::{
    AppInstanceSettings, DataSourceInstanceSettings, EpochMillis, GrafanaConfig, PluginContext, User,
};

use super::settings::Instance;

/// The server that is played.
const GRAFANA_VERSION: &str = "12.4.0";

/// `grafanaConfig` of a new server, all but the feature toggles.
const CONFIG: [(&str, &str); 8] = [
    ("GF_APP_URL", "http://localhost:3000/"),
    ("GF_CONCURRENT_QUERY_COUNT", "10"),
    ("GF_LIVE_CLIENT_QUEUE_MAX_SIZE", "4194304"),
    ("GF_SQL_MAX_CONN_LIFETIME_SECONDS_DEFAULT", "14400"),
    ("GF_SQL_MAX_IDLE_CONNS_DEFAULT", "100"),
    ("GF_SQL_MAX_OPEN_CONNS_DEFAULT", "100"),
    ("GF_SQL_ROW_LIMIT", "1000000"),
    ("GF_USER_FACING_DEFAULT_ERROR", "please inspect Grafana server log for details"),
];

/// The feature toggles of a new server, sorted as it sends them.
const TOGGLES: [&str; 46] = [
    "alertRuleRestore",
    "alertingBulkActionsInUI",
    "alertingImportYAMLUI",
    "alertingMigrationUI",
    "alertingNotificationsStepMode",
    "alertingQueryAndExpressionsStepMode",
    "alertingRulePermanentlyDelete",
    "alertingRuleRecoverDeleted",
    "alertingRuleVersionHistoryRestore",
    "alertingSaveStateCompressed",
    "alertingUIOptimizeReducer",
    "alertingUseNewSimplifiedRoutingHashAlgorithm",
    "annotationPermissionUpdate",
    "awsAsyncQueryCaching",
    "awsDatasourcesTempCredentials",
    "azureMonitorEnableUserAuth",
    "azureMonitorPrometheusExemplars",
    "azureResourcePickerUpdates",
    "cloudWatchCrossAccountQuerying",
    "cloudWatchNewLabelParsing",
    "cloudWatchRoundUpEndTime",
    "dashboardScene",
    "dashgpt",
    "enableSCIM",
    "grafanaAssistantInProfilesDrilldown",
    "grafanaconThemes",
    "improvedExternalSessionHandling",
    "improvedExternalSessionHandlingSAML",
    "influxdbBackendMigration",
    "kubernetesDashboards",
    "logsContextDatasourceUi",
    "logsExploreTableVisualisation",
    "logsPanelControls",
    "lokiLabelNamesQueryApi",
    "lokiQuerySplitting",
    "newFiltersUI",
    "newLogsPanel",
    "newPanelPadding",
    "newTimeRangeZoomShortcuts",
    "onlyStoreActionSets",
    "preventPanelChromeOverflow",
    "prometheusAzureOverrideAudience",
    "publicDashboardsScene",
    "sharingDashboardImage",
    "timeRangePan",
    "useSessionStorageForRedirection",
];

/// The context of calls to a plugin. App plugins get the settings as an app, all others as a data source.
pub(crate) fn of(spec: &PluginSpec, instance: Instance) -> PluginContext {
    let app = spec.kind() == "app";
    PluginContext {
        org_id: 1,
        plugin_id: spec.id().to_owned(),
        plugin_version: spec.version().to_owned(),
        user: Some(admin()),
        app: app.then(|| app_settings(&instance)),
        data_source: (!app).then(|| data_source_settings(spec, instance)),
        grafana_config: config(),
        user_agent: format!("Grafana/{GRAFANA_VERSION} ({}; {})", goos(), goarch()),
        ..PluginContext::default()
    }
}

fn admin() -> User {
    let word = "admin".to_owned();
    User { login: word.clone(), name: word, email: "admin@localhost".to_owned(), role: "Admin".to_owned() }
}

fn app_settings(instance: &Instance) -> AppInstanceSettings {
    AppInstanceSettings {
        json_data: or_object(&instance.json_data),
        secrets: instance.secrets.clone(),
        updated: EpochMillis::now(),
        api_version: String::new(),
    }
}

fn data_source_settings(spec: &PluginSpec, instance: Instance) -> DataSourceInstanceSettings {
    let or = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text };
    DataSourceInstanceSettings {
        id: 1,
        uid: or(instance.uid, spec.id()),
        name: or(instance.name, spec.name()),
        url: instance.url,
        user: instance.user,
        database: instance.database,
        basic_auth_enabled: instance.basic_auth,
        basic_auth_user: instance.basic_auth_user,
        json_data: or_object(&instance.json_data),
        secrets: instance.secrets,
        updated: EpochMillis::now(),
        api_version: String::new(),
    }
}

fn or_object(json: &Bytes) -> Bytes {
    if json.is_empty() { Bytes::from_static(b"{}") } else { json.clone() }
}

fn config() -> GrafanaConfig {
    let mut config = GrafanaConfig::default();
    for (key, value) in CONFIG {
        config.insert(key, value);
    }
    config.insert("GF_INSTANCE_FEATURE_TOGGLES_ENABLE", TOGGLES.join(","));
    config
}

#[cfg(test)]
mod tests;
