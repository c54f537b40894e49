package main

// SubscribeStream, RunStream and PublishStream.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"
)

// shownPackets is the number of packets printed per stream.
const shownPackets = 3

func (r *runner) streams() {
	for _, spec := range r.script.Subscribe {
		r.call("subscribeStream/"+spec.Name, func(ctx context.Context) (any, error) { return r.subscribe(ctx, spec) })
	}
	for _, spec := range r.script.Run {
		r.call("runStream/"+spec.Name, func(ctx context.Context) (any, error) { return r.run(ctx, spec) })
	}
	for _, spec := range r.script.Publish {
		r.call("publishStream/"+spec.Name, func(ctx context.Context) (any, error) { return r.publish(ctx, spec) })
	}
}

func (r *runner) subscribe(ctx context.Context, spec streamSpec) (any, error) {
	resp, err := r.process.stream.SubscribeStream(ctx, &pluginv2.SubscribeStreamRequest{
		PluginContext: backend.ToProto().PluginContext(r.context), Path: spec.Path, Data: spec.Data, Headers: callHeaders(),
	})
	if err != nil {
		return nil, err
	}
	return judged(resp.Status.String(), resp.Status == 0, resp.Data)
}

func (r *runner) publish(ctx context.Context, spec streamSpec) (any, error) {
	resp, err := r.process.stream.PublishStream(ctx, &pluginv2.PublishStreamRequest{
		PluginContext: backend.ToProto().PluginContext(r.context), Path: spec.Path, Data: spec.Data, Headers: callHeaders(),
	})
	if err != nil {
		return nil, err
	}
	return judged(resp.Status.String(), resp.Status == 0, resp.Data)
}

func judged(name string, fine bool, payload []byte) (any, error) {
	content := map[string]any{"status": name, "data": jsonOrText(payload)}
	if !fine {
		return content, said("status %s", name)
	}
	if len(payload) > 0 && !json.Valid(payload) {
		return content, undecodable(fmt.Errorf("data is no JSON"))
	}
	return content, nil
}

// streamed is what a RunStream gave before it ended.
type streamed struct {
	Packets int     `json:"packets"`
	Bytes   int     `json:"bytes"`
	First   []any   `json:"first"`
	End     string  `json:"end"`
	EndMS   float64 `json:"endMs"` // from leaving to the end of the call, if this host left
}

func (r *runner) run(ctx context.Context, spec streamSpec) (any, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	stream, err := r.process.stream.RunStream(ctx, &pluginv2.RunStreamRequest{
		PluginContext: backend.ToProto().PluginContext(r.context), Path: spec.Path, Data: spec.Data, Headers: callHeaders(),
	})
	if err != nil {
		return nil, err
	}
	wanted := spec.End
	if wanted == "" {
		wanted = "cancel"
	}
	got, err := follow(stream.Recv, spec.Packets, wanted == "cancel", leave)
	if err != nil {
		return got, err
	}
	if got.Packets < spec.Packets {
		return got, finding{"PACKETS", fmt.Errorf("%d packets before the end (%s), expected %d", got.Packets, got.End, spec.Packets)}
	}
	if got.End != wanted {
		return got, finding{"END", fmt.Errorf("ended with %s, expected %s", got.End, wanted)}
	}
	return got, nil
}

// follow reads packets until the stream ends, leaving after the wanted number if told to.
func follow(receive func() (*pluginv2.StreamPacket, error), packets int, leaves bool, leave func()) (*streamed, error) {
	got := &streamed{}
	var left time.Time
	for {
		packet, err := receive()
		if err != nil {
			got.End = endOf(err, !left.IsZero())
			if !left.IsZero() {
				got.EndMS = float64(time.Since(left).Microseconds()) / 1000
			}
			if got.Packets == 0 && got.End == code.Code_UNIMPLEMENTED.String() {
				return got, err
			}
			return got, nil
		}
		if !json.Valid(packet.Data) {
			return got, undecodable(fmt.Errorf("packet %d is no JSON", got.Packets))
		}
		if len(got.First) < shownPackets {
			got.First = append(got.First, shortened(packet.Data))
		}
		got.Packets++
		got.Bytes += len(packet.Data)
		if leaves && got.Packets >= packets && left.IsZero() {
			left = time.Now()
			leave()
		}
	}
}

func endOf(err error, left bool) string {
	if errors.Is(err, io.EOF) {
		return "clean"
	}
	name := code.Code(status.Code(err)).String()
	if left && name == code.Code_CANCELLED.String() {
		return "cancel"
	}
	return name
}
