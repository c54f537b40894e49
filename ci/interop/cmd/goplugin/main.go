// Command goplugin is a data source made with Grafana's Go SDK that a Rust host is tried against: every capability, and
// every way a plugin can misbehave that the SDK allows (see README.md for its query types, paths and channels). Each
// answer is fixed or says what the plugin was asked, so that a test can compare all of it. It keeps no state.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
)

func main() {
	opts := datasource.ManageOpts{AdmissionHandler: admission{}, ConversionHandler: conversion{}, Licensing: withExtras}
	if err := datasource.Manage("graftwire-gopeer-datasource", newSource, opts); err != nil {
		backend.Logger.Error("could not serve", "error", err)
		os.Exit(1)
	}
}

// settings are the keys of jsonData that steer the plugin.
type settings struct {
	Health  string `json:"health"`  // "error" or "unknown": what CheckHealth answers instead of OK
	Factory string `json:"factory"` // a text: no instance is made, this is the error
}

type source struct {
	settings settings
	uid      string
}

func newSource(_ context.Context, ds backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	s := &source{uid: ds.UID}
	if len(ds.JSONData) > 0 {
		if err := json.Unmarshal(ds.JSONData, &s.settings); err != nil {
			return nil, fmt.Errorf("jsonData of %s: %w", ds.UID, err)
		}
	}
	if s.settings.Factory != "" {
		return nil, fmt.Errorf("%s", s.settings.Factory)
	}
	return s, nil
}

func (s *source) CheckHealth(_ context.Context, req *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	details, err := json.Marshal(map[string]any{"uid": s.uid, "headers": req.Headers, "pid": os.Getpid()})
	if err != nil {
		return nil, err
	}
	result := &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: "the Go peer is well", JSONDetails: details}
	switch s.settings.Health {
	case "error":
		result.Status, result.Message = backend.HealthStatusError, "the Go peer was told to be ill"
	case "unknown":
		result.Status, result.Message = backend.HealthStatusUnknown, "the Go peer was told not to know"
	}
	return result, nil
}

var (
	_ backend.QueryDataHandler        = (*source)(nil)
	_ backend.QueryChunkedDataHandler = (*source)(nil)
	_ backend.CallResourceHandler     = (*source)(nil)
	_ backend.CheckHealthHandler      = (*source)(nil)
	_ backend.StreamHandler           = (*source)(nil)
)
