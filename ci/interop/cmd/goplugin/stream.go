package main

// Streams: the first part of the path says who may subscribe and publish and how the stream ends.
// ticks/N/MS ends cleanly after N packets, forever/MS only when the caller leaves, fail/N with an error after N packets,
// bytes/SIZE/N sends packets that are no frames.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"graftwire.dev/interop/bench"
)

func (s *source) SubscribeStream(_ context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	switch head(req.Path) {
	case "denied":
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusPermissionDenied}, nil
	case "missing":
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}, nil
	case "nodata":
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK}, nil
	case "fail-subscribe":
		return nil, errors.New("asked to fail")
	case "echo":
		return subscribed(backend.NewInitialData(describeStream(req.Path, req.Data, req.Headers)))
	}
	return subscribed(backend.NewInitialFrame(tick(0), data.IncludeAll))
}

func subscribed(initial *backend.InitialData, err error) (*backend.SubscribeStreamResponse, error) {
	if err != nil {
		return nil, err
	}
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK, InitialData: initial}, nil
}

func (s *source) PublishStream(_ context.Context, req *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	switch head(req.Path) {
	case "denied":
		return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
	case "missing":
		return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusNotFound}, nil
	case "silent": // OK without data: the host publishes nothing
		return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusOK}, nil
	case "echo":
		return &backend.PublishStreamResponse{Data: describeStream(req.Path, req.Data, req.Headers)}, nil
	}
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusOK, Data: req.Data}, nil
}

func (s *source) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	switch head(req.Path) {
	case "ticks":
		return ticks(ctx, sender, number(req.Path, 1, 3), number(req.Path, 2, 0))
	case "forever":
		defer backend.Logger.Info("stream left", "path", req.Path)
		return ticks(ctx, sender, -1, number(req.Path, 1, 10))
	case "fail":
		if err := ticks(ctx, sender, number(req.Path, 1, 0), 0); err != nil {
			return err
		}
		return errors.New("asked to fail")
	case "panic":
		panic("asked to panic")
	case "bytes":
		return raw(sender, number(req.Path, 1, 1024), number(req.Path, 2, 3))
	case "echo":
		return sender.SendJSON(describeStream(req.Path, req.Data, req.Headers))
	}
	return fmt.Errorf("no stream at %q", req.Path)
}

// ticks sends the schema with the first packet only, as a saving plugin does.
func ticks(ctx context.Context, sender *backend.StreamSender, packets, ms int) error {
	for i := 0; i != packets; i++ {
		include := data.IncludeDataOnly
		if i == 0 {
			include = data.IncludeAll
		}
		if err := sender.SendFrame(tick(i), include); err != nil {
			return err
		}
		if err := sleep(ctx, time.Duration(ms)*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func raw(sender *backend.StreamSender, size, packets int) error {
	text, err := json.Marshal(strings.Repeat("x", size))
	if err != nil {
		return err
	}
	for range packets {
		if err := sender.SendJSON(text); err != nil {
			return err
		}
	}
	return nil
}

func tick(i int) *data.Frame {
	return bench.Frame(time.Unix(1_700_000_000, 0).UTC(), 0, i, 1)
}

func describeStream(path string, payload json.RawMessage, headers map[string]string) json.RawMessage {
	described, err := json.Marshal(map[string]any{"path": path, "data": payload, "headers": headers})
	if err != nil { // the payload was no JSON
		described, _ = json.Marshal(map[string]any{"path": path, "text": string(payload), "headers": headers})
	}
	return described
}

func head(path string) string {
	head, _, _ := strings.Cut(path, "/")
	return head
}

func number(path string, part, otherwise int) int {
	parts := strings.Split(path, "/")
	if part >= len(parts) {
		return otherwise
	}
	n, err := strconv.Atoi(parts[part])
	if err != nil {
		return otherwise
	}
	return n
}
