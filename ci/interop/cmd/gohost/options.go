package main

// How a plugin is started: flags shared by all commands, completed from the plugin.json beside the executable.

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"
)

type startOptions struct {
	plugin, id, version, kind string
	versions                  versionList
	env                       textList
	socketDir                 string
	forwardEnv, mtls, mux     bool
	startTimeout, callTimeout time.Duration
	printLog                  bool
	reattach                  *plugin.ReattachConfig
	logLevel                  string
}

func (o *startOptions) register(flags *flag.FlagSet) {
	o.versions = versionList{2}
	flags.StringVar(&o.id, "id", "", "plugin id (default: from plugin.json beside the executable)")
	flags.Var(&o.versions, "versions", "protocol versions to offer, comma list (default 2); only v2 calls are made")
	flags.Var(&o.env, "env", "KEY=VALUE for the plugin's process, may be repeated; wins over Grafana's own")
	flags.StringVar(&o.socketDir, "socket-dir", "", "directory for the socket, passed as PLUGIN_UNIX_SOCKET_DIR")
	flags.BoolVar(&o.forwardEnv, "forward-env", false, "pass the whole environment of this process, as Grafana before 12.4 did")
	flags.BoolVar(&o.mtls, "mtls", false, "use AutoMTLS (Grafana doesn't)")
	flags.BoolVar(&o.mux, "mux", false, "multiplex the broker (Grafana doesn't)")
	flags.Func("reattach", "PID,unix|tcp,ADDRESS of a plugin that runs already; it is left running", o.setReattach)
	flags.DurationVar(&o.startTimeout, "start-timeout", time.Minute, "time for the handshake line to come")
	flags.DurationVar(&o.callTimeout, "call-timeout", 30*time.Second, "time for one call; the call is cancelled then, no deadline is sent")
	flags.StringVar(&o.logLevel, "log-level", "off", "level from which go-plugin's own log and the plugin's lines go to stderr: trace, debug, info, warn, error, off")
	flags.BoolVar(&o.printLog, "print-log", false, `print what the host made of the plugin's stderr and GRPCStdio as {"log":…} and {"stdio":…} lines`)
}

// complete reads id, version and type from plugin.json; flags win, and a missing file is fine if --id is given.
func (o *startOptions) complete() error {
	if o.reattach != nil {
		if o.plugin != "" || o.mtls || o.id == "" {
			return errors.New("--reattach goes with --id, and neither with --plugin nor with --mtls")
		}
		o.kind = "datasource"
		return nil
	}
	if o.plugin == "" {
		return errors.New("--plugin is missing: the path of the plugin's executable")
	}
	path, err := filepath.Abs(o.plugin)
	if err != nil {
		return err
	}
	o.plugin, o.kind = path, "datasource"
	file := filepath.Join(filepath.Dir(path), "plugin.json")
	raw, err := os.ReadFile(file)
	if err != nil {
		if o.id == "" {
			return fmt.Errorf("no plugin id: give --id or put plugin.json beside the executable: %w", err)
		}
		return nil
	}
	var about struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		Info struct {
			Version string `json:"version"`
		} `json:"info"`
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if o.id == "" {
		o.id = about.ID
	}
	o.version, o.kind = about.Info.Version, about.Type
	return nil
}

// setReattach reads where a running plugin is. The process is go-plugin's to watch, and nobody's to kill ("test mode").
func (o *startOptions) setReattach(text string) error {
	parts := strings.SplitN(text, ",", 3)
	if len(parts) != 3 {
		return errors.New("expected PID,NETWORK,ADDRESS")
	}
	pid, err := strconv.Atoi(parts[0])
	if err != nil {
		return err
	}
	var address net.Addr
	switch parts[1] {
	case "unix":
		address, err = net.ResolveUnixAddr("unix", parts[2])
	case "tcp":
		address, err = net.ResolveTCPAddr("tcp", parts[2])
	default:
		return fmt.Errorf("%q is neither unix nor tcp", parts[1])
	}
	o.reattach = &plugin.ReattachConfig{
		Protocol: plugin.ProtocolGRPC, ProtocolVersion: 2, Addr: address, Pid: pid, Test: true,
	}
	return err
}

// textList is a flag that may be repeated.
type textList []string

func (l *textList) String() string { return strings.Join(*l, " ") }

func (l *textList) Set(text string) error {
	*l = append(*l, text)
	return nil
}

type versionList []int

func (l *versionList) String() string { return fmt.Sprint([]int(*l)) }

func (l *versionList) Set(text string) error {
	*l = nil
	for part := range strings.SplitSeq(text, ",") {
		version, err := strconv.Atoi(part)
		if err != nil {
			return err
		}
		*l = append(*l, version)
	}
	return nil
}
