// Command oracle-logql answers LogQL queries with the language of Loki 2.2.1, the last release under the Apache
// licence, over lines that it is given.
//
// stdin: {"stream": {"label": "value"}, "groups": [{"lines": ["base64", ...], "pipelines": ["{…} | json", ...]}],
//
//	"entries": [{"stream": {...}, "time": ns, "line": "text"}], "metrics": [{"query", "start", "end", "step"}]}
//
// Times are nanoseconds; step 0 is an instant query at start.
//
// stdout: one line per pipeline, {"group", "pipeline"} and either "refused" or "results": per line null if it was dropped, else
// its labels, and its new line if that changed. Then one line per metric query, the query and either "refused" or
// "series", each with its labels and [milliseconds, value as text] pairs.
//
// The answers are test data of plugins/logs; how they are recorded stands in tests/it/logql.rs.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/grafana/loki/pkg/logproto"
	"github.com/grafana/loki/pkg/logql"
	"github.com/prometheus/prometheus/pkg/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/weaveworks/common/user"
)

type question struct {
	Stream map[string]string `json:"stream"`
	Groups []struct {
		Lines     [][]byte `json:"lines"`
		Pipelines []string `json:"pipelines"`
	} `json:"groups"`
	Entries []struct {
		Stream map[string]string `json:"stream"`
		Time   int64             `json:"time"`
		Line   string            `json:"line"`
	} `json:"entries"`
	Metrics []metric `json:"metrics"`
}

type metric struct {
	Query string `json:"query"`
	Start int64  `json:"start"`
	End   int64  `json:"end"`
	Step  int64  `json:"step"`
}

type result struct {
	Labels map[string]string `json:"labels"`
	Line   *string           `json:"line,omitempty"`
}

type pipelineAnswer struct {
	Group    int       `json:"group"`
	Pipeline string    `json:"pipeline"`
	Refused  string    `json:"refused,omitempty"`
	Results  []*result `json:"results,omitempty"`
}

type metricAnswer struct {
	metric
	Refused string   `json:"refused,omitempty"`
	Series  []series `json:"series,omitempty"`
}

type series struct {
	Labels map[string]string `json:"labels"`
	Points [][2]any          `json:"points"`
}

func main() {
	var asked question
	if err := json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "bad question:", err)
		os.Exit(1)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encode := func(answer any) {
		if err := encoder.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, "can't encode:", err)
			os.Exit(1)
		}
	}
	for index, group := range asked.Groups {
		for _, pipeline := range group.Pipelines {
			answer := run(pipeline, labels.FromMap(asked.Stream), group.Lines)
			answer.Group = index
			encode(answer)
		}
	}
	engine := logql.NewEngine(logql.EngineOpts{}, logql.NewMockQuerier(0, streams(asked)), logql.NoLimits)
	for _, metric := range asked.Metrics {
		encode(evaluate(engine, metric))
	}
}

func run(query string, stream labels.Labels, lines [][]byte) pipelineAnswer {
	expr, err := logql.ParseLogSelector(query)
	if err != nil {
		return pipelineAnswer{Pipeline: query, Refused: err.Error()}
	}
	pipeline, err := expr.Pipeline()
	if err != nil {
		return pipelineAnswer{Pipeline: query, Refused: err.Error()}
	}
	answer := pipelineAnswer{Pipeline: query}
	for _, line := range lines {
		answer.Results = append(answer.Results, process(pipeline, stream, line))
	}
	return answer
}

func process(pipeline logql.Pipeline, stream labels.Labels, line []byte) *result {
	processed, found, ok := pipeline.ForStream(stream).Process(line)
	if !ok {
		return nil
	}
	answer := &result{Labels: found.Labels().Map()}
	if !bytes.Equal(processed, line) {
		text := string(processed)
		answer.Line = &text
	}
	return answer
}

func streams(asked question) []logproto.Stream {
	byLabels := map[string]*logproto.Stream{}
	var order []string
	for _, entry := range asked.Entries {
		name := labels.FromMap(entry.Stream).String()
		if byLabels[name] == nil {
			byLabels[name] = &logproto.Stream{Labels: name}
			order = append(order, name)
		}
		stream := byLabels[name]
		stream.Entries = append(stream.Entries, logproto.Entry{Timestamp: time.Unix(0, entry.Time), Line: entry.Line})
	}
	var all []logproto.Stream
	for _, name := range order {
		all = append(all, *byLabels[name])
	}
	return all
}

func evaluate(engine *logql.Engine, m metric) (answer metricAnswer) {
	answer.metric = m
	defer func() {
		if panicked := recover(); panicked != nil {
			answer.Refused = fmt.Sprint("panic: ", panicked)
		}
	}()
	params := logql.NewLiteralParams(m.Query, time.Unix(0, m.Start), time.Unix(0, m.End), time.Duration(m.Step), 0,
		logproto.FORWARD, 1000, nil)
	found, err := engine.Query(params).Exec(user.InjectOrgID(context.Background(), "oracle"))
	if err != nil {
		answer.Refused = err.Error()
		return answer
	}
	switch value := found.Data.(type) {
	case promql.Scalar:
		answer.Series = []series{{Labels: map[string]string{}, Points: [][2]any{{value.T, text(value.V)}}}}
	case promql.Vector:
		for _, sample := range value {
			answer.Series = append(answer.Series, series{sample.Metric.Map(), [][2]any{{sample.T, text(sample.V)}}})
		}
	case promql.Matrix:
		for _, one := range value {
			s := series{Labels: one.Metric.Map()}
			for _, point := range one.Points {
				s.Points = append(s.Points, [2]any{point.T, text(point.V)})
			}
			answer.Series = append(answer.Series, s)
		}
	default:
		answer.Refused = fmt.Sprintf("no numbers: %T", value)
	}
	sort.Slice(answer.Series, func(i, j int) bool {
		return labels.Compare(labels.FromMap(answer.Series[i].Labels), labels.FromMap(answer.Series[j].Labels)) < 0
	})
	return answer
}

func text(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }
