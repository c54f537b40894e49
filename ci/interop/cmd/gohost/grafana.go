package main

// What Grafana 12.4 adds to a plugin's process and to every call, as observed. Nothing here depends on the plugin.

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/useragent"
	"github.com/grafana/grafana-plugin-sdk-go/config"
)

const (
	grafanaVersion = "12.4.0"
	appURL         = "http://127.0.0.1:3000/"
)

// toggles are the feature toggles that are on by default.
var toggles = strings.Fields(`
	alertRuleRestore alertingBulkActionsInUI alertingImportYAMLUI alertingMigrationUI alertingNotificationsStepMode
	alertingQueryAndExpressionsStepMode alertingRulePermanentlyDelete alertingRuleRecoverDeleted
	alertingRuleVersionHistoryRestore alertingSaveStateCompressed alertingUIOptimizeReducer
	alertingUseNewSimplifiedRoutingHashAlgorithm annotationPermissionUpdate awsAsyncQueryCaching
	awsDatasourcesTempCredentials azureMonitorEnableUserAuth azureMonitorPrometheusExemplars azureResourcePickerUpdates
	cloudWatchCrossAccountQuerying cloudWatchNewLabelParsing cloudWatchRoundUpEndTime dashboardScene dashgpt enableSCIM
	grafanaAssistantInProfilesDrilldown grafanaconThemes improvedExternalSessionHandling
	improvedExternalSessionHandlingSAML influxdbBackendMigration kubernetesDashboards logsContextDatasourceUi
	logsExploreTableVisualisation logsPanelControls lokiLabelNamesQueryApi lokiQuerySplitting newFiltersUI newLogsPanel
	newPanelPadding newTimeRangeZoomShortcuts onlyStoreActionSets preventPanelChromeOverflow
	prometheusAzureOverrideAudience publicDashboardsScene sharingDashboardImage timeRangePan useSessionStorageForRedirection`)

// environment is all a plugin's process gets besides the handshake: Grafana's own variables, in a random toggle order as
// there, and the proxy variables if this process has them. PATH, HOME and the rest don't arrive.
func environment() []string {
	shuffled := slices.Clone(toggles)
	rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	env := []string{
		"GF_VERSION=" + grafanaVersion,
		"GF_EDITION=Open Source",
		"GF_ENTERPRISE_LICENSE_PATH=" + filepath.Join(os.TempDir(), "license.jwt"),
		"GF_ENTERPRISE_APP_URL=" + appURL,
		"GF_INSTANCE_FEATURE_TOGGLES_ENABLE=" + strings.Join(shuffled, ","),
		"GFAZPL_AZURE_CLOUD=AzureCloud",
	}
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// callHeaders are the headers of queries, health checks and streams.
func callHeaders() map[string]string {
	return map[string]string{
		"http_X-Grafana-Id":     "header.claims.signature",
		"http_X-Dashboard-Uid":  "dash1",
		"http_X-Panel-Id":       "3",
		"http_X-Panel-Title":    "Pän",
		"http_X-Datasource-Uid": "interop",
	}
}

// pluginContext is the context of every call but CollectMetrics.
func pluginContext(opts *startOptions, saved settingsSpec) backend.PluginContext {
	agent, err := useragent.New(grafanaVersion, "linux", "amd64")
	if err != nil {
		agent = useragent.Empty()
	}
	pc := backend.PluginContext{
		OrgID: 1, PluginID: opts.id, PluginVersion: opts.version, UserAgent: agent,
		User:          &backend.User{Login: "admin", Name: "admin", Email: "admin@localhost", Role: "Admin"},
		GrafanaConfig: config.NewGrafanaCfg(grafanaConfig(saved.Config)),
	}
	updated := time.UnixMilli(saved.UpdatedMS)
	if opts.kind == "app" {
		pc.AppInstanceSettings = &backend.AppInstanceSettings{
			JSONData: saved.JSONData, DecryptedSecureJSONData: saved.Secure, Updated: updated, APIVersion: saved.APIVersion,
		}
		return pc
	}
	pc.DataSourceInstanceSettings = &backend.DataSourceInstanceSettings{
		ID: 2, UID: "interop", Type: opts.id, Name: "Interop", URL: saved.URL, User: saved.User, Database: saved.Database,
		BasicAuthEnabled: saved.BasicAuthUser != "", BasicAuthUser: saved.BasicAuthUser,
		JSONData: saved.JSONData, DecryptedSecureJSONData: saved.Secure, Updated: updated, APIVersion: saved.APIVersion,
	}
	return pc
}

func grafanaConfig(more map[string]string) map[string]string {
	all := map[string]string{
		"GF_APP_URL":                               appURL,
		"GF_CONCURRENT_QUERY_COUNT":                "10",
		"GF_INSTANCE_FEATURE_TOGGLES_ENABLE":       strings.Join(toggles, ","),
		"GF_LIVE_CLIENT_QUEUE_MAX_SIZE":            "4194304",
		"GF_SQL_MAX_CONN_LIFETIME_SECONDS_DEFAULT": "14400",
		"GF_SQL_MAX_IDLE_CONNS_DEFAULT":            "100",
		"GF_SQL_MAX_OPEN_CONNS_DEFAULT":            "100",
		"GF_SQL_ROW_LIMIT":                         "1000000",
		"GF_USER_FACING_DEFAULT_ERROR":             "please inspect Grafana server log for details",
	}
	maps.Copy(all, more)
	return all
}

// messageID is the name Grafana gives the failure of a call, which is what its users get to see.
func messageID(code string) string {
	switch code {
	case "OK":
		return ""
	case "UNIMPLEMENTED":
		return "plugin.notImplemented"
	case "UNAVAILABLE":
		return "plugin.connectionUnavailable"
	case "RESOURCE_EXHAUSTED":
		return "plugin.resourceExhausted"
	case "CANCELLED":
		return "plugin.requestCanceled"
	}
	return "plugin.requestFailureError"
}
