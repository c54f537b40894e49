package main

// The command `run`: every call of protocol v2, in the order of the script, and the comparison with --expect.

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"google.golang.org/grpc/health/grpc_health_v1"

	"graftwire.dev/interop/dynamic"
)

func runCommand(args []string) error {
	var opts startOptions
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&opts.plugin, "plugin", "", "path of the plugin's executable")
	opts.register(flags)
	var more moreOptions
	more.register(flags)
	calls := flags.String("calls", "", "JSON file with what to ask; its keys replace those of the built-in calls.json")
	expect := flags.String("expect", "", "JSON file: call or pattern -> outcome; calls not named must be ok. Without it the exit code is 0")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := opts.complete(); err != nil {
		return err
	}
	script, err := readScript(*calls)
	if err != nil {
		return err
	}
	expected := expectations(nil)
	if *expect != "" {
		if expected, err = readExpectations(*expect); err != nil {
			return err
		}
	}
	records, err := (&runner{opts: &opts, script: script, context: pluginContext(&opts, script.Settings)}).all(&more)
	if err != nil {
		return err
	}
	if expected == nil {
		return nil
	}
	problems := expected.check(records)
	emit(map[string]any{"expect": *expect, "ok": len(problems) == 0, "calls": len(records), "problems": problems})
	if len(problems) > 0 {
		return errUnmet
	}
	return nil
}

type runner struct {
	opts    *startOptions
	script  *script
	context backend.PluginContext
	process *process
	records []record
	schema  *dynamic.Schema // of version 1
}

func (r *runner) all(more *moreOptions) ([]record, error) {
	began := time.Now()
	p, err := start(r.opts)
	if err != nil {
		r.keep(newRecord("start", time.Since(began), nil, finding{"START", err}))
		return r.records, nil
	}
	r.process = p
	r.keep(newRecord("start", p.started, map[string]any{
		"pid": p.pid(), "version": p.client.NegotiatedVersion(), "network": p.address.Network(), "address": p.address.String(),
	}, nil))
	r.diagnostics()
	r.queries()
	r.resources()
	r.streams()
	r.objects()
	err = r.more(more)
	r.farewell()
	return r.records, err
}

func (r *runner) keep(made record) {
	r.records = append(r.records, made)
	emit(made)
}

// call makes one call. The context carries no deadline, as Grafana's don't, but is cancelled after --call-timeout.
func (r *runner) call(name string, do func(context.Context) (any, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	timer := time.AfterFunc(r.opts.callTimeout, cancel)
	began := time.Now()
	content, err := do(ctx)
	made := newRecord(name, time.Since(began), content, err)
	if !timer.Stop() && !made.OK {
		made.Outcome, made.Detail = "TIMEOUT", fmt.Sprintf("no end within %v: %s", r.opts.callTimeout, made.Detail)
	}
	cancel()
	r.keep(made)
}

func (r *runner) diagnostics() {
	r.isServing()
	r.call("checkHealth", r.checkHealth)
	r.call("collectMetrics", func(ctx context.Context) (any, error) {
		// Grafana sends the plugin id alone
		resp, err := r.process.diagnostics.CollectMetrics(ctx, &pluginv2.CollectMetricsRequest{
			PluginContext: &pluginv2.PluginContext{PluginId: r.opts.id},
		})
		if err != nil {
			return nil, err
		}
		return describeMetrics(resp.GetMetrics().GetPrometheus())
	})
}

// isServing asks go-plugin's health service, through go-plugin and beside it.
func (r *runner) isServing() {
	r.call("ping", func(ctx context.Context) (any, error) { return nil, r.process.ping(ctx) })
	r.call("grpcHealth", func(ctx context.Context) (any, error) {
		resp, err := grpc_health_v1.NewHealthClient(r.process.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
		if err != nil {
			return nil, err
		}
		if resp.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			return nil, said("health %s", resp.Status)
		}
		return nil, nil
	})
}

func (r *runner) checkHealth(ctx context.Context) (any, error) {
	resp, err := r.process.diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{
		PluginContext: backend.ToProto().PluginContext(r.context), Headers: callHeaders(),
	})
	if err != nil {
		return nil, err
	}
	content := map[string]any{"status": resp.Status.String(), "message": resp.Message, "details": jsonOrText(resp.JsonDetails)}
	if resp.Status != pluginv2.CheckHealthResponse_OK {
		return content, said("health %s", resp.Status)
	}
	return content, nil
}

func (r *runner) queries() {
	for _, name := range slices.Sorted(maps.Keys(r.script.Queries)) {
		queries, err := parseQueries(r.script.Queries[name])
		r.call("queryData/"+name, func(ctx context.Context) (any, error) {
			return r.query(ctx, queries, err, backend.DataFrameFormat_ARROW)
		})
		r.call("queryData.json/"+name, func(ctx context.Context) (any, error) {
			return r.query(ctx, queries, err, backend.DataFrameFormat_JSON)
		})
	}
	for _, name := range slices.Sorted(maps.Keys(r.script.Chunked)) {
		queries, err := parseQueries(r.script.Chunked[name])
		r.call("queryChunkedData/"+name, func(ctx context.Context) (any, error) {
			return r.chunked(ctx, queries, err, backend.DataFrameFormat_ARROW)
		})
		r.call("queryChunkedData.json/"+name, func(ctx context.Context) (any, error) {
			return r.chunked(ctx, queries, err, backend.DataFrameFormat_JSON)
		})
	}
}

func (r *runner) query(ctx context.Context, queries []backend.DataQuery, err error, format backend.DataFrameFormat) (any, error) {
	if err != nil {
		return nil, finding{"SCRIPT", err}
	}
	resp, err := r.process.data.QueryData(ctx, backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{
		PluginContext: r.context, Headers: callHeaders(), Queries: queries, Format: format,
	}))
	if err != nil {
		return nil, err
	}
	return describeResponses(resp)
}

func (r *runner) chunked(ctx context.Context, queries []backend.DataQuery, err error, format backend.DataFrameFormat) (any, error) {
	if err != nil {
		return nil, finding{"SCRIPT", err}
	}
	stream, err := r.process.data.QueryChunkedData(ctx, backend.ToProto().QueryChunkedDataRequest(&backend.QueryChunkedDataRequest{
		PluginContext: r.context, Headers: callHeaders(), Queries: queries, Format: format,
	}))
	if err != nil {
		return nil, err
	}
	return gather(stream.Recv)
}

func (r *runner) farewell() {
	began := time.Now()
	left := r.process.stop()
	var err error
	switch {
	case !left.ByItself:
		err = finding{"KILLED", fmt.Errorf("the process did not leave within 2 s of Shutdown")}
	case left.ExitCode != 0:
		err = said("exit %d", left.ExitCode)
	case !left.SocketGone:
		err = finding{"SOCKET", fmt.Errorf("%s is still there", left.Socket)}
	}
	r.keep(newRecord("kill", time.Since(began), left, err))
}
