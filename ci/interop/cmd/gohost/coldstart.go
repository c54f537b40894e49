package main

// One start of a plugin from exec to the handshake line, without go-plugin in between.

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
)

func timeToLine(opts *startOptions) (time.Duration, error) {
	cmd := exec.Command(opts.plugin)
	cmd.Env = append(environment(), opts.env...)
	cmd.Env = append(cmd.Env, grpcplugin.MagicCookieKey+"="+grpcplugin.MagicCookieValue,
		"PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000", "PLUGIN_PROTOCOL_VERSIONS=2")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	late := time.AfterFunc(opts.startTimeout, func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	took := time.Since(began)
	late.Stop()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err != nil {
		return 0, fmt.Errorf("no handshake line: %w", err)
	}
	fields := strings.Split(strings.TrimSpace(line), "|")
	if len(fields) < 5 || fields[4] != "grpc" {
		return 0, fmt.Errorf("handshake line %q, expected CORE|APP|NETWORK|ADDRESS|grpc", line)
	}
	if fields[2] == "unix" {
		_ = os.Remove(fields[3]) // a killed plugin leaves its socket behind
	}
	return took, nil
}
