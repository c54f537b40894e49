// Package ontcp serves a plugin on TCP. go-plugin's own Serve listens on a unix socket on every system that has them; here
// its server with all its services stands on a TCP listener, and the handshake line says so. It speaks no TLS, does not
// multiplex and does not look at the cookie: it is for hosts that are tried.
package ontcp

import (
	"fmt"
	"net"
	"os"

	"github.com/hashicorp/go-plugin"
)

// Variable asks for it in a plugin's environment.
const Variable = "GRAFTWIRE_TCP"

// Wanted says whether the environment asks for it.
func Wanted() bool { return os.Getenv(Variable) != "" }

// Serve serves until the host shuts the plugin down.
func Serve(version int, plugins plugin.PluginSet) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stdout, printed, err := os.Pipe()
	if err != nil {
		return err
	}
	stderr, complained, err := os.Pipe()
	if err != nil {
		return err
	}
	server := &plugin.GRPCServer{
		Plugins: plugins, Server: plugin.DefaultGRPCServer, DoneCh: make(chan struct{}), Stdout: stdout, Stderr: stderr,
	}
	if err := server.Init(); err != nil {
		return err
	}
	fmt.Printf("%d|%d|tcp|%s|grpc\n", plugin.CoreProtocolVersion, version, listener.Addr())
	os.Stdout, os.Stderr = printed, complained
	server.Serve(listener)
	return nil
}
