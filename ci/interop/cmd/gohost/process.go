package main

// One plugin process: started over go-plugin with Grafana's configuration, its clients dispensed, and stopped in order.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // Grafana announces gzip in grpc-accept-encoding

	"graftwire.dev/interop/broker"
)

type process struct {
	client  *plugin.Client
	cmd     *exec.Cmd
	log     *hostLog
	address net.Addr
	// attached is set for a process that somebody else started.
	attached *plugin.ReattachConfig
	started  time.Duration
	// patience is the time Shutdown may take: go-plugin sets no limit, and a stopped process would hold it for ever.
	patience time.Duration
	conn     *grpc.ClientConn
	rpc      plugin.ClientProtocol

	diagnostics grpcplugin.DiagnosticsClient
	resource    grpcplugin.ResourceClient
	data        grpcplugin.DataClient
	stream      grpcplugin.StreamClient
	admission   grpcplugin.AdmissionClient
	conversion  grpcplugin.ConversionClient
}

// start launches the executable, waits for the handshake and connects; the process is gone again if that fails.
func start(opts *startOptions) (*process, error) {
	p := &process{log: newHostLog(opts), patience: opts.callTimeout, attached: opts.reattach}
	if p.attached == nil {
		p.cmd = command(opts)
	}
	p.client = plugin.NewClient(p.config(opts))
	began := time.Now()
	address, err := p.client.Start()
	if err != nil {
		p.client.Kill()
		return nil, err
	}
	p.address = address
	if err := p.connect(); err != nil {
		p.client.Kill()
		return nil, err
	}
	p.started = time.Since(began)
	return p, nil
}

// command is the process as Grafana starts it.
func command(opts *startOptions) *exec.Cmd {
	cmd := exec.Command(opts.plugin)
	cmd.Env = append(environment(), opts.env...)
	if opts.socketDir != "" {
		cmd.Env = append(cmd.Env, plugin.EnvUnixSocketDir+"="+opts.socketDir)
	}
	return cmd
}

func (p *process) config(opts *startOptions) *plugin.ClientConfig {
	config := &plugin.ClientConfig{
		Cmd: p.cmd,
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: grpcplugin.ProtocolVersion,
			MagicCookieKey:  grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins:    map[int]plugin.PluginSet{},
		AllowedProtocols:    []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:              p.log.logger(),
		SkipHostEnv:         !opts.forwardEnv,
		StartTimeout:        opts.startTimeout,
		AutoMTLS:            opts.mtls,
		GRPCBrokerMultiplex: opts.mux,
		SyncStdout:          io.Discard,
		SyncStderr:          io.Discard,
	}
	if p.attached != nil {
		// Nothing is negotiated then, so that the versions don't count.
		config.Reattach, config.Plugins, config.SkipHostEnv = p.attached, clients(), false
		return config
	}
	for _, version := range opts.versions {
		config.VersionedPlugins[version] = clients()
	}
	if opts.printLog {
		config.SyncStdout, config.SyncStderr = stdioPrinter("stdout"), stdioPrinter("stderr")
	}
	return config
}

// clients are the SDK's clients under the names Grafana dispenses them by.
func clients() plugin.PluginSet {
	return plugin.PluginSet{
		"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
		"resource":    &grpcplugin.ResourceGRPCPlugin{},
		"data":        &grpcplugin.DataGRPCPlugin{},
		"stream":      &grpcplugin.StreamGRPCPlugin{},
		"admission":   &grpcplugin.AdmissionGRPCPlugin{},
		"conversion":  &grpcplugin.ConversionGRPCPlugin{},
		"broker":      &broker.Keeper{},
	}
}

func (p *process) connect() error {
	rpc, err := p.client.Client()
	if err != nil {
		return err
	}
	connected, ok := rpc.(*plugin.GRPCClient)
	if !ok {
		return fmt.Errorf("go-plugin gave a %T, expected its gRPC client", rpc)
	}
	p.conn, p.rpc = connected.Conn, rpc
	return errors.Join(
		dispense(rpc, "diagnostics", &p.diagnostics), dispense(rpc, "resource", &p.resource),
		dispense(rpc, "data", &p.data), dispense(rpc, "stream", &p.stream),
		dispense(rpc, "admission", &p.admission), dispense(rpc, "conversion", &p.conversion))
}

func dispense[T any](rpc plugin.ClientProtocol, name string, to *T) error {
	raw, err := rpc.Dispense(name)
	if err != nil {
		return err
	}
	client, ok := raw.(T)
	if !ok {
		return fmt.Errorf("dispensed %s is a %T", name, raw)
	}
	*to = client
	return nil
}

func (p *process) pid() int {
	if p.attached != nil {
		return p.attached.Pid
	}
	return p.cmd.Process.Pid
}

// ping asks as go-plugin does, which takes no context.
func (p *process) ping(ctx context.Context) error {
	answered := make(chan error, 1)
	go func() { answered <- p.rpc.Ping() }()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// kill is kill -9.
func (p *process) kill() error { return p.cmd.Process.Kill() }

// farewell is how a process left.
type farewell struct {
	ByItself   bool   `json:"byItself"`
	ExitCode   int    `json:"exitCode"`
	Socket     string `json:"socket,omitempty"`
	SocketGone bool   `json:"socketGone"`
}

// stop does what Grafana does: the Shutdown call, two seconds of patience, SIGKILL. A socket file that stays is reported
// and, unlike there, removed.
func (p *process) stop() farewell {
	if p.attached != nil {
		_ = p.conn.Close()
		return farewell{ByItself: true, SocketGone: true}
	}
	late := time.AfterFunc(p.patience, func() {
		p.log.killed.Store(true)
		_ = p.kill()
	})
	p.client.Kill()
	late.Stop()
	left := farewell{ByItself: !p.log.wasKilled(), ExitCode: -1, SocketGone: true}
	if p.client.Exited() && p.cmd.ProcessState != nil {
		left.ExitCode = p.cmd.ProcessState.ExitCode()
	}
	if p.address.Network() == "unix" {
		left.Socket = p.address.String()
		_, err := os.Stat(left.Socket)
		left.SocketGone = os.IsNotExist(err)
		_ = os.Remove(left.Socket)
	}
	return left
}
