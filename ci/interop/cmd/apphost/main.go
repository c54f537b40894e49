// Command apphost is a host made with HashiCorp's go-plugin that calls the services of protocol version 3 on a plugin,
// through package dynamic. It reads calls as JSON objects from stdin and prints one JSON object for each:
//
//	{"path":"/grafana.plugin.v3.RouteService/CallRoute","as":"/plugin.v3.RouteService/CallRoute",
//	 "metadata":{"x-id-token":["a"]},"claims":{"aud":["a.ext"]},"request":{"group":"a.ext"}}
//	{"code":"OK","message":"","answers":[{"code":200}]}
//
// "as" calls under another name. "claims" become an access token in the metadata, signed by a key that is made anew and
// whose public part the plugin finds in GRAFANA_AUTHENTICATION_JWKS (--sign). It is no server.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/dynamicpb"

	"graftwire.dev/interop/dynamic"
)

const patience = 20 * time.Second

type call struct {
	Path     string              `json:"path"`
	As       string              `json:"as"`
	Metadata map[string][]string `json:"metadata"`
	Claims   map[string]any      `json:"claims"`
	Request  json.RawMessage     `json:"request"`
}

type outcome struct {
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Answers []json.RawMessage `json:"answers"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "apphost:", err)
		os.Exit(1)
	}
}

func run() error {
	executable := flag.String("plugin", "", "the plugin's executable")
	sign := flag.Bool("sign", false, "let the plugin check tokens")
	var env []string
	flag.Func("env", "a variable for the plugin, KEY=VALUE", func(pair string) error { env = append(env, pair); return nil })
	flag.Parse()

	schema, err := dynamic.Load("")
	if err != nil {
		return err
	}
	signer, err := newSigner()
	if err != nil {
		return err
	}
	if *sign {
		env = append(env, "GRAFANA_AUTHENTICATION_JWKS="+signer.keySet())
	}
	client, conn, err := start(*executable, env)
	if err != nil {
		return err
	}
	defer client.Kill()
	return drive(schema, signer, conn)
}

// start launches a plugin that offers version 2, which is where the services of version 3 stand.
func start(executable string, env []string) (*plugin.Client, *grpc.ClientConn, error) {
	cmd := exec.Command(executable)
	cmd.Env = env
	client := plugin.NewClient(&plugin.ClientConfig{
		Cmd: cmd,
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: grpcplugin.ProtocolVersion,
			MagicCookieKey:  grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{grpcplugin.ProtocolVersion: {"v3-route": &dynamic.Plugin{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr}),
		SkipHostEnv:      true,
		StartTimeout:     patience,
	})
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	dispensed, err := protocol.Dispense("v3-route")
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	conn, ok := dispensed.(*grpc.ClientConn)
	if !ok {
		client.Kill()
		return nil, nil, fmt.Errorf("dispensed a %T, expected the connection", dispensed)
	}
	return client, conn, nil
}

func drive(schema *dynamic.Schema, signer *signer, conn *grpc.ClientConn) error {
	input, output := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var next call
		if err := input.Decode(&next); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answers, err := makeCall(schema, signer, conn, next)
		if _, isStatus := status.FromError(err); !isStatus {
			return err
		}
		said := status.Convert(err)
		if err := output.Encode(outcome{Code: said.Code().String(), Message: said.Message(), Answers: answers}); err != nil {
			return err
		}
	}
}

// makeCall makes one call; an answer of one message is a stream of one.
func makeCall(schema *dynamic.Schema, signer *signer, conn *grpc.ClientConn, next call) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	outgoing := metadata.MD(next.Metadata).Copy()
	if next.Claims != nil {
		token, err := signer.token(next.Claims)
		if err != nil {
			return nil, err
		}
		outgoing.Append("x-access-token", token)
	}
	ctx = metadata.NewOutgoingContext(ctx, outgoing)
	method, err := schema.Method(next.Path)
	if err != nil {
		return nil, err
	}
	asked, err := schema.Parse(string(method.Input().FullName()), next.Request)
	if err != nil {
		return nil, err
	}
	if next.As == "" {
		next.As = next.Path
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{StreamName: string(method.Name()), ServerStreams: true}, next.As)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(stream.SendMsg(asked), stream.CloseSend()); err != nil {
		return nil, err
	}
	answers := []json.RawMessage{}
	for {
		answer := dynamicpb.NewMessage(method.Output())
		if err := stream.RecvMsg(answer); errors.Is(err, io.EOF) {
			return answers, nil
		} else if err != nil {
			return answers, err
		}
		text, err := schema.JSON(answer)
		if err != nil {
			return answers, err
		}
		answers = append(answers, text)
	}
}
