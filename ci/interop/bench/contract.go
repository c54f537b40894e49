// Package bench is the contract a plugin keeps so that `gohost bench` can measure it: one formula for rows, shared by
// the Go plugin that answers (gobench) and the Go host that checks the answer before it takes the time. README.md states
// the contract in words for plugins written in other languages. It measures nothing itself.
package bench

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// QueryType selects the contract's query; the resource paths and the stream path follow.
const (
	QueryType    = "bench"
	EchoPath     = "echo"
	BlobPath     = "blob"
	StreamPrefix = "bench/"
	BlobPiece    = 64 << 10
)

// Model is what the query's JSON says: Frames frames of Rows rows; Chunk rows per message of QueryChunkedData.
type Model struct {
	Rows   int `json:"rows"`
	Frames int `json:"frames"`
	Chunk  int `json:"chunk"`
}

// ParseModel reads a model and fills the defaults: one frame, chunks of 10,000 rows.
func ParseModel(raw json.RawMessage) (Model, error) {
	model := Model{Frames: 1, Chunk: 10_000}
	if err := json.Unmarshal(raw, &model); err != nil {
		return Model{}, fmt.Errorf("bench model: %w", err)
	}
	if model.Rows < 0 || model.Frames < 0 || model.Chunk < 1 {
		return Model{}, fmt.Errorf("bench model: rows and frames must be 0 or more and chunk 1 or more, found %+v", model)
	}
	return model, nil
}

// Frame makes the rows first … first+rows-1 of frame number index.
func Frame(from time.Time, index, first, rows int) *data.Frame {
	times := make([]time.Time, rows)
	values := make([]float64, rows)
	names := make([]string, rows)
	for i := range rows {
		times[i], values[i], names[i] = row(from, index, first+i)
	}
	return data.NewFrame("bench",
		data.NewField("time", nil, times),
		data.NewField("value", nil, values),
		data.NewField("label", nil, names),
	)
}

// Check compares frames with the contract, every value of every row.
func Check(frames data.Frames, from time.Time, model Model) error {
	if len(frames) != model.Frames {
		return fmt.Errorf("%d frames, expected %d", len(frames), model.Frames)
	}
	for index, frame := range frames {
		if err := checkFrame(frame, from, index, model.Rows); err != nil {
			return fmt.Errorf("frame %d: %w", index, err)
		}
	}
	return nil
}

func checkFrame(frame *data.Frame, from time.Time, index, rows int) error {
	if len(frame.Fields) != 3 {
		return fmt.Errorf("%d fields, expected time, value, label", len(frame.Fields))
	}
	if found, err := frame.RowLen(); err != nil || found != rows {
		return fmt.Errorf("%d rows, expected %d: %v", found, rows, err)
	}
	for i := range rows {
		at, value, name := row(from, index, i)
		foundAt, ok1 := frame.ConcreteAt(0, i)
		foundValue, ok2 := frame.ConcreteAt(1, i)
		foundName, ok3 := frame.ConcreteAt(2, i)
		if !ok1 || !ok2 || !ok3 || !sameTime(foundAt, at) || foundValue != value || foundName != name {
			return fmt.Errorf("row %d is (%v, %v, %v), expected (%v, %v, %v)", i, foundAt, foundValue, foundName, at, value, name)
		}
	}
	return nil
}

func sameTime(found any, expected time.Time) bool {
	at, ok := found.(time.Time)
	return ok && at.Equal(expected)
}

func row(from time.Time, index, i int) (time.Time, float64, string) {
	return from.Add(time.Duration(i) * time.Second), float64(index) + float64(i)*0.5, labels[i%len(labels)]
}

var labels = func() (names [16]string) {
	for i := range names {
		names[i] = fmt.Sprintf("series-%d", i)
	}
	return names
}()
