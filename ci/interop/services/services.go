// Package services is what no Go library has code for: the services of protocol version 3 and those that make images, spoken
// through package dynamic. Answers say what was asked. It asks nobody for a token, and keeps no state.
package services

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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

// App is version 3 as go-plugin takes it. The way leaves services out ("route": that one alone) or serves them under the
// draft's names ("draft").
func App(schema *dynamic.Schema, way string) (plugin.PluginSet, error) {
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
			return nil, err
		}
		if way == "draft" {
			desc.ServiceName = draft + service.name
		}
		extra[key] = &dynamic.Plugin{Services: []*grpc.ServiceDesc{desc}}
	}
	return extra, nil
}

// Renderer makes images as a service of this name. It makes none: a page without a width is answered with an error that
// names the page.
func Renderer(schema *dynamic.Schema, name string) (*grpc.ServiceDesc, error) {
	return schema.Service(name, dynamic.Handlers{"Render": dynamic.Unary(render)})
}

func render(_ context.Context, request json.RawMessage) (json.RawMessage, error) {
	var asked struct {
		URL   string `json:"url"`
		Width int    `json:"width"`
	}
	if err := json.Unmarshal(request, &asked); err != nil {
		return nil, err
	}
	if asked.Width > 0 {
		return nil, nil
	}
	return json.Marshal(map[string]string{"error": "no width for " + asked.URL})
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
