// Command gohost is a host made with HashiCorp's go-plugin and Grafana's Go SDK that starts a plugin the way Grafana 12.4
// does and drives it: `run` makes every call of protocol v2 once, `v1` queries of protocol v1, `query` repeats a query
// while the plugin is killed and restarted, `bench` measures plugins that keep the contract of package bench. Results are
// JSON objects on stdout, one a line; what the host itself has to say goes to stderr. It is no server: nothing but these
// calls is made.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `usage: gohost run|query|bench|broker|v1 --plugin EXECUTABLE [flags]; gohost run -h lists the flags of run`

// errUnmet means that the plugin was driven and did not do what was expected: exit code 1. Anything else is 2.
var errUnmet = errors.New("expectations not met")

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	commands := map[string]func([]string) error{"run": runCommand, "query": queryCommand, "bench": benchCommand, "broker": brokerCommand, "v1": v1Command}
	command, ok := commands[os.Args[1]]
	if !ok {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	switch err := command(os.Args[2:]); {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUnmet):
		fmt.Fprintln(os.Stderr, "gohost:", err)
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "gohost:", err)
		os.Exit(2)
	}
}
