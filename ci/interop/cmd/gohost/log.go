package main

// What go-plugin logs: the plugin's own lines on request, and the one line that tells that a plugin had to be killed.

import (
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
)

const killedMessage = "plugin failed to exit gracefully"

type hostLog struct {
	print  bool
	shown  hclog.Logger
	killed atomic.Bool
}

func newHostLog(opts *startOptions) *hostLog {
	return &hostLog{print: opts.printLog, shown: hclog.New(&hclog.LoggerOptions{
		Level: hclog.LevelFromString(opts.logLevel), Output: os.Stderr,
	})}
}

func (l *hostLog) wasKilled() bool { return l.killed.Load() }

// logger is what go-plugin gets: open at every level, since it leaves out the plugin's lines below that.
func (l *hostLog) logger() hclog.Logger {
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "host", Level: hclog.Trace, Output: io.Discard})
	logger.RegisterSink(l)
	return logger
}

// Accept gets every line of every logger below ours. Lines of go-plugin itself come from the logger "host", those of the
// plugin from "host.<file name of the executable>".
func (l *hostLog) Accept(name string, level hclog.Level, message string, args ...any) {
	if message == killedMessage {
		l.killed.Store(true)
	}
	l.shown.Log(level, name+": "+message, args...)
	if !l.print || !strings.HasPrefix(name, "host.") || name == "host.stdio" {
		return
	}
	pairs := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		if key, ok := args[i].(string); ok {
			pairs[key] = args[i+1]
		}
	}
	emit(map[string]any{"log": map[string]any{"level": level.String(), "message": message, "pairs": pairs}})
}

// stdioPrinter prints what arrives over GRPCStdio.
type stdioPrinter string

var _ io.Writer = stdioPrinter("")

// carried holds a token once something has come; --await-stdio waits for it.
var carried = make(chan struct{}, 1)

func (channel stdioPrinter) Write(text []byte) (int, error) {
	defer func() {
		select {
		case carried <- struct{}{}:
		default:
		}
	}()
	emit(map[string]any{"stdio": map[string]any{"channel": string(channel), "text": string(text)}})
	return len(text), nil
}
