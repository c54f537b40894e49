package main

// QueryData: one answer per query type. A query it can't answer is that query's error, not the call's.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"graftwire.dev/interop/bench"
)

// model is everything a query's JSON can say; each query type reads what it needs.
type model struct {
	bench.Model
	Error  string `json:"error"`
	Status int    `json:"status"`
	Source string `json:"source"`
	Millis int    `json:"ms"`
	Code   int    `json:"code"`
	ID     string `json:"id"`
}

// errNoAnswer leaves the refId out of the response.
var errNoAnswer = errors.New("no answer")

// callError fails the whole call instead of one query.
type callError struct{ error }

func (s *source) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	resp := backend.NewQueryDataResponse()
	for _, query := range req.Queries {
		var wanted model
		if len(query.JSON) > 0 {
			if err := json.Unmarshal(query.JSON, &wanted); err != nil {
				resp.Responses[query.RefID] = backend.ErrDataResponse(backend.StatusBadRequest, err.Error())
				continue
			}
		}
		answer, err := answer(ctx, req, query, wanted)
		if errors.Is(err, errNoAnswer) {
			continue
		}
		var failed callError
		if errors.As(err, &failed) {
			return nil, failed.error
		}
		if err != nil {
			answer = backend.ErrDataResponse(backend.StatusBadRequest, err.Error())
		}
		resp.Responses[query.RefID] = answer
	}
	return resp, nil
}

func answer(ctx context.Context, req *backend.QueryDataRequest, query backend.DataQuery, wanted model) (backend.DataResponse, error) {
	switch query.QueryType {
	case "", "types":
		return frames(everyType())
	case "shapes":
		return frames(wide(query.TimeRange.From), long(query.TimeRange.From), noRows(), data.NewFrame("no fields"))
	case "meta":
		return frames(everyMeta())
	case "echo":
		return frames(echo(req, query))
	case bench.QueryType:
		return benchFrames(query, wanted.Model)
	case "empty":
		return frames()
	case "status":
		return backend.DataResponse{Status: backend.Status(wanted.Status), Frames: data.Frames{noRows()}}, nil
	case "error", "error-with-frames":
		return failure(query, wanted), nil
	case "missing":
		return backend.DataResponse{}, errNoAnswer
	case "accept", "dial":
		return talk(query.QueryType, wanted.ID)
	default:
		return misbehave(ctx, query, wanted)
	}
}

// misbehave holds the query types that harm the call or the process.
func misbehave(ctx context.Context, query backend.DataQuery, wanted model) (backend.DataResponse, error) {
	switch query.QueryType {
	case "rpc-error":
		return backend.DataResponse{}, callError{sourced(wanted.Source, errors.New(wanted.Error))}
	case "panic":
		panic("asked to panic")
	case "exit":
		os.Exit(wanted.Code)
	case "crash": // a panic outside a handler takes the process with it
		go func() { panic("asked to crash") }()
		<-ctx.Done()
	case "sleep":
		select {
		case <-time.After(time.Duration(wanted.Millis) * time.Millisecond):
			return frames(noRows())
		case <-ctx.Done():
			backend.Logger.Warn("the caller left during sleep", "cause", ctx.Err())
			return backend.DataResponse{}, callError{ctx.Err()}
		}
	case "log":
		writeLogs()
		return frames(noRows())
	}
	return backend.DataResponse{}, fmt.Errorf("query type %q is not known", query.QueryType)
}

func frames(frames ...*data.Frame) (backend.DataResponse, error) {
	return backend.DataResponse{Status: backend.StatusOK, Frames: frames}, nil
}

func benchFrames(query backend.DataQuery, wanted bench.Model) (backend.DataResponse, error) {
	var made data.Frames
	for index := range max(wanted.Frames, 1) {
		made = append(made, bench.Frame(query.TimeRange.From, index, 0, wanted.Rows))
	}
	return frames(made...)
}

func failure(query backend.DataQuery, wanted model) backend.DataResponse {
	resp := backend.DataResponse{
		Status:      backend.Status(wanted.Status),
		Error:       errors.New(wanted.Error),
		ErrorSource: backend.ErrorSource(wanted.Source),
	}
	if query.QueryType == "error-with-frames" {
		resp.Frames = data.Frames{wide(query.TimeRange.From)}
	}
	return resp
}

func sourced(source string, err error) error {
	switch source {
	case "downstream":
		return backend.DownstreamError(err)
	case "plugin":
		return backend.PluginError(err)
	}
	return err
}

// echo says what arrived, secrets too: this plugin exists to be asked that.
func echo(req *backend.QueryDataRequest, query backend.DataQuery) *data.Frame {
	frame := noRows()
	frame.Meta = &data.FrameMeta{Custom: map[string]any{
		"context": describeContext(req.PluginContext),
		"headers": req.Headers,
		"format":  int(req.Format),
		"query": map[string]any{
			"refId":         query.RefID,
			"queryType":     query.QueryType,
			"maxDataPoints": query.MaxDataPoints,
			"intervalNs":    query.Interval.Nanoseconds(),
			"fromMs":        query.TimeRange.From.UnixMilli(),
			"toMs":          query.TimeRange.To.UnixMilli(),
			"json":          query.JSON,
		},
	}}
	return frame
}

func describeContext(pc backend.PluginContext) map[string]any {
	described := map[string]any{
		"orgId": pc.OrgID, "pluginId": pc.PluginID, "pluginVersion": pc.PluginVersion,
		"apiVersion": pc.APIVersion, "namespace": pc.Namespace,
	}
	if pc.User != nil {
		described["user"] = *pc.User
	}
	if pc.UserAgent != nil {
		described["userAgent"] = pc.UserAgent.String()
	}
	if pc.GrafanaConfig != nil {
		described["grafanaConfig"] = backend.ToProto().GrafanaConfig(pc.GrafanaConfig)
	}
	if ds := pc.DataSourceInstanceSettings; ds != nil {
		described["dataSource"] = map[string]any{
			"id": ds.ID, "uid": ds.UID, "type": ds.Type, "name": ds.Name, "url": ds.URL, "user": ds.User,
			"database": ds.Database, "basicAuthEnabled": ds.BasicAuthEnabled, "basicAuthUser": ds.BasicAuthUser,
			"jsonData": ds.JSONData, "secure": ds.DecryptedSecureJSONData,
			"updatedMs": ds.Updated.UnixMilli(), "apiVersion": ds.APIVersion,
		}
	}
	return described
}
