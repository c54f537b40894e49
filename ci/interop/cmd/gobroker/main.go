// Command gobroker is a plugin over go-plugin alone whose resources use the broker, in both directions: `dial?id=N` asks
// for the health that the host serves under the id, `accept` serves it under a new id and answers the id, `accept?id=N`
// under one of the host's choice, `print?bytes=N` prints. It makes no data and keeps no state but the broker.
package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"graftwire.dev/interop/broker"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: grpcplugin.ProtocolVersion,
			MagicCookieKey:  grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{2: {"resource": &talking{}}},
		GRPCServer:       plugin.DefaultGRPCServer,
	})
}

type talking struct {
	plugin.NetRPCUnsupportedPlugin
	pluginv2.UnimplementedResourceServer
	broker *plugin.GRPCBroker
}

func (t *talking) GRPCServer(b *plugin.GRPCBroker, s *grpc.Server) error {
	t.broker = b
	pluginv2.RegisterResourceServer(s, t)
	return nil
}

func (t *talking) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("gobroker is no host")
}

func (t *talking) CallResource(req *pluginv2.CallResourceRequest, out pluginv2.Resource_CallResourceServer) error {
	target, err := url.Parse(req.Url)
	if err != nil {
		return err
	}
	said, err := t.do(req.Path, target.Query())
	if err != nil {
		return out.Send(&pluginv2.CallResourceResponse{Code: http.StatusBadGateway, Body: []byte(err.Error())})
	}
	return out.Send(&pluginv2.CallResourceResponse{Code: http.StatusOK, Body: []byte(said)})
}

func (t *talking) do(path string, query url.Values) (string, error) {
	switch path {
	case "dial", "accept":
		return broker.Do(t.broker, path, query.Get("id"))
	case "print":
		wanted, err := strconv.Atoi(query.Get("bytes"))
		if err != nil {
			return "", err
		}
		line := append(bytes.Repeat([]byte("x"), 99), '\n')
		began := time.Now()
		for printed := 0; printed < wanted; printed += len(line) {
			if _, err := os.Stdout.Write(line); err != nil {
				return "", err
			}
		}
		return time.Since(began).String(), nil
	}
	return "", fmt.Errorf("no resource %q", path)
}
