package main

// The command `broker`: a plugin whose resources dial and accept ids of go-plugin's broker, tried in both directions.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-plugin"

	"graftwire.dev/interop/broker"
)

func brokerCommand(args []string) error {
	var opts startOptions
	flags := flag.NewFlagSet("broker", flag.ContinueOnError)
	flags.StringVar(&opts.plugin, "plugin", "", "path of the plugin's executable")
	opts.register(flags)
	idle := flags.Duration("idle", 0, "how long to say nothing before the last round, for keep-alives to pass")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := opts.complete(); err != nil {
		return err
	}
	r := &runner{opts: &opts, script: &script{}, context: pluginContext(&opts, settingsSpec{})}
	p, err := start(&opts)
	if err != nil {
		r.keep(newRecord("start", 0, nil, finding{"START", err}))
		return errUnmet
	}
	r.process = p
	r.talk(*idle)
	r.farewell()
	for _, made := range r.records {
		if made.Outcome != "ok" {
			return errUnmet
		}
	}
	return nil
}

func (r *runner) talk(idle time.Duration) {
	b := r.bothWays()
	if b == nil {
		return
	}
	r.call("broker/many at once", func(ctx context.Context) (any, error) { return nil, r.manyAtOnce(ctx, b, 20) })
	r.call("broker/nobody accepts", func(ctx context.Context) (any, error) {
		code, said, err := r.ask(ctx, "dial?id=4000")
		if err == nil && code != 502 {
			err = fmt.Errorf("an id that nobody accepts: %d %q", code, said)
		}
		return said, err
	})
	if idle > 0 {
		time.Sleep(idle)
	}
	r.call("broker/ping", func(ctx context.Context) (any, error) { return nil, r.process.ping(ctx) })
	r.call("broker/host dials again", func(ctx context.Context) (any, error) { return nil, r.hostDials(ctx, b) })
}

// bothWays has each end dial the other once.
func (r *runner) bothWays() *plugin.GRPCBroker {
	var b *plugin.GRPCBroker
	r.call("broker", func(context.Context) (any, error) { return nil, dispense(r.process.rpc, "broker", &b) })
	if b == nil {
		return nil
	}
	r.call("broker/plugin dials", func(ctx context.Context) (any, error) { return nil, r.pluginDials(ctx, b) })
	r.call("broker/host dials", func(ctx context.Context) (any, error) { return nil, r.hostDials(ctx, b) })
	return b
}

func (r *runner) pluginDials(ctx context.Context, b *plugin.GRPCBroker) error {
	id := b.NextId()
	go broker.Serve(b, id)
	code, said, err := r.ask(ctx, fmt.Sprintf("dial?id=%d", id))
	if err == nil && (code != 200 || said != "serving: true") {
		err = fmt.Errorf("the plugin dials broker id %d: %d %q", id, code, said)
	}
	return err
}

func (r *runner) hostDials(ctx context.Context, b *plugin.GRPCBroker) error {
	code, said, err := r.ask(ctx, "accept")
	if err != nil {
		return err
	}
	id, err := strconv.ParseUint(said, 10, 32)
	if err != nil || code != 200 {
		return fmt.Errorf("the plugin accepts a broker id: %d %q", code, said)
	}
	return broker.Ask(b, uint32(id))
}

func (r *runner) manyAtOnce(ctx context.Context, b *plugin.GRPCBroker, n int) error {
	failed := make([]error, 2*n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failed[2*i] = r.pluginDials(ctx, b) })
		all.Go(func() { failed[2*i+1] = r.hostDials(ctx, b) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// ask calls a resource and gives its status and text; version 1 has none, and is asked by a query.
func (r *runner) ask(ctx context.Context, target string) (int32, string, error) {
	if r.process.client.NegotiatedVersion() == 1 {
		return r.askV1(ctx, target)
	}
	path, _, _ := strings.Cut(target, "?")
	req := resourceRequest(r.context, resourceSpec{Path: path, URL: target})
	stream, err := r.process.resource.CallResource(ctx, backend.ToProto().CallResourceRequest(req))
	if err != nil {
		return 0, "", err
	}
	var answer *pluginv2.CallResourceResponse
	if answer, err = stream.Recv(); err != nil {
		return 0, "", err
	}
	return answer.Code, string(answer.Body), nil
}
