package main

// What a plugin can write: the SDK's log lines at every level, raw lines on the process's own stderr, and text on what
// go-plugin made of os.Stdout and os.Stderr (it travels over GRPCStdio and Grafana drops it).

import (
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

func writeLogs() {
	logger := backend.Logger.With("peer", "go")
	logger.Debug("a debug line", "n", 1)
	logger.Info("an info line", "float", 1.5, "text", `quotes " and ünïcode`)
	logger.Warn("a warn line", "list", []int{1, 2}, "nothing", nil)
	logger.Error("an error line", "error", errors.New("what went wrong"))

	raw := os.NewFile(2, "stderr") // os.Stderr is go-plugin's pipe by now
	for _, line := range []string{
		"a plain line",
		"[WARN] a tagged line",
		"[ERROR] a tagged error",
		`{"@level":"info","@message":"no timestamp","k":"v"}`,
		`{"@level":"info","@message":"bad timestamp","@timestamp":"yesterday"}`,
		`{"message":"JSON without a level"}`,
	} {
		fmt.Fprintln(raw, line)
	}

	fmt.Fprintln(os.Stdout, "text for GRPCStdio, channel stdout")
	fmt.Fprintln(os.Stderr, "text for GRPCStdio, channel stderr")
}
