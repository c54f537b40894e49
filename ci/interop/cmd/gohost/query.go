package main

// The command `query`: the same query over and over, while the plugin is killed and brought back the way Grafana does it.

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

type queryOptions struct {
	startOptions
	count, killAfter, killDuring int
	every, killDelay             time.Duration
	request                      *backend.QueryDataRequest
}

func queryCommand(args []string) error {
	var opts queryOptions
	flags := flag.NewFlagSet("query", flag.ContinueOnError)
	flags.StringVar(&opts.plugin, "plugin", "", "path of the plugin's executable")
	opts.register(flags)
	text := flags.String("query", `{"refId":"A","queryType":"bench","rows":10}`, "the query, JSON")
	settings := flags.String("settings", `{}`, "the data source's settings, JSON as under settings in calls.json")
	flags.IntVar(&opts.count, "n", 20, "number of queries")
	flags.DurationVar(&opts.every, "every", 200*time.Millisecond, "pause between queries")
	flags.IntVar(&opts.killAfter, "kill-after", 0, "kill -9 the plugin after this query was answered (0: never)")
	flags.IntVar(&opts.killDuring, "kill-during", 0, "kill -9 the plugin while this query is under way (0: never)")
	flags.DurationVar(&opts.killDelay, "kill-delay", 100*time.Millisecond, "how long the query of --kill-during has been under way then")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := opts.complete(); err != nil {
		return err
	}
	var saved settingsSpec
	if err := json.Unmarshal([]byte(*settings), &saved); err != nil {
		return fmt.Errorf("--settings: %w", err)
	}
	query, err := parseQuery(json.RawMessage(*text))
	if err != nil {
		return err
	}
	opts.request = &backend.QueryDataRequest{
		PluginContext: pluginContext(&opts.startOptions, saved), Headers: callHeaders(), Queries: []backend.DataQuery{query},
	}
	return opts.repeat()
}

// repeat fails unless the last query was answered.
func (o *queryOptions) repeat() error {
	s, err := supervise(&o.startOptions)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer s.end()
	answered := false
	for n := 1; n <= o.count; n++ {
		if n > 1 {
			time.Sleep(o.every)
		}
		answered = o.once(s, n)
		if n == o.killAfter {
			s.kill()
		}
	}
	if !answered {
		return errUnmet
	}
	return nil
}

func (o *queryOptions) once(s *supervisor, n int) bool {
	began := time.Now()
	p := s.current()
	if p == nil { // Grafana doesn't call a process that it knows is gone
		made := newRecord("query", time.Since(began), map[string]any{"n": n}, finding{"DOWN", errors.New("the plugin is not running")})
		made.MessageID = "plugin.unavailable"
		emit(made)
		return false
	}
	if n == o.killDuring {
		timer := time.AfterFunc(o.killDelay, s.kill)
		defer timer.Stop()
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer time.AfterFunc(o.callTimeout, cancel).Stop()
	resp, err := p.data.QueryData(ctx, backend.ToProto().QueryDataRequest(o.request))
	content := map[string]any{"n": n, "pid": p.pid()}
	if err == nil {
		content["responses"], err = describeResponses(resp)
	}
	made := newRecord("query", time.Since(began), content, err)
	emit(made)
	return made.OK
}

// supervisor keeps one plugin running: a look each second whether the process has exited, then a new start, without
// back-off and without limit.
type supervisor struct {
	opts    *startOptions
	lock    sync.Mutex
	process *process
	stop    chan struct{}
	done    chan struct{}
}

const lookEvery = time.Second

func supervise(opts *startOptions) (*supervisor, error) {
	p, err := start(opts)
	if err != nil {
		return nil, err
	}
	emit(newRecord("start", p.started, map[string]any{"pid": p.pid()}, nil))
	s := &supervisor{opts: opts, process: p, stop: make(chan struct{}), done: make(chan struct{})}
	go s.watch()
	return s, nil
}

func (s *supervisor) watch() {
	defer close(s.done)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			if s.current() == nil {
				s.restart()
			}
		}
	}
}

func (s *supervisor) restart() {
	began := time.Now()
	p, err := start(s.opts)
	if err != nil {
		emit(newRecord("restart", time.Since(began), nil, finding{"START", err}))
		return
	}
	emit(newRecord("restart", p.started, map[string]any{"pid": p.pid()}, nil))
	s.lock.Lock()
	old := s.process
	s.process = p
	s.lock.Unlock()
	old.stop()
}

// current is the process, or nothing if it has exited.
func (s *supervisor) current() *process {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.process.client.Exited() {
		return nil
	}
	return s.process
}

func (s *supervisor) kill() {
	if p := s.current(); p != nil {
		emit(newRecord("kill -9", 0, map[string]any{"pid": p.pid()}, p.kill()))
	}
}

func (s *supervisor) end() {
	close(s.stop)
	<-s.done
	began := time.Now()
	left := s.process.stop()
	emit(newRecord("kill", time.Since(began), left, nil))
}
