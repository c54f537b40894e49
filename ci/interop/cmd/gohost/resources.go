package main

// CallResource: the pieces of each answer put together as Grafana does, the first one's code and headers counting.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

func (r *runner) resources() {
	for _, spec := range r.script.Resources {
		r.call("callResource/"+spec.Name, func(ctx context.Context) (any, error) { return r.resource(ctx, spec) })
	}
}

func (r *runner) resource(ctx context.Context, spec resourceSpec) (any, error) {
	req := resourceRequest(r.context, spec)
	stream, err := r.process.resource.CallResource(ctx, backend.ToProto().CallResourceRequest(req))
	if err != nil {
		return nil, err
	}
	answer, body, err := readResource(stream.Recv)
	if err != nil {
		return nil, err
	}
	content := map[string]any{"bytes": len(body), "pieces": answer.pieces}
	if answer.pieces == 0 {
		return content, finding{"EMPTY", errors.New("the plugin sent no message, which Grafana answers with 500")}
	}
	content["status"], content["headers"] = answer.first.Status, answer.first.Headers
	content["body"] = shortened(body)
	switch {
	case answer.first.Status < 100 || answer.first.Status >= 400:
		return content, said("http %d", answer.first.Status)
	case spec.Echo && !bytes.Equal(body, req.Body):
		return content, finding{"ECHO", fmt.Errorf("%d bytes came back changed, %d were sent", len(body), len(req.Body))}
	}
	return content, nil
}

func resourceRequest(pc backend.PluginContext, spec resourceSpec) *backend.CallResourceRequest {
	req := &backend.CallResourceRequest{
		PluginContext: pc, Path: spec.Path, Method: spec.Method, URL: spec.URL, Body: []byte(spec.Body),
		Headers: map[string][]string{"Accept": {"*/*"}, "X-Grafana-Id": {"header.claims.signature"}, "X-Grafana-Referer": {""}},
	}
	if req.Method == "" {
		req.Method = "GET"
	}
	if req.URL == "" {
		req.URL = spec.Path
	}
	for name, values := range spec.Headers {
		req.Headers[name] = values
	}
	if spec.BodyBytes > 0 {
		req.Body = make([]byte, spec.BodyBytes)
		for i := range req.Body {
			req.Body[i] = byte(i * 31)
		}
	}
	return req
}

type resourceAnswer struct {
	first  *backend.CallResourceResponse
	pieces int
}

func readResource(receive func() (*pluginv2.CallResourceResponse, error)) (resourceAnswer, []byte, error) {
	var answer resourceAnswer
	var body []byte
	for {
		piece, err := receive()
		if errors.Is(err, io.EOF) {
			return answer, body, nil
		}
		if err != nil {
			return answer, body, err
		}
		if answer.pieces == 0 {
			answer.first = backend.FromProto().CallResourceResponse(piece)
		}
		answer.pieces++
		body = append(body, piece.Body...)
	}
}
