// Package broker is what both ends do with go-plugin's broker here: serve gRPC's health under an id, and ask for it.
package broker

import (
	"context"
	"fmt"
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
