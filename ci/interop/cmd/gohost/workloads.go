package main

// The workloads of `bench`: how each is asked and how one answer is checked before the clock runs.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"graftwire.dev/interop/bench"
)

const (
	blobBytes     = 64 << 20
	streamPackets = 100_000
)

func workloads(scale float64) []workload {
	times := func(calls int) int { return max(int(math.Round(float64(calls)*scale)), 1) }
	packets := times(streamPackets)
	return []workload{
		{name: "checkHealth", calls: times(2000), check: checkHealth, call: discard(checkHealth)},
		query("queryData 10x100", times(500), bench.Model{Frames: 10, Rows: 100}),
		query("queryData 1x1000", times(500), bench.Model{Frames: 1, Rows: 1000}),
		query("queryData 1x100000", times(50), bench.Model{Frames: 1, Rows: 100_000}),
		chunked("queryChunkedData 1x100000", times(50), bench.Model{Frames: 1, Rows: 100_000, Chunk: 10_000}),
		millions("queryChunkedData 1x10000000", max(times(5), 2), bench.Model{Frames: 1, Rows: 10_000_000, Chunk: 10_000}),
		echo("callResource echo 1KiB", times(1000), 1<<10),
		blob("callResource blob 64MiB", max(times(10), 2), blobBytes),
		stream(fmt.Sprintf("runStream %d packets", packets), max(times(5), 2), packets),
	}
}

// discard makes a call of a check that needs no payload.
func discard(check func(context.Context, *subject) error) func(context.Context, *subject) (int, error) {
	return func(ctx context.Context, s *subject) (int, error) { return 0, check(ctx, s) }
}

func checkHealth(ctx context.Context, s *subject) error {
	resp, err := s.process.diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{
		PluginContext: backend.ToProto().PluginContext(s.context), Headers: callHeaders(),
	})
	if err != nil {
		return err
	}
	if resp.Status != pluginv2.CheckHealthResponse_OK {
		return fmt.Errorf("health is %v: %s", resp.Status, resp.Message)
	}
	return nil
}

var benchFrom = time.UnixMilli(1_700_000_000_000)

func benchQuery(model bench.Model) backend.DataQuery {
	return backend.DataQuery{
		RefID: "A", QueryType: bench.QueryType, MaxDataPoints: 1000, Interval: time.Second,
		TimeRange: backend.TimeRange{From: benchFrom, To: benchFrom.Add(time.Duration(model.Rows) * time.Second)},
		JSON:      fmt.Appendf(nil, `{"refId":"A","queryType":"bench","rows":%d,"frames":%d,"chunk":%d}`, model.Rows, model.Frames, max(model.Chunk, 1)),
	}
}

// query measures until the answer's bytes are here; decoding frames is the host's own cost and left out.
func query(name string, calls int, model bench.Model) workload {
	ask := func(ctx context.Context, s *subject) (*pluginv2.QueryDataResponse, error) {
		return s.process.data.QueryData(ctx, backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{
			PluginContext: s.context, Headers: callHeaders(), Queries: []backend.DataQuery{benchQuery(model)},
		}))
	}
	return workload{
		name: name, calls: calls, units: float64(model.Frames * model.Rows), unit: "rows",
		check: func(ctx context.Context, s *subject) error {
			resp, err := ask(ctx, s)
			if err != nil {
				return err
			}
			described, err := describeResponses(resp)
			if err != nil {
				return err
			}
			answer, ok := described["A"]
			if !ok {
				return errors.New("no answer for refId A")
			}
			return bench.Check(answer.frames, benchFrom, model)
		},
		call: func(ctx context.Context, s *subject) (int, error) {
			resp, err := ask(ctx, s)
			if err != nil {
				return 0, err
			}
			bytes := 0
			for _, frame := range resp.Responses["A"].GetFrames() {
				bytes += len(frame)
			}
			return bytes, nil
		},
	}
}

// askChunked begins the query of a model, in chunks.
func askChunked(ctx context.Context, s *subject, model bench.Model) (func() (*pluginv2.QueryChunkedDataResponse, error), error) {
	stream, err := s.process.data.QueryChunkedData(ctx, backend.ToProto().QueryChunkedDataRequest(&backend.QueryChunkedDataRequest{
		PluginContext: s.context, Headers: callHeaders(), Queries: []backend.DataQuery{benchQuery(model)},
	}))
	if err != nil {
		return nil, err
	}
	return stream.Recv, nil
}

// millions is an answer that nobody could hold: chunks are counted and dropped, for the plugin's memory is what it shows.
func millions(name string, calls int, model bench.Model) workload {
	count := func(ctx context.Context, s *subject, size func(*pluginv2.QueryChunkedDataResponse) int) (int, error) {
		receive, err := askChunked(ctx, s, model)
		if err != nil {
			return 0, err
		}
		return drain(receive, size)
	}
	return workload{
		name: name, calls: calls, units: float64(model.Frames * model.Rows), unit: "rows",
		check: func(ctx context.Context, s *subject) error {
			return expectCount(model.Frames * model.Rows / model.Chunk)(count(ctx, s, func(chunk *pluginv2.QueryChunkedDataResponse) int {
				if len(chunk.Frame) == 0 || chunk.Error != "" {
					return 0
				}
				return 1
			}))
		},
		call: func(ctx context.Context, s *subject) (int, error) {
			return count(ctx, s, func(chunk *pluginv2.QueryChunkedDataResponse) int { return len(chunk.Frame) })
		},
	}
}

func chunked(name string, calls int, model bench.Model) workload {
	ask := func(ctx context.Context, s *subject) (func() (*pluginv2.QueryChunkedDataResponse, error), error) {
		return askChunked(ctx, s, model)
	}
	return workload{
		name: name, calls: calls, units: float64(model.Frames * model.Rows), unit: "rows",
		check: func(ctx context.Context, s *subject) error {
			receive, err := ask(ctx, s)
			if err != nil {
				return err
			}
			all, err := gather(receive)
			if err != nil {
				return err
			}
			answer, ok := all.Responses["A"]
			if !ok {
				return errors.New("no answer for refId A")
			}
			if expected := model.Frames * ((model.Rows + model.Chunk - 1) / model.Chunk); all.Chunks != expected {
				return fmt.Errorf("%d chunks, expected %d", all.Chunks, expected)
			}
			return bench.Check(answer.frames, benchFrom, model)
		},
		call: func(ctx context.Context, s *subject) (int, error) {
			receive, err := ask(ctx, s)
			if err != nil {
				return 0, err
			}
			return drain(receive, func(chunk *pluginv2.QueryChunkedDataResponse) int { return len(chunk.Frame) })
		},
	}
}

func echo(name string, calls, size int) workload {
	spec := resourceSpec{Method: "POST", Path: bench.EchoPath, BodyBytes: size, Echo: true}
	return workload{name: name, calls: calls,
		check: func(ctx context.Context, s *subject) error {
			_, err := (&runner{context: s.context, process: s.process}).resource(ctx, spec)
			return err
		},
		call: func(ctx context.Context, s *subject) (int, error) { return resourceBytes(ctx, s, spec) },
	}
}

func blob(name string, calls, size int) workload {
	spec := resourceSpec{Path: bench.BlobPath, URL: fmt.Sprintf("%s?bytes=%d", bench.BlobPath, size)}
	ask := func(ctx context.Context, s *subject) (int, error) { return resourceBytes(ctx, s, spec) }
	return workload{name: name, calls: calls, units: float64(size) / (1 << 20), unit: "MiB",
		check: func(ctx context.Context, s *subject) error { return expectCount(size)(ask(ctx, s)) },
		call:  ask,
	}
}

func resourceBytes(ctx context.Context, s *subject, spec resourceSpec) (int, error) {
	stream, err := s.process.resource.CallResource(ctx, backend.ToProto().CallResourceRequest(resourceRequest(s.context, spec)))
	if err != nil {
		return 0, err
	}
	return drain(stream.Recv, func(piece *pluginv2.CallResourceResponse) int { return len(piece.Body) })
}

func stream(name string, calls, packets int) workload {
	read := func(ctx context.Context, s *subject, size func(*pluginv2.StreamPacket) int) (int, error) {
		stream, err := s.process.stream.RunStream(ctx, &pluginv2.RunStreamRequest{
			PluginContext: backend.ToProto().PluginContext(s.context), Headers: callHeaders(),
			Path: fmt.Sprintf("%s%d", bench.StreamPrefix, packets),
		})
		if err != nil {
			return 0, err
		}
		return drain(stream.Recv, size)
	}
	return workload{name: name, calls: calls, units: float64(packets), unit: "packets",
		check: func(ctx context.Context, s *subject) error {
			return expectCount(packets)(read(ctx, s, func(packet *pluginv2.StreamPacket) int {
				frame := &data.Frame{}
				if frame.UnmarshalJSON(packet.Data) != nil || frame.Rows() != 1 || len(frame.Fields) != 3 {
					return 0
				}
				return 1
			}))
		},
		call: func(ctx context.Context, s *subject) (int, error) {
			return read(ctx, s, func(packet *pluginv2.StreamPacket) int { return len(packet.Data) })
		},
	}
}

func expectCount(expected int) func(int, error) error {
	return func(found int, err error) error {
		if err == nil && found != expected {
			return fmt.Errorf("found %d, expected %d", found, expected)
		}
		return err
	}
}

// drain reads a stream to its end and adds up what size finds in each message.
func drain[M any](receive func() (M, error), size func(M) int) (int, error) {
	total := 0
	for {
		message, err := receive()
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		total += size(message)
	}
}
