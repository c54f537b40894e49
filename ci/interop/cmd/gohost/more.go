package main

// Calls beside those of the Go SDK: any method of the repository's descriptors, with requests as JSON, see package dynamic.

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"graftwire.dev/interop/dynamic"
)

// moreOptions are what `run` and `v1` can do besides their own calls.
type moreOptions struct {
	file   string
	broker bool
	stdio  bool
}

type moreSpec struct {
	Name    string          `json:"name"`
	Path    string          `json:"path"`
	Request json.RawMessage `json:"request"`
}

func (o *moreOptions) register(flags *flag.FlagSet) {
	flags.StringVar(&o.file, "more", "", "JSON file: a list of {name, path, request}, calls of any method of the descriptors ("+dynamic.Variable+")")
	flags.BoolVar(&o.broker, "broker", false, "have each end dial the other through the broker, as command broker does")
	flags.BoolVar(&o.stdio, "await-stdio", false, "with --print-log: wait up to 10 s for something to come over GRPCStdio")
}

// more makes the calls; the content of each is the list of its answers.
func (r *runner) more(o *moreOptions) error {
	if o.broker {
		r.bothWays()
	}
	if o.stdio {
		select {
		case <-carried:
		case <-time.After(10 * time.Second):
		}
	}
	if o.file == "" {
		return nil
	}
	raw, err := os.ReadFile(o.file)
	if err != nil {
		return err
	}
	var specs []moreSpec
	if err := json.Unmarshal(raw, &specs); err != nil {
		return fmt.Errorf("%s: %w", o.file, err)
	}
	schema, err := dynamic.Load("")
	if err != nil {
		return err
	}
	for _, spec := range specs {
		r.call(spec.Name, func(ctx context.Context) (any, error) {
			stream, err := schema.Pull(ctx, r.process.conn, spec.Path, spec.Request)
			if err != nil {
				return nil, err
			}
			return allAnswers(stream)
		})
	}
	return nil
}

func allAnswers(stream *dynamic.Stream) (any, error) {
	answers := []json.RawMessage{}
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err != nil {
			return answers, err
		}
		answers = append(answers, answer)
	}
}
