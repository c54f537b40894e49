// Command appplugin is an app made with Grafana's Go SDK whose extra services are those of protocol version 3, spoken
// through package dynamic: a Rust host is tried against it. Answers say what the app was asked. GRAFTWIRE_APP in its
// environment leaves services out ("route": that one alone, the others are UNIMPLEMENTED) or serves them under the draft's
// names ("draft"). It asks nobody for a token, and keeps no state.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/app"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"graftwire.dev/interop/dynamic"
)

const (
	current = "grafana.plugin.v3."
	draft   = "plugin.v3."
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
	way := os.Getenv("GRAFTWIRE_APP")
	extra := plugin.PluginSet{}
	for key, service := range map[string]struct {
		name     string
		handlers dynamic.Handlers
	}{
		"v3-admit":   {"AdmissionService", dynamic.Handlers{"AdmissionReview": dynamic.Unary(review)}},
		"v3-convert": {"ConversionService", dynamic.Handlers{"ConvertObjects": dynamic.Unary(convert)}},
		"v3-route":   {"RouteService", dynamic.Handlers{"CallRoute": dynamic.Streaming(route)}},
	} {
		if way == "route" && key != "v3-route" {
			service.handlers = nil
		}
		desc, err := schema.Service(current+service.name, service.handlers)
		if err != nil {
			return err
		}
		if way == "draft" {
			desc.ServiceName = draft + service.name
		}
		extra[key] = &dynamic.Plugin{Services: []*grpc.ServiceDesc{desc}}
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

// review refuses with everything a refusal can say; the warnings hold what was asked.
func review(ctx context.Context, request json.RawMessage) (json.RawMessage, error) {
	var asked struct{ ObjectBytes []byte }
	if err := json.Unmarshal(request, &asked); err != nil {
		return nil, err
	}
	if len(asked.ObjectBytes) == 0 {
		return nil, status.Error(codes.InvalidArgument, "request carries no objects")
	}
	return json.Marshal(map[string]any{
		"allowed": false, "warnings": []string{string(request), token(ctx)}, "objectBytes": asked.ObjectBytes,
		"error": map[string]any{
			"status": "Failure", "message": "not so", "reason": "Invalid", "code": 422,
			"details": map[string]any{
				"name": "n", "group": "g", "kind": "k", "uid": "u", "retryAfterSeconds": 7,
				"causes": []any{map[string]any{"reason": "FieldValueInvalid", "message": "too large", "field": "spec.a"}},
			},
		},
	})
}

func token(ctx context.Context) string {
	incoming, _ := metadata.FromIncomingContext(ctx)
	return strings.Join(incoming.Get("x-access-token"), ",")
}

// convert puts the target version into each object. The uid steers it: "few" leaves the last object out, "other" answers
// another request.
func convert(_ context.Context, request json.RawMessage) (json.RawMessage, error) {
	var asked struct {
		UID           string `json:"uid"`
		TargetVersion string
		Objects       []struct{ Raw []byte }
	}
	if err := json.Unmarshal(request, &asked); err != nil {
		return nil, err
	}
	converted := []any{}
	for _, object := range asked.Objects {
		raw := strings.ReplaceAll(string(object.Raw), "/v1", "/"+asked.TargetVersion)
		converted = append(converted, map[string]any{"raw": []byte(raw), "warnings": []string{string(request)}})
	}
	switch asked.UID {
	case "few":
		converted = converted[:len(converted)-1]
	case "other":
		asked.UID = "another"
	}
	return json.Marshal(map[string]any{"uid": asked.UID, "converted": converted})
}

// route answers with the request in JSON as a second piece. The path steers it: "code/N" gives that code, "fail" a status,
// "none" no message at all.
func route(stream *dynamic.Stream) error {
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	var asked struct{ Path string }
	if err := json.Unmarshal(request, &asked); err != nil {
		return err
	}
	first := map[string]any{"code": 201, "headers": map[string]any{"X-Two": map[string]any{"values": []string{"1", "2"}}}}
	switch {
	case asked.Path == "none":
		return nil
	case asked.Path == "fail":
		return status.Error(codes.NotFound, "no such song")
	case strings.HasPrefix(asked.Path, "code/"):
		var code int32
		if _, err := fmt.Sscanf(asked.Path, "code/%d", &code); err != nil {
			return err
		}
		first["code"] = code
	}
	later := map[string]any{"code": 500, "headers": map[string]any{"X-Late": map[string]any{}}, "body": []byte(request)}
	for _, piece := range []any{first, later} {
		text, err := json.Marshal(piece)
		if err != nil {
			return err
		}
		if err := stream.Send(text); err != nil {
			return err
		}
	}
	return nil
}
