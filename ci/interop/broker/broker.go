// Package broker is what both ends do with go-plugin's broker here: serve gRPC's health under an id, and ask for it. How a
// plugin is told to is the plugin's business.
package broker

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// service is the name that the health is kept under.
const service = "plugin"

// patience is how long one question may take, broker included.
const patience = 20 * time.Second

// Serve accepts an id and serves gRPC's health there until the broker ends.
func Serve(b *plugin.GRPCBroker, id uint32) {
	b.AcceptAndServe(id, func(opts []grpc.ServerOption) *grpc.Server {
		server := grpc.NewServer(opts...)
		answers := health.NewServer()
		answers.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
		grpc_health_v1.RegisterHealthServer(server, answers)
		return server
	})
}

// Ask dials an id and asks there for the health.
func Ask(b *plugin.GRPCBroker, id uint32) error {
	conn, err := b.Dial(id)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: service})
	if err != nil {
		return err
	}
	if answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("health under broker id %d is %s", id, answer.Status)
	}
	return nil
}

// Do is what a plugin does when it is told to: "dial" asks for the health that the host serves under the id, "accept"
// serves it under the id, or under a new one if that is no number, and gives the id.
func Do(b *plugin.GRPCBroker, what, id string) (string, error) {
	chosen, err := strconv.ParseUint(id, 10, 32)
	switch {
	case b == nil:
		return "", fmt.Errorf("%s: this process has no broker", what)
	case what == "dial" && err != nil:
		return "", err
	case what == "dial":
		return "serving: true", Ask(b, uint32(chosen))
	case what != "accept":
		return "", fmt.Errorf("%q is neither dial nor accept", what)
	case err != nil:
		chosen = uint64(b.NextId())
	}
	go Serve(b, uint32(chosen))
	return strconv.FormatUint(chosen, 10), nil
}

// Keeper is a plugin of a set that serves nothing, and keeps the broker of its connection.
type Keeper struct {
	plugin.NetRPCUnsupportedPlugin
	Broker *plugin.GRPCBroker
}

// GRPCServer keeps the broker.
func (k *Keeper) GRPCServer(b *plugin.GRPCBroker, _ *grpc.Server) error {
	k.Broker = b
	return nil
}

// GRPCClient gives the host's broker.
func (*Keeper) GRPCClient(_ context.Context, b *plugin.GRPCBroker, _ *grpc.ClientConn) (any, error) {
	return b, nil
}
