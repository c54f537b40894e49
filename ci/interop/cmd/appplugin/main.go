// Command appplugin is an app made with Grafana's Go SDK whose extra services are those of protocol version 3, see
// package services: a Rust host is tried against it. GRAFTWIRE_APP in its environment leaves services out ("route": that
// one alone, the others are UNIMPLEMENTED) or serves them under the draft's names ("draft").
package main

import (
	"context"
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/app"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"

	"graftwire.dev/interop/dynamic"
	"graftwire.dev/interop/services"
)

func main() {
	if err := serve(); err != nil {
		backend.Logger.Error("could not serve", "error", err)
		os.Exit(1)
	}
}

func serve() error {
	schema, err := dynamic.Load("")
	if err != nil {
		return err
	}
	extra, err := services.App(schema, os.Getenv("GRAFTWIRE_APP"))
	if err != nil {
		return err
	}
	return app.Manage("graftwire-goapp-app", newApp, app.ManageOpts{ExtraPlugins: extra})
}

// instance is what version 2 asks of the app, on the same connection.
type instance struct{}

func newApp(context.Context, backend.AppInstanceSettings) (instancemgmt.Instance, error) {
	return &instance{}, nil
}

func (*instance) CheckHealth(context.Context, *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: "the Go app is well"}, nil
}
