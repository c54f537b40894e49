// Command oracle-promql answers PromQL queries with Prometheus' own engine, over samples that it is given.
//
// stdin: {"series": [{"labels": {...}, "times": [ms, ...], "bits": ["float64 bits", ...]}],
//
//	"queries": [{"expr": "...", "start": ms, "end": ms, "step": ms}]}   (step 0 = instant query at start)
//
// stdout: one line per query, {"expr", "start", "end", "step"} and either "refused" or "kind" and "series",
// each series with its labels and values as text, or "text" for strings.
//
// The answers are test data of plugins/metrics; how they are recorded stands in tests/it/promql/recorded.rs.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

type question struct {
	Series []struct {
		Labels map[string]string `json:"labels"`
		Times  []int64           `json:"times"`
		Bits   []string          `json:"bits"`
	} `json:"series"`
	Queries []query `json:"queries"`
}

type query struct {
	Expr  string `json:"expr"`
	Start int64  `json:"start"`
	End   int64  `json:"end"`
	Step  int64  `json:"step"`
}

type answer struct {
	query
	Refused string   `json:"refused,omitempty"`
	Kind    string   `json:"kind,omitempty"`
	Text    *string  `json:"text,omitempty"`
	Series  []series `json:"series,omitempty"`
}

// series holds a point per step, null where there is none; instant matrices hold [time, value] pairs instead.
type series struct {
	Labels map[string]string `json:"labels"`
	Values []*string         `json:"values,omitempty"`
	Times  []int64           `json:"times,omitempty"`
}

func main() {
	var asked question
	if err := json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "bad question:", err)
		os.Exit(1)
	}
	source := newSource(asked)
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:               50_000_000,
		Timeout:                  time.Minute,
		LookbackDelta:            5 * time.Minute,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		Parser:                   parser.NewParser(parser.Options{EnableExperimentalFunctions: true}),
	})
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, query := range asked.Queries {
		if err := encoder.Encode(ask(engine, source, query)); err != nil {
			fmt.Fprintln(os.Stderr, "can't encode:", err)
			os.Exit(1)
		}
	}
}

func ask(engine *promql.Engine, source storage.Queryable, q query) answer {
	ctx := context.Background()
	var prepared promql.Query
	var err error
	if q.Step == 0 {
		prepared, err = engine.NewInstantQuery(ctx, source, nil, q.Expr, time.UnixMilli(q.Start))
	} else {
		prepared, err = engine.NewRangeQuery(ctx, source, nil, q.Expr, time.UnixMilli(q.Start),
			time.UnixMilli(q.End), time.Duration(q.Step)*time.Millisecond)
	}
	if err != nil {
		return answer{query: q, Refused: err.Error()}
	}
	defer prepared.Close()
	result := prepared.Exec(ctx)
	if result.Err != nil {
		return answer{query: q, Refused: result.Err.Error()}
	}
	given := answer{query: q, Kind: string(result.Value.Type())}
	switch value := result.Value.(type) {
	case promql.String:
		given.Text = &value.V
	case promql.Scalar:
		given.Series = []series{{Labels: map[string]string{}, Values: []*string{text(value.V)}}}
	case promql.Vector:
		for _, sample := range value {
			given.Series = append(given.Series, series{Labels: sample.Metric.Map(), Values: []*string{text(sample.F)}})
		}
	case promql.Matrix:
		for _, s := range value {
			given.Series = append(given.Series, points(q, s))
		}
	}
	return given
}

func points(q query, s promql.Series) series {
	found := series{Labels: s.Metric.Map()}
	if q.Step == 0 {
		for _, point := range s.Floats {
			found.Times = append(found.Times, point.T)
			found.Values = append(found.Values, text(point.F))
		}
		return found
	}
	found.Values = make([]*string, (q.End-q.Start)/q.Step+1)
	for _, point := range s.Floats {
		found.Values[(point.T-q.Start)/q.Step] = text(point.F)
	}
	return found
}

func text(value float64) *string {
	written := strconv.FormatFloat(value, 'g', -1, 64)
	return &written
}

// source is a storage of fixed samples.
type source []storage.Series

func newSource(asked question) source {
	var all source
	for _, given := range asked.Series {
		var samples []chunks.Sample
		for i, at := range given.Times {
			bits, err := strconv.ParseUint(given.Bits[i], 10, 64)
			if err != nil {
				fmt.Fprintln(os.Stderr, "bad bits:", err)
				os.Exit(1)
			}
			samples = append(samples, sample{at, math.Float64frombits(bits)})
		}
		all = append(all, storage.NewListSeries(labels.FromMap(given.Labels), samples))
	}
	slices.SortFunc(all, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return all
}

func (s source) Querier(int64, int64) (storage.Querier, error) { return querier{s}, nil }

type querier struct{ source }

func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, candidate := range q.source {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(candidate.Labels().Get(m.Name)) }) {
			found = append(found, candidate)
		}
	}
	return &set{found: found, at: -1}
}

func (querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) Close() error { return nil }

type set struct {
	found []storage.Series
	at    int
}

func (s *set) Next() bool                      { s.at++; return s.at < len(s.found) }
func (s *set) At() storage.Series              { return s.found[s.at] }
func (*set) Err() error                        { return nil }
func (*set) Warnings() annotations.Annotations { return nil }

type sample struct {
	at    int64
	value float64
}

func (s sample) ST() int64                   { return 0 }
func (s sample) T() int64                    { return s.at }
func (s sample) F() float64                  { return s.value }
func (sample) H() *histogram.Histogram       { return nil }
func (sample) FH() *histogram.FloatHistogram { return nil }
func (sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample         { return s }
