package main

// The command `v1`: queries of protocol version 1, as Grafana up to 7 makes them, to a plugin that is offered no other
// version. The messages come from the repository's own descriptors, see package dynamic.

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"graftwire.dev/interop/dynamic"
)

const queryV1 = "/models.DatasourcePlugin/Query"

// builtInV1 asks what any plugin should bear.
const builtInV1 = `{
  "timeRange": {"fromRaw": "now-1h", "toRaw": "now", "fromEpochMs": "1700000000000", "toEpochMs": "1700003600000"},
  "datasource": {"id": "3", "orgId": "1", "name": "V1", "type": "example-v1-datasource", "url": "http://127.0.0.1:9",
                 "jsonData": "{\"p\":\"q\"}", "decryptedSecureJsonData": {"apiKey": "s3cret"}},
  "queries": [{"refId": "A", "maxDataPoints": "500", "intervalMs": "1000", "modelJson": "{}"}]
}`

func v1Command(args []string) error {
	var opts startOptions
	flags := flag.NewFlagSet("v1", flag.ContinueOnError)
	flags.StringVar(&opts.plugin, "plugin", "", "path of the plugin's executable")
	opts.register(flags)
	descriptors := flags.String("descriptors", "", "file of descriptors (default: "+dynamic.Variable+", or the repository's)")
	requests := flags.String("requests", "", "JSON file: name -> DatasourceRequest in protobuf's JSON (default: one plain query)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := opts.complete(); err != nil {
		return err
	}
	opts.versions = versionList{1}
	schema, err := dynamic.Load(*descriptors)
	if err != nil {
		return err
	}
	asked := map[string]json.RawMessage{"plain": json.RawMessage(builtInV1)}
	if *requests != "" {
		raw, err := os.ReadFile(*requests)
		if err != nil {
			return err
		}
		asked = nil
		if err := json.Unmarshal(raw, &asked); err != nil {
			return fmt.Errorf("%s: %w", *requests, err)
		}
	}
	r := &runner{opts: &opts}
	return r.v1(schema, asked)
}

func (r *runner) v1(schema *dynamic.Schema, asked map[string]json.RawMessage) error {
	began := time.Now()
	p, err := start(r.opts)
	if err != nil {
		r.keep(newRecord("start", time.Since(began), nil, finding{"START", err}))
		return errUnmet
	}
	r.process = p
	r.keep(newRecord("start", p.started, map[string]any{"pid": p.pid(), "version": p.client.NegotiatedVersion()}, nil))
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		request := asked[name]
		r.call("v1/"+name, func(ctx context.Context) (any, error) {
			answer, err := schema.Call(ctx, p.conn, queryV1, request)
			if err != nil {
				return nil, err
			}
			return answer, v1Errors(answer)
		})
	}
	// what version 1 has not must be absent, not answered by something else
	r.call("v1.checkHealth", r.checkHealth)
	r.farewell()
	for _, made := range r.records {
		if made.Outcome == "START" || made.Outcome == "KILLED" || made.Outcome == "TIMEOUT" {
			return errUnmet
		}
	}
	return nil
}

// v1Errors says which queries failed, as for version 2.
func v1Errors(answer json.RawMessage) error {
	var response struct {
		Results []struct {
			RefID string `json:"refId"`
			Error string `json:"error"`
		} `json:"results"`
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return finding{"DECODE", err}
	}
	if len(response.Results) == 0 {
		return finding{"EMPTY", errors.New("no results")}
	}
	failed := ""
	for _, result := range response.Results {
		if result.Error != "" {
			failed += "," + result.RefID
		}
	}
	if failed != "" {
		return said("error in %s", failed[1:])
	}
	return nil
}
