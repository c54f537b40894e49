package dynamic

// The serving side: services made of handlers by method name, and their way into go-plugin.

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Unary answers a request in JSON. Nothing, or empty JSON, is an empty answer.
type Unary func(ctx context.Context, request json.RawMessage) (json.RawMessage, error)

// Streaming answers a call with streams on one side or both. It reads the request with Recv, also where there is but one.
type Streaming func(stream *Stream) error

// Handlers are the methods of a service by name, each a Unary or a Streaming. Methods without one are answered
// UNIMPLEMENTED.
type Handlers map[string]any

// Service makes a service by its full name: "models.DatasourcePlugin".
func (s *Schema) Service(name string, handlers Handlers) (*grpc.ServiceDesc, error) {
	service := &grpc.ServiceDesc{ServiceName: name, HandlerType: (*any)(nil)}
	for name, handler := range handlers {
		method, err := s.Method("/" + service.ServiceName + "/" + name)
		if err != nil {
			return nil, err
		}
		streams := method.IsStreamingClient() || method.IsStreamingServer()
		switch handler := handler.(type) {
		case Unary:
			if streams {
				return nil, fmt.Errorf("%s streams, its handler must be a Streaming", method.FullName())
			}
			service.Methods = append(service.Methods, s.unary(method, handler))
		case Streaming:
			if !streams {
				return nil, fmt.Errorf("%s doesn't stream, its handler must be a Unary", method.FullName())
			}
			service.Streams = append(service.Streams, s.streaming(method, handler))
		default:
			return nil, fmt.Errorf("the handler of %s is a %T, expected a Unary or a Streaming", method.FullName(), handler)
		}
	}
	return service, nil
}

func (s *Schema) unary(method protoreflect.MethodDescriptor, handle Unary) grpc.MethodDesc {
	answer := func(ctx context.Context, request any) (any, error) {
		text, err := s.JSON(request.(*dynamicpb.Message))
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		made, err := handle(ctx, text)
		if err != nil {
			return nil, err
		}
		response := dynamicpb.NewMessage(method.Output())
		if err := s.fill(response, made); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		return response, nil
	}
	return grpc.MethodDesc{
		MethodName: string(method.Name()),
		Handler: func(server any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			request := dynamicpb.NewMessage(method.Input())
			if err := decode(request); err != nil {
				return nil, err
			}
			if interceptor == nil {
				return answer(ctx, request)
			}
			path := fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name())
			return interceptor(ctx, request, &grpc.UnaryServerInfo{Server: server, FullMethod: path}, answer)
		},
	}
}

func (s *Schema) streaming(method protoreflect.MethodDescriptor, handle Streaming) grpc.StreamDesc {
	desc := streamDesc(method)
	desc.Handler = func(_ any, stream grpc.ServerStream) error {
		return handle(&Stream{
			schema: s, stream: stream, sends: method.Output(), receives: method.Input(), closeSend: func() error { return nil },
		})
	}
	return *desc
}

// Plugin is a set of services as go-plugin takes it: a plugin registers them, a host gets the connection from Dispense.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
	Services []*grpc.ServiceDesc
}

// GRPCServer registers the services.
func (p *Plugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	for _, service := range p.Services {
		server.RegisterService(service, nil)
	}
	return nil
}

// GRPCClient gives the connection itself: calls go through a Schema.
func (p *Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}
