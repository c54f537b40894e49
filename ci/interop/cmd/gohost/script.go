package main

// The script: what `run` asks the plugin. A file given with --calls replaces whole keys of the built-in one.

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

//go:embed calls.json
var builtIn []byte

type script struct {
	Settings   settingsSpec                 `json:"settings"`
	Queries    map[string][]json.RawMessage `json:"queries"`
	Chunked    map[string][]json.RawMessage `json:"chunked"`
	Resources  []resourceSpec               `json:"resources"`
	Subscribe  []streamSpec                 `json:"subscribe"`
	Run        []streamSpec                 `json:"run"`
	Publish    []streamSpec                 `json:"publish"`
	Admission  []admissionSpec              `json:"admission"`
	Conversion []conversionSpec             `json:"conversion"`
}

type settingsSpec struct {
	URL           string            `json:"url"`
	User          string            `json:"user"`
	Database      string            `json:"database"`
	BasicAuthUser string            `json:"basicAuthUser"`
	JSONData      json.RawMessage   `json:"jsonData"`
	Secure        map[string]string `json:"secure"`
	UpdatedMS     int64             `json:"updatedMs"`
	APIVersion    string            `json:"apiVersion"`
	Config        map[string]string `json:"grafanaConfig"`
}

type resourceSpec struct {
	Name      string              `json:"name"`
	Method    string              `json:"method"`
	Path      string              `json:"path"`
	URL       string              `json:"url"`
	Headers   map[string][]string `json:"headers"`
	Body      string              `json:"body"`
	BodyBytes int                 `json:"bodyBytes"`
	Echo      bool                `json:"echo"` // the answer's body must be the request's
}

type streamSpec struct {
	Name    string          `json:"name"`
	Path    string          `json:"path"`
	Data    json.RawMessage `json:"data"`
	Packets int             `json:"packets"` // packets to wait for
	End     string          `json:"end"`     // "cancel" (this host leaves after the packets; default), "clean", or a gRPC code
}

type admissionSpec struct {
	Name      string                   `json:"name"`
	Operation string                   `json:"operation"`
	Kind      backend.GroupVersionKind `json:"kind"`
	Object    json.RawMessage          `json:"object"`
	OldObject json.RawMessage          `json:"oldObject"`
}

type conversionSpec struct {
	Name    string               `json:"name"`
	Target  backend.GroupVersion `json:"target"`
	Objects []json.RawMessage    `json:"objects"`
}

func readScript(file string) (*script, error) {
	s := &script{}
	if err := json.Unmarshal(builtIn, s); err != nil {
		return nil, fmt.Errorf("built-in calls: %w", err)
	}
	if file == "" {
		return s, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// decoding into the built-in lists and maps would merge them with the file's
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &keys); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	reset := map[string]func(){
		"queries":    func() { s.Queries = nil },
		"chunked":    func() { s.Chunked = nil },
		"resources":  func() { s.Resources = nil },
		"subscribe":  func() { s.Subscribe = nil },
		"run":        func() { s.Run = nil },
		"publish":    func() { s.Publish = nil },
		"admission":  func() { s.Admission = nil },
		"conversion": func() { s.Conversion = nil },
	}
	for key := range keys {
		if clear, ok := reset[key]; ok {
			clear()
		}
	}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

// parseQuery reads a query as Grafana's HTTP API takes it: known keys become fields, the whole object goes along.
func parseQuery(raw json.RawMessage) (backend.DataQuery, error) {
	known := struct {
		RefID         string `json:"refId"`
		QueryType     string `json:"queryType"`
		MaxDataPoints int64  `json:"maxDataPoints"`
		IntervalMS    int64  `json:"intervalMs"`
		FromMS        *int64 `json:"from"`
		ToMS          *int64 `json:"to"`
	}{RefID: "A", MaxDataPoints: 100, IntervalMS: 1000}
	if err := json.Unmarshal(raw, &known); err != nil {
		return backend.DataQuery{}, fmt.Errorf("query %s: %w", raw, err)
	}
	from, to := int64(1_700_000_000_000), int64(1_700_003_600_000)
	if known.FromMS != nil {
		from = *known.FromMS
	}
	if known.ToMS != nil {
		to = *known.ToMS
	}
	return backend.DataQuery{
		RefID: known.RefID, QueryType: known.QueryType, MaxDataPoints: known.MaxDataPoints,
		Interval:  time.Duration(known.IntervalMS) * time.Millisecond,
		TimeRange: backend.TimeRange{From: time.UnixMilli(from), To: time.UnixMilli(to)},
		JSON:      raw,
	}, nil
}

func parseQueries(raws []json.RawMessage) ([]backend.DataQuery, error) {
	queries := make([]backend.DataQuery, 0, len(raws))
	for _, raw := range raws {
		query, err := parseQuery(raw)
		if err != nil {
			return nil, err
		}
		queries = append(queries, query)
	}
	return queries, nil
}
