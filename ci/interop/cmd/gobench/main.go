// Command gobench is the Go side of the benchmarks: a data source made with Grafana's Go SDK that keeps the contract of
// package bench and does nothing else. It is built the way Go plugins are released (no cgo, stripped).
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"graftwire.dev/interop/bench"
)

func main() {
	if err := datasource.Manage("graftwire-gobench-datasource", newSource, datasource.ManageOpts{}); err != nil {
		backend.Logger.Error("could not serve", "error", err)
		os.Exit(1)
	}
}

type source struct{}

func newSource(context.Context, backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return &source{}, nil
}

func (*source) CheckHealth(context.Context, *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: "ready"}, nil
}

func (*source) QueryData(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	resp := backend.NewQueryDataResponse()
	for _, query := range req.Queries {
		resp.Responses[query.RefID] = answer(query)
	}
	return resp, nil
}

func answer(query backend.DataQuery) backend.DataResponse {
	model, err := parse(query)
	if err != nil {
		return backend.ErrDataResponse(backend.StatusBadRequest, err.Error())
	}
	frames := make(data.Frames, model.Frames)
	for index := range frames {
		frames[index] = bench.Frame(query.TimeRange.From, index, 0, model.Rows)
	}
	return backend.DataResponse{Status: backend.StatusOK, Frames: frames}
}

func (*source) QueryChunkedData(ctx context.Context, req *backend.QueryChunkedDataRequest, w backend.ChunkedDataWriter) error {
	for _, query := range req.Queries {
		model, err := parse(query)
		if err != nil {
			if err := w.WriteError(ctx, query.RefID, backend.StatusBadRequest, err); err != nil {
				return err
			}
			continue
		}
		if err := writeChunks(ctx, query, model, w); err != nil {
			return err
		}
	}
	return nil
}

func writeChunks(ctx context.Context, query backend.DataQuery, model bench.Model, w backend.ChunkedDataWriter) error {
	for index := range model.Frames {
		for first := 0; first < model.Rows; first += model.Chunk {
			rows := min(model.Chunk, model.Rows-first)
			frame := bench.Frame(query.TimeRange.From, index, first, rows)
			if err := w.WriteFrame(ctx, query.RefID, strconv.Itoa(index), frame); err != nil {
				return err
			}
		}
	}
	return nil
}

func parse(query backend.DataQuery) (bench.Model, error) {
	if query.QueryType != bench.QueryType {
		return bench.Model{}, fmt.Errorf("query type %q, expected %q", query.QueryType, bench.QueryType)
	}
	return bench.ParseModel(query.JSON)
}

func (*source) CallResource(_ context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	switch req.Path {
	case bench.EchoPath:
		return sender.Send(&backend.CallResourceResponse{Status: http.StatusOK, Body: req.Body})
	case bench.BlobPath:
		return sendBlob(req.URL, sender)
	}
	return sender.Send(&backend.CallResourceResponse{Status: http.StatusNotFound, Body: []byte("no such resource: " + req.Path)})
}

func sendBlob(rawURL string, sender backend.CallResourceResponseSender) error {
	target, err := url.Parse(rawURL)
	if err != nil {
		return err
	}
	left, err := strconv.Atoi(target.Query().Get("bytes"))
	if err != nil {
		return sender.Send(&backend.CallResourceResponse{Status: http.StatusBadRequest, Body: []byte("bytes: " + err.Error())})
	}
	piece := make([]byte, bench.BlobPiece)
	for left > 0 {
		piece = piece[:min(left, len(piece))]
		if err := sender.Send(&backend.CallResourceResponse{Status: http.StatusOK, Body: piece}); err != nil {
			return err
		}
		left -= len(piece)
	}
	return nil
}

func (*source) SubscribeStream(context.Context, *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK}, nil
}

func (*source) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

func (*source) RunStream(_ context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	packets, err := strconv.Atoi(strings.TrimPrefix(req.Path, bench.StreamPrefix))
	if err != nil {
		return fmt.Errorf("stream path %q, expected %sPACKETS", req.Path, bench.StreamPrefix)
	}
	from := time.Now()
	for i := range packets {
		if err := sender.SendFrame(bench.Frame(from, 0, i, 1), data.IncludeAll); err != nil {
			return err
		}
	}
	return nil
}

var (
	_ backend.QueryDataHandler        = (*source)(nil)
	_ backend.QueryChunkedDataHandler = (*source)(nil)
	_ backend.CallResourceHandler     = (*source)(nil)
	_ backend.CheckHealthHandler      = (*source)(nil)
	_ backend.StreamHandler           = (*source)(nil)
)
