package main

// What the SDK has no code for: the broker, images and version 3. With the repository's descriptors in its environment
// (GRAFTWIRE_DESCRIPTORS) the plugin has them, else it is what the SDK makes of it. With GRAFTWIRE_TCP it listens on TCP.

import (
	"maps"
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"graftwire.dev/interop/broker"
	"graftwire.dev/interop/dynamic"
	"graftwire.dev/interop/ontcp"
	"graftwire.dev/interop/services"
)

// kept has the broker.
var kept = &broker.Keeper{}

// withExtras adds them. The SDK lets nothing else at what a data source is served with.
func withExtras(_ string, opts backend.ServeOpts) (backend.ServeOpts, error) {
	opts.ExtraPlugins = plugin.PluginSet{"broker": kept}
	if os.Getenv(dynamic.Variable) != "" {
		extras, err := described()
		if err != nil {
			return opts, err
		}
		maps.Copy(opts.ExtraPlugins, extras)
	}
	if !ontcp.Wanted() {
		return opts, nil
	}
	if err := serveOnTCP(opts); err != nil {
		return opts, err
	}
	os.Exit(0)
	return opts, nil
}

func described() (plugin.PluginSet, error) {
	schema, err := dynamic.Load("")
	if err != nil {
		return nil, err
	}
	images, err := services.Renderer(schema, "pluginextensionv2.Renderer")
	if err != nil {
		return nil, err
	}
	set, err := services.App(schema, "")
	if err != nil {
		return nil, err
	}
	set["renderer"] = &dynamic.Plugin{Services: []*grpc.ServiceDesc{images}}
	return set, nil
}

// serveOnTCP is the SDK's own set of plugins on another server.
func serveOnTCP(opts backend.ServeOpts) error {
	made, err := backend.GRPCServeOpts(opts)
	if err != nil {
		return err
	}
	set := plugin.PluginSet{
		"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{DiagnosticsServer: made.DiagnosticsServer},
		"resource":    &grpcplugin.ResourceGRPCPlugin{ResourceServer: made.ResourceServer},
		"data":        &grpcplugin.DataGRPCPlugin{DataServer: made.DataServer},
		"stream":      &grpcplugin.StreamGRPCPlugin{StreamServer: made.StreamServer},
		"admission":   &grpcplugin.AdmissionGRPCPlugin{AdmissionServer: made.AdmissionServer},
		"conversion":  &grpcplugin.ConversionGRPCPlugin{ConversionServer: made.ConversionServer},
	}
	maps.Copy(set, made.ExtraPlugins)
	return ontcp.Serve(grpcplugin.ProtocolVersion, set)
}

// talk uses the broker, and says what came of it in a frame of one cell.
func talk(what, id string) (backend.DataResponse, error) {
	said, err := broker.Do(kept.Broker, what, id)
	if err != nil {
		return backend.DataResponse{}, err
	}
	return frames(data.NewFrame("broker", data.NewField("said", nil, []string{said})))
}
