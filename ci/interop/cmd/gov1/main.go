// Command gov1 is a data source over go-plugin that speaks protocol version 1 alone, as plugins for Grafana up to 7 do.
// Our host is tried against it. Each answer is fixed or says what was asked; `queryType` of the model chooses it:
//
//	series     two series with tags, a NaN in one
//	table      every kind of cell, a short row, a column of times
//	echo       metaJson holds the request
//	error      that query's error, beside a series
//	kind       a cell of a kind that doesn't exist
//	rpc-error  the whole call fails
//	log        a line on stderr, one on standard output
//	exit       the process ends
//	accept     serves gRPC's health under a new broker id, which is the answer's cell
//	dial       asks for the health under the broker id `id` of the model
//
// It makes images too, see services.Renderer, and listens on TCP if GRAFTWIRE_TCP is in its environment.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"graftwire.dev/interop/broker"
	"graftwire.dev/interop/dynamic"
	"graftwire.dev/interop/ontcp"
	"graftwire.dev/interop/services"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "gov1:", err)
		os.Exit(1)
	}
}

// kept has the broker.
var kept = &broker.Keeper{}

func serve() error {
	schema, err := dynamic.Load("")
	if err != nil {
		return err
	}
	source, err := schema.Service("models.DatasourcePlugin", dynamic.Handlers{"Query": dynamic.Unary(query)})
	if err != nil {
		return err
	}
	images, err := services.Renderer(schema, "models.Renderer")
	if err != nil {
		return err
	}
	set := plugin.PluginSet{
		"datasource": &dynamic.Plugin{Services: []*grpc.ServiceDesc{source}},
		"renderer":   &dynamic.Plugin{Services: []*grpc.ServiceDesc{images}},
		"broker":     kept,
	}
	if ontcp.Wanted() {
		return ontcp.Serve(1, set)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 1,
			MagicCookieKey:  grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{1: set},
		GRPCServer:       plugin.DefaultGRPCServer,
	})
	return nil
}

type request struct {
	Queries []struct {
		RefID     string `json:"refId"`
		ModelJSON string `json:"modelJson"`
	} `json:"queries"`
}

func query(_ context.Context, raw json.RawMessage) (json.RawMessage, error) {
	var asked request
	if err := json.Unmarshal(raw, &asked); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	results := []any{}
	for _, q := range asked.Queries {
		var model struct {
			QueryType string `json:"queryType"`
			ID        string `json:"id"`
		}
		if err := json.Unmarshal([]byte(q.ModelJSON), &model); err != nil {
			results = append(results, map[string]any{"refId": q.RefID, "error": "modelJson: " + err.Error()})
			continue
		}
		result, err := answer(model.QueryType, model.ID, raw)
		if err != nil {
			return nil, err
		}
		result["refId"] = q.RefID
		results = append(results, result)
	}
	return json.Marshal(map[string]any{"results": results})
}

type object = map[string]any

func answer(queryType, id string, raw json.RawMessage) (object, error) {
	switch queryType {
	case "series":
		return object{"metaJson": `{"note":"v1 meta","big":12345678901234567890}`, "series": []object{
			{"name": "cpu", "tags": object{"host": "a"}, "points": []object{
				{"timestamp": "1700000000000", "value": 1.5}, {"timestamp": "1700003600000", "value": "NaN"},
			}},
			{"name": "cpu", "tags": object{"host": "b"}, "points": []object{{"timestamp": "1700000000000", "value": -2}}},
		}}, nil
	case "table":
		return object{"tables": []object{{
			"columns": []object{{"name": "time"}, {"name": "double"}, {"name": "int"}, {"name": "bool"}, {"name": "text"}, {"name": "bytes"}, {"name": "null"}},
			"rows": []object{
				{"values": []object{
					{"kind": "TYPE_INT64", "int64Value": "1700000000000"}, {"kind": "TYPE_DOUBLE", "doubleValue": 1.25},
					{"kind": "TYPE_INT64", "int64Value": "9007199254740993"}, {"kind": "TYPE_BOOL", "boolValue": true},
					{"kind": "TYPE_STRING", "stringValue": "str"}, {"kind": "TYPE_BYTES", "bytesValue": "AQL/"}, {"kind": "TYPE_NULL"},
				}},
				{"values": []object{{"kind": "TYPE_INT64", "int64Value": "1700000060000"}}},
			},
		}}}, nil
	case "error":
		return object{"error": "bad query", "series": []object{{"name": "half"}}}, nil
	case "kind":
		return object{"tables": []object{{"columns": []object{{"name": "a"}}, "rows": []object{{"values": []object{{"kind": 9}}}}}}}, nil
	case "rpc-error":
		return nil, status.Error(codes.Internal, "it broke")
	case "log":
		fmt.Fprintln(os.Stderr, "[WARN] a line of version 1")
		fmt.Println("printed by version 1")
		return object{}, nil
	case "accept", "dial":
		said, err := broker.Do(kept.Broker, queryType, id)
		if err != nil {
			return object{"error": err.Error()}, nil
		}
		return object{"tables": []object{{
			"columns": []object{{"name": "said"}},
			"rows":    []object{{"values": []object{{"kind": "TYPE_STRING", "stringValue": said}}}},
		}}}, nil
	case "exit":
		os.Exit(7)
	}
	return object{"metaJson": string(raw)}, nil
}
