package main

// Records: one JSON object per call on stdout, and the outcome by which calls are compared with what was expected.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
)

// record is one call. Outcome is "ok"; or the gRPC code of a call that failed ("UNIMPLEMENTED"); or what the answer says
// about itself in lower case ("status PERMISSION_DENIED", "http 404"); or a finding of this host in upper case with a
// colon ("DECODE: …" shortened to "DECODE" here, the text being in Detail).
type record struct {
	Call        string  `json:"call"`
	OK          bool    `json:"ok"`
	Outcome     string  `json:"outcome"`
	Code        string  `json:"code"`
	Detail      string  `json:"detail,omitempty"`
	ErrorSource string  `json:"errorSource,omitempty"`
	MessageID   string  `json:"messageId,omitempty"`
	MS          float64 `json:"ms"`
	Content     any     `json:"content,omitempty"`
}

// finding is something this host found wrong in an answer that gRPC calls fine.
type finding struct {
	outcome string
	detail  error
}

func (f finding) Error() string { return f.detail.Error() }
func (f finding) Unwrap() error { return f.detail }

func undecodable(err error) error { return finding{"DECODE", err} }

// said is what the answer itself says instead of "ok": not an error, but not a success either.
func said(format string, args ...any) error {
	return finding{fmt.Sprintf(format, args...), errors.New("")}
}

// newRecord turns the result of a call into its record.
func newRecord(name string, took time.Duration, content any, err error) record {
	r := record{Call: name, Outcome: "ok", Code: "OK", MS: float64(took.Microseconds()) / 1000, Content: content}
	var found finding
	switch {
	case err == nil:
	case errors.As(err, &found):
		r.Outcome, r.Detail = found.outcome, found.detail.Error()
	default:
		failed := status.Convert(err)
		r.Code = code.Code(failed.Code()).String()
		r.Outcome, r.Detail, r.MessageID = r.Code, failed.Message(), messageID(r.Code)
		for _, detail := range failed.Details() {
			if info, ok := detail.(*errdetails.ErrorInfo); ok {
				r.ErrorSource = info.Metadata["errorSource"]
			}
		}
	}
	r.OK = r.Outcome == "ok"
	return r
}

var output sync.Mutex

// emit writes one line; lines of several goroutines don't mix.
func emit(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		line, _ = json.Marshal(map[string]string{"unprintable": err.Error()})
	}
	output.Lock()
	defer output.Unlock()
	fmt.Fprintf(os.Stdout, "%s\n", line)
}

// expectations maps calls, or patterns of calls as path.Match knows them, to outcomes. What isn't named must be "ok".
type expectations map[string]string

func readExpectations(file string) (expectations, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var expected expectations
	if err := json.Unmarshal(raw, &expected); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return expected, nil
}

// check returns one line per difference; an expectation that met no call is a difference too.
func (e expectations) check(records []record) []string {
	var problems []string
	unused := map[string]bool{}
	for pattern := range e {
		unused[pattern] = true
	}
	for _, r := range records {
		pattern, outcome := e.lookup(r.Call)
		delete(unused, pattern)
		if r.Outcome != outcome {
			problems = append(problems, fmt.Sprintf("%s: found %q, expected %q: %s", r.Call, r.Outcome, outcome, r.Detail))
		}
	}
	for pattern := range unused {
		problems = append(problems, fmt.Sprintf("%s: no such call was made", pattern))
	}
	slices.Sort(problems)
	return problems
}

func (e expectations) lookup(call string) (pattern, outcome string) {
	if outcome, ok := e[call]; ok {
		return call, outcome
	}
	for pattern, outcome := range e {
		if ok, err := path.Match(pattern, call); ok && err == nil {
			return pattern, outcome
		}
	}
	return "", "ok"
}
