package main

// The command `bench`: plugins that keep the contract of package bench, measured side by side. Everything is done in turns
// (a bit of each plugin, then the next bit), so that a busy moment of the machine hits all of them.

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type benchOptions struct {
	startOptions
	plugins        textList
	starts, rounds int
	scale          float64
	idle           time.Duration
	only, jsonFile string
}

// subject is one plugin under measurement.
type subject struct {
	opts    startOptions
	context backend.PluginContext
	process *process
	starts  []time.Duration
	peak    int // of the workloads before this one
	result  subjectResult
}

type subjectResult struct {
	Name      string           `json:"name"`
	FileBytes int64            `json:"fileBytes"`
	Start     summary          `json:"startToLine"`
	Idle      footprint        `json:"idle"`
	Workloads []workloadResult `json:"workloads"`
	After     footprint        `json:"after"`
	Farewell  farewell         `json:"farewell"`
	StopMS    float64          `json:"stopMs"`
}

func benchCommand(args []string) error {
	var opts benchOptions
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Var(&opts.plugins, "plugin", "EXECUTABLE or NAME=EXECUTABLE; give two or more to compare them in one run")
	opts.register(flags)
	flags.IntVar(&opts.starts, "starts", 21, "starts per plugin")
	flags.IntVar(&opts.rounds, "rounds", 10, "turns into which each workload is cut")
	flags.Float64Var(&opts.scale, "scale", 1, "factor for the number of calls; 0.01 tries everything quickly")
	flags.DurationVar(&opts.idle, "idle", 2*time.Second, "time after the start at which the idle footprint is read")
	flags.StringVar(&opts.only, "only", "", "only the workloads whose name contains this text")
	flags.StringVar(&opts.jsonFile, "json", "", "file for the results as JSON (- for stdout instead of the table)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if len(opts.plugins) == 0 || opts.starts < 1 || opts.rounds < 1 || opts.scale <= 0 {
		return errors.New("give at least one --plugin; --starts, --rounds and --scale must be above 0")
	}
	subjects, err := opts.subjects()
	if err != nil {
		return err
	}
	return opts.measure(subjects)
}

func (o *benchOptions) subjects() ([]*subject, error) {
	var subjects []*subject
	for _, text := range o.plugins {
		name, path, named := strings.Cut(text, "=")
		if !named {
			name, path = filepath.Base(text), text
		}
		s := &subject{opts: o.startOptions}
		s.opts.plugin, s.result.Name = path, name
		if err := s.opts.complete(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.context = pluginContext(&s.opts, settingsSpec{JSONData: json.RawMessage(`{}`), UpdatedMS: 1_700_000_000_000})
		subjects = append(subjects, s)
	}
	return subjects, nil
}

func (o *benchOptions) measure(subjects []*subject) error {
	began, before := time.Now(), loadAverage()
	if err := o.coldStarts(subjects); err != nil {
		return err
	}
	defer func() {
		for _, s := range subjects {
			if s.process != nil {
				s.process.stop()
			}
		}
	}()
	for _, s := range subjects {
		if err := s.begin(o.idle); err != nil {
			return fmt.Errorf("%s: %w", s.result.Name, err)
		}
	}
	for _, w := range workloads(o.scale) {
		if strings.Contains(w.name, o.only) {
			if err := w.measure(subjects, o.rounds, o.callTimeout); err != nil {
				return err
			}
		}
	}
	for _, s := range subjects {
		s.finish()
	}
	if err := o.report(subjects, map[string]any{
		"loadBefore": before, "loadAfter": loadAverage(), "tookMs": time.Since(began).Milliseconds(),
	}); err != nil {
		return err
	}
	for _, s := range subjects {
		if slices.ContainsFunc(s.result.Workloads, func(w workloadResult) bool { return w.Wrong }) {
			return errUnmet
		}
	}
	return nil
}

// coldStarts takes the time from exec to the handshake line, in turns; the first start of each is not counted.
func (o *benchOptions) coldStarts(subjects []*subject) error {
	for turn := range o.starts + 1 {
		for _, s := range subjects {
			took, err := timeToLine(&s.opts)
			if err != nil {
				return fmt.Errorf("%s: %w", s.result.Name, err)
			}
			if turn > 0 {
				s.starts = append(s.starts, took)
			}
		}
	}
	for _, s := range subjects {
		s.result.Start = summarize(s.starts)
	}
	return nil
}

func (s *subject) begin(idle time.Duration) error {
	about, err := os.Stat(s.opts.plugin)
	if err != nil {
		return err
	}
	s.result.FileBytes = about.Size()
	if s.process, err = start(&s.opts); err != nil {
		return err
	}
	time.Sleep(idle)
	s.result.Idle = readFootprint(s.process.pid())
	return nil
}

func (s *subject) finish() {
	s.result.After = readFootprint(s.process.pid())
	s.result.After.Peak = max(s.result.After.Peak, s.peak)
	began := time.Now()
	s.result.Farewell = s.process.stop()
	s.result.StopMS = milliseconds(time.Since(began))
	s.process = nil
}

// workload is one kind of call. Each call returns the bytes of the answer's payload; units says what one call counts for
// in a throughput, if it is measured as one.
type workload struct {
	name  string
	calls int
	units float64
	unit  string
	check func(context.Context, *subject) error
	call  func(context.Context, *subject) (int, error)
}

type workloadResult struct {
	Name      string  `json:"name"`
	Missing   string  `json:"missing,omitempty"` // why it was not measured
	Wrong     bool    `json:"wrong,omitempty"`   // the answer was there and broke the contract
	Latency   summary `json:"latency"`
	Bytes     int     `json:"bytes"`
	CPUMicros float64 `json:"pluginCpuMicrosPerCall"`
	PerSecond float64 `json:"perSecond,omitempty"`
	Unit      string  `json:"unit,omitempty"`
	RSSAfter  int     `json:"vmRssKiBAfter"`
	Peak      int     `json:"vmHwmKiB"` // since the workload's first call
	cpu       time.Duration
	latencies []time.Duration
}

// measure checks one answer of each plugin in full, warms up, and then takes turns.
func (w *workload) measure(subjects []*subject, rounds int, timeout time.Duration) error {
	results := make([]*workloadResult, len(subjects))
	for i, s := range subjects {
		results[i] = &workloadResult{Name: w.name, Unit: w.unit}
		s.peak = max(s.peak, readFootprint(s.process.pid()).Peak)
		forgetPeak(s.process.pid())
		if err := w.once(timeout, func(ctx context.Context) error { return w.check(ctx, s) }); err != nil {
			results[i].Missing = err.Error()
			results[i].Wrong = status.Code(err) != codes.Unimplemented
			continue
		}
		if err := w.turn(s, results[i], max(w.calls/rounds, 1), timeout); err != nil {
			return fmt.Errorf("%s: %s: %w", s.result.Name, w.name, err)
		}
		results[i].latencies, results[i].cpu = nil, 0
	}
	for round := range rounds {
		calls := w.calls*(round+1)/rounds - w.calls*round/rounds
		for i, s := range subjects {
			if results[i].Missing != "" || calls == 0 {
				continue
			}
			if err := w.turn(s, results[i], calls, timeout); err != nil {
				return fmt.Errorf("%s: %s: %w", s.result.Name, w.name, err)
			}
		}
	}
	for i, s := range subjects {
		s.result.Workloads = append(s.result.Workloads, w.sumUp(s, *results[i]))
	}
	return nil
}

func (w *workload) turn(s *subject, result *workloadResult, calls int, timeout time.Duration) error {
	runtime.GC() // this host's garbage of the turn before is not this turn's
	before := processorTimes(s.process.pid())
	for range calls {
		began := time.Now()
		err := w.once(timeout, func(ctx context.Context) (err error) {
			result.Bytes, err = w.call(ctx, s)
			return err
		})
		if err != nil {
			return err
		}
		result.latencies = append(result.latencies, time.Since(began))
	}
	result.cpu += spentSince(before, s.process.pid())
	return nil
}

func (w *workload) once(timeout time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	timer := time.AfterFunc(timeout, cancel)
	defer timer.Stop()
	return do(ctx)
}

func (w *workload) sumUp(s *subject, result workloadResult) workloadResult {
	if result.Missing != "" {
		return result
	}
	result.Latency = summarize(result.latencies)
	result.CPUMicros = float64(result.cpu.Microseconds()) / float64(len(result.latencies))
	now := readFootprint(s.process.pid())
	result.RSSAfter, result.Peak = now.RSS, now.Peak
	if w.units > 0 {
		result.PerSecond = w.units / (result.Latency.MedianMicros / 1e6)
	}
	return result
}
