package main

// Answers decoded with the Go SDK's data package and described as JSON. What doesn't decode is a finding.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// shownRows and shownBytes are the sizes up to which frames, and packets and bodies, are printed in full.
const (
	shownRows  = 5000
	shownBytes = 4 << 10
)

// response is a DataResponse as it came: the status is that of the wire, 0 too.
type response struct {
	Status      int32             `json:"status"`
	Error       string            `json:"error,omitempty"`
	ErrorSource string            `json:"errorSource,omitempty"`
	Format      string            `json:"format"`
	Frames      []json.RawMessage `json:"frames"`
	frames      data.Frames
}

func describeResponses(resp *pluginv2.QueryDataResponse) (map[string]*response, error) {
	described := map[string]*response{}
	for refID, answer := range resp.Responses {
		one := &response{Status: answer.Status, Error: answer.Error, ErrorSource: answer.ErrorSource, Format: answer.Format.String()}
		for i, raw := range answer.Frames {
			frame, err := decodeFrame(answer.Format, raw)
			if err != nil {
				return described, undecodable(fmt.Errorf("%s: frame %d: %w", refID, i, err))
			}
			one.frames = append(one.frames, frame)
		}
		described[refID] = one
	}
	return described, finish(described)
}

// finish writes the frames as the SDK's JSON and sums up: an error in any response is what the whole answer says.
func finish(responses map[string]*response) error {
	var failed []string
	for refID, one := range responses {
		one.Frames = []json.RawMessage{}
		for i, frame := range one.frames {
			text, err := printFrame(frame)
			if err != nil {
				return undecodable(fmt.Errorf("%s: frame %d as JSON: %w", refID, i, err))
			}
			one.Frames = append(one.Frames, text)
		}
		if one.Error != "" {
			failed = append(failed, refID)
		}
	}
	if len(failed) > 0 {
		slices.Sort(failed)
		return said("error in %s", strings.Join(failed, ","))
	}
	return nil
}

// printFrame gives the SDK's JSON; of long frames the schema and the number of rows.
func printFrame(frame *data.Frame) (json.RawMessage, error) {
	rows, err := frame.RowLen()
	if err != nil {
		return nil, err
	}
	text, err := data.FrameToJSON(frame, data.IncludeAll)
	if err != nil || rows <= shownRows {
		return text, err
	}
	schema, err := data.FrameToJSON(frame, data.IncludeSchemaOnly)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"schemaOnly": json.RawMessage(schema), "rows": rows, "jsonBytes": len(text)})
}

func decodeFrame(format pluginv2.DataFrameFormat, raw []byte) (*data.Frame, error) {
	switch format {
	case pluginv2.DataFrameFormat_ARROW:
		return data.UnmarshalArrowFrame(raw)
	case pluginv2.DataFrameFormat_JSON:
		frame := &data.Frame{}
		return frame, json.Unmarshal(raw, frame)
	}
	return nil, fmt.Errorf("format %v, expected ARROW or JSON", format)
}

// gathered is what the chunks of QueryChunkedData add up to.
type gathered struct {
	Chunks    int                  `json:"chunks"`
	Responses map[string]*response `json:"responses"`
}

type frameKey struct{ refID, frameID string }

// gather reads all chunks. A chunk belongs to the frame of its refId and frameId wherever it comes in the stream, and a
// chunk without frame bytes is an error chunk, whatever its format says.
func gather(receive func() (*pluginv2.QueryChunkedDataResponse, error)) (*gathered, error) {
	all := &gathered{Responses: map[string]*response{}}
	open := map[frameKey]*data.Frame{}
	for {
		chunk, err := receive()
		if errors.Is(err, io.EOF) {
			return all, finish(all.Responses)
		}
		if err != nil {
			return all, err
		}
		all.Chunks++
		one, ok := all.Responses[chunk.RefId]
		if !ok {
			one = &response{Status: chunk.Status, Format: chunk.Format.String()}
			all.Responses[chunk.RefId] = one
		}
		if chunk.Error != "" {
			one.Status, one.Error, one.ErrorSource = chunk.Status, chunk.Error, chunk.ErrorSource
		}
		if len(chunk.Frame) == 0 {
			continue
		}
		if err := appendChunk(one, open, chunk); err != nil {
			return all, undecodable(fmt.Errorf("chunk %d (%s, %s): %w", all.Chunks, chunk.RefId, chunk.FrameId, err))
		}
	}
}

func appendChunk(one *response, open map[frameKey]*data.Frame, chunk *pluginv2.QueryChunkedDataResponse) error {
	if chunk.RefId == "" || chunk.FrameId == "" {
		return errors.New("a frame needs refId and frameId")
	}
	key := frameKey{chunk.RefId, chunk.FrameId}
	frame, ok := open[key]
	switch {
	case ok && chunk.Format == pluginv2.DataFrameFormat_JSON:
		return data.AppendJSONData(frame, chunk.Frame)
	case ok:
		more, err := decodeFrame(chunk.Format, chunk.Frame)
		if err != nil {
			return err
		}
		return appendRows(frame, more)
	}
	frame, err := decodeFrame(chunk.Format, chunk.Frame)
	if err != nil {
		return err
	}
	open[key] = frame
	one.frames = append(one.frames, frame)
	return nil
}

func appendRows(frame, more *data.Frame) error {
	if len(frame.Fields) != len(more.Fields) {
		return fmt.Errorf("%d fields, expected %d as in the first chunk", len(more.Fields), len(frame.Fields))
	}
	for i, field := range frame.Fields {
		if field.Type() != more.Fields[i].Type() {
			return fmt.Errorf("field %d is %v, expected %v as in the first chunk", i, more.Fields[i].Type(), field.Type())
		}
		field.AppendAll(more.Fields[i])
	}
	return nil
}

// describeMetrics parses the text format, as Prometheus would when it scrapes Grafana.
func describeMetrics(text []byte) (any, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return map[string]any{"text": string(text)}, undecodable(err)
	}
	samples := map[string]int{}
	for name, family := range families {
		samples[name] = len(family.Metric)
	}
	return map[string]any{"bytes": len(text), "families": samples}, nil
}

// shortened is jsonOrText for payloads that may be long.
func shortened(raw []byte) any {
	if len(raw) <= shownBytes {
		return jsonOrText(raw)
	}
	sum := sha256.Sum256(raw)
	return map[string]any{"bytes": len(raw), "sha256": hex.EncodeToString(sum[:])}
}

func jsonOrText(raw []byte) any {
	if len(raw) > 0 && json.Valid(raw) {
		return json.RawMessage(raw)
	}
	if utf8.Valid(raw) {
		return string(raw)
	}
	return raw
}
