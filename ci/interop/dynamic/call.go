package dynamic

// The calling side: calls by path, with messages as JSON or as they are.

import (
	"context"
	"encoding/json"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Call makes a unary call with a request in JSON and gives the answer in JSON.
func (s *Schema) Call(ctx context.Context, conn grpc.ClientConnInterface, path string, request []byte, options ...grpc.CallOption) (json.RawMessage, error) {
	method, err := s.Method(path)
	if err != nil {
		return nil, err
	}
	asked, answer := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	if err := s.fill(asked, request); err != nil {
		return nil, err
	}
	if err := conn.Invoke(ctx, path, asked, answer, options...); err != nil {
		return nil, err
	}
	return s.JSON(answer)
}

// Stream is one streaming call under way, of either side.
type Stream struct {
	schema *Schema
	stream interface {
		Context() context.Context
		SendMsg(any) error
		RecvMsg(any) error
	}
	sends, receives protoreflect.MessageDescriptor
	closeSend       func() error
}

// Open starts a streaming call of any kind. A call that sends one message ends its side after Send.
func (s *Schema) Open(ctx context.Context, conn grpc.ClientConnInterface, path string, options ...grpc.CallOption) (*Stream, error) {
	method, err := s.Method(path)
	if err != nil {
		return nil, err
	}
	stream, err := conn.NewStream(ctx, streamDesc(method), path, options...)
	if err != nil {
		return nil, err
	}
	return &Stream{
		schema: s, stream: stream, sends: method.Input(), receives: method.Output(), closeSend: stream.CloseSend,
	}, nil
}

// Pull makes a call with one request and many answers, and gives the stream of answers.
func (s *Schema) Pull(ctx context.Context, conn grpc.ClientConnInterface, path string, request []byte, options ...grpc.CallOption) (*Stream, error) {
	stream, err := s.Open(ctx, conn, path, options...)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(request); err != nil {
		return nil, err
	}
	return stream, stream.CloseSend()
}

func streamDesc(method protoreflect.MethodDescriptor) *grpc.StreamDesc {
	return &grpc.StreamDesc{
		StreamName: string(method.Name()), ServerStreams: method.IsStreamingServer(), ClientStreams: method.IsStreamingClient(),
	}
}

// Context is that of the call.
func (s *Stream) Context() context.Context { return s.stream.Context() }

// Send sends one message in JSON.
func (s *Stream) Send(text []byte) error {
	message := dynamicpb.NewMessage(s.sends)
	if err := s.schema.fill(message, text); err != nil {
		return err
	}
	return s.stream.SendMsg(message)
}

// SendMessage sends one message as it is, for those that would be slow as JSON.
func (s *Stream) SendMessage(message proto.Message) error { return s.stream.SendMsg(message) }

// Recv waits for one message and gives it in JSON; io.EOF is the orderly end.
func (s *Stream) Recv() (json.RawMessage, error) {
	message, err := s.RecvMessage()
	if err != nil {
		return nil, err
	}
	return s.schema.JSON(message)
}

// RecvMessage waits for one message; io.EOF is the orderly end.
func (s *Stream) RecvMessage() (*dynamicpb.Message, error) {
	message := dynamicpb.NewMessage(s.receives)
	return message, s.stream.RecvMsg(message)
}

// CloseSend says that no more is sent. On the serving side the end of the handler says so.
func (s *Stream) CloseSend() error { return s.closeSend() }
