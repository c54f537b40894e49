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
	"strings"
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
	var more moreOptions
	more.register(flags)
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
	return r.v1(schema, asked, &more)
}

func (r *runner) v1(schema *dynamic.Schema, asked map[string]json.RawMessage, more *moreOptions) error {
	began := time.Now()
	p, err := start(r.opts)
	if err != nil {
		r.keep(newRecord("start", time.Since(began), nil, finding{"START", err}))
		return errUnmet
	}
	r.process = p
	r.keep(newRecord("start", p.started, map[string]any{
		"pid": p.pid(), "version": p.client.NegotiatedVersion(), "network": p.address.Network(),
	}, nil))
	r.schema = schema
	r.isServing()
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
	err = r.more(more)
	r.farewell()
	if err != nil {
		return err
	}
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

// askV1 is ask by a query: the path is its type, the id stands in its model, and the answer is the first cell.
func (r *runner) askV1(ctx context.Context, target string) (int32, string, error) {
	path, id, _ := strings.Cut(target, "?id=")
	model, err := json.Marshal(map[string]string{"queryType": path, "id": id})
	if err != nil {
		return 0, "", err
	}
	request, err := json.Marshal(map[string]any{"queries": []any{map[string]string{"refId": "A", "modelJson": string(model)}}})
	if err != nil {
		return 0, "", err
	}
	answer, err := r.schema.Call(ctx, r.process.conn, queryV1, request)
	if err != nil {
		return 0, "", err
	}
	var said struct {
		Results []struct {
			Error  string `json:"error"`
			Tables []struct {
				Rows []struct {
					Values []struct {
						StringValue string `json:"stringValue"`
					} `json:"values"`
				} `json:"rows"`
			} `json:"tables"`
		} `json:"results"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return 0, "", err
	}
	if len(said.Results) != 1 || len(said.Results[0].Tables) != 1 || len(said.Results[0].Tables[0].Rows) != 1 ||
		len(said.Results[0].Tables[0].Rows[0].Values) != 1 {
		return 502, string(answer), nil
	}
	return 200, said.Results[0].Tables[0].Rows[0].Values[0].StringValue, nil
}
