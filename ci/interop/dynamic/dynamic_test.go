package dynamic

// Both sides of this package against each other, and against a client that grpc-go generated.

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

func schema(t *testing.T) *Schema {
	t.Helper()
	s, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func serve(t *testing.T, services ...*grpc.ServiceDesc) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	for _, service := range services {
		server.RegisterService(service, nil)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestUnaryCalls(t *testing.T) {
	s := schema(t)
	service, err := s.Service("models.DatasourcePlugin", Handlers{
		"Query": Unary(func(_ context.Context, request json.RawMessage) (json.RawMessage, error) {
			var asked struct{ TimeRange struct{ ToEpochMs string } }
			if err := json.Unmarshal(request, &asked); err != nil {
				return nil, err
			}
			if asked.TimeRange.ToEpochMs == "" {
				return nil, status.Error(codes.InvalidArgument, "no time range")
			}
			return json.RawMessage(`{"results":[{"refId":"` + asked.TimeRange.ToEpochMs + `","tables":[{"rows":[{"values":[{"kind":"TYPE_BYTES","bytesValue":"AQI="}]}]}]}]}`), nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	conn := serve(t, service)
	answer, err := s.Call(t.Context(), conn, "/models.DatasourcePlugin/Query", []byte(`{"timeRange":{"toEpochMs":"9007199254740993"}}`))
	if err != nil {
		t.Fatal(err)
	}
	compact := strings.ReplaceAll(string(answer), " ", "")
	if want := `{"results":[{"refId":"9007199254740993","tables":[{"rows":[{"values":[{"kind":"TYPE_BYTES","bytesValue":"AQI="}]}]}]}]}`; compact != want {
		t.Fatalf("%s, expected %s", compact, want)
	}
	if _, err := s.Call(t.Context(), conn, "/models.DatasourcePlugin/Query", nil); status.Code(err) != codes.InvalidArgument {
		t.Fatal(err)
	}
	if _, err := s.Call(t.Context(), conn, "/models.Renderer/Render", nil); status.Code(err) != codes.Unimplemented {
		t.Fatal(err)
	}
}

func TestStreams(t *testing.T) {
	s := schema(t)
	service, err := s.Service("grpc.health.v1.Health", Handlers{
		"Watch": Streaming(func(stream *Stream) error {
			request, err := stream.Recv()
			if err != nil {
				return err
			}
			if !strings.Contains(string(request), "plugin") {
				return status.Error(codes.NotFound, string(request))
			}
			for _, state := range []string{"SERVING", "NOT_SERVING"} {
				if err := stream.Send([]byte(`{"status":"` + state + `"}`)); err != nil {
					return err
				}
			}
			return nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	conn := serve(t, service)
	generated, err := grpc_health_v1.NewHealthClient(conn).Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := generated.Recv(); err != nil || first.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Fatal(first, err)
	}
	stream, err := s.Pull(t.Context(), conn, "/grpc.health.v1.Health/Watch", []byte(`{"service":"plugin"}`))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, strings.ReplaceAll(string(message), " ", ""))
	}
	if got := strings.Join(seen, " "); got != `{"status":"SERVING"} {"status":"NOT_SERVING"}` {
		t.Fatal(got)
	}
}

func TestMistakesAreErrors(t *testing.T) {
	s := schema(t)
	if _, err := s.Service("models.DatasourcePlugin", Handlers{"Query": Streaming(nil)}); err == nil {
		t.Fatal("a streaming handler for a unary method")
	}
	if _, err := s.Service("models.DatasourcePlugin", Handlers{"Ask": Unary(nil)}); err == nil {
		t.Fatal("a method that isn't there")
	}
	if _, err := s.Parse("models.Query", []byte(`{"refid":"A"}`)); err == nil {
		t.Fatal("a field that isn't there")
	}
	if _, err := s.Method("models.Query/x"); err == nil {
		t.Fatal("a message for a service")
	}
	if _, err := Load("dynamic_test.go"); err == nil {
		t.Fatal("no descriptors")
	}
}
