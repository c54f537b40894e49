package main

// QueryChunkedData: the bench rows in chunks, refIds interleaved, an error for a query of type "error".

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"graftwire.dev/interop/bench"
)

func (s *source) QueryChunkedData(ctx context.Context, req *backend.QueryChunkedDataRequest, w backend.ChunkedDataWriter) error {
	left := make([]int, len(req.Queries))
	models := make([]model, len(req.Queries))
	most := 0
	for i, query := range req.Queries {
		models[i].Model = bench.Model{Frames: 1, Chunk: 10_000}
		if err := json.Unmarshal(query.JSON, &models[i]); err != nil {
			return fmt.Errorf("query %s: %w", query.RefID, err)
		}
		left[i] = (models[i].Rows + models[i].Chunk - 1) / models[i].Chunk
		most = max(most, left[i])
	}
	for chunk := range max(most, 1) {
		for i, query := range req.Queries {
			if err := writeChunk(ctx, query, models[i], chunk, w); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeChunk(ctx context.Context, query backend.DataQuery, wanted model, chunk int, w backend.ChunkedDataWriter) error {
	switch query.QueryType {
	case bench.QueryType:
	case "error":
		if chunk > 0 {
			return nil
		}
		return w.WriteError(ctx, query.RefID, backend.Status(wanted.Status), errors.New(wanted.Error))
	case "rpc-error":
		return sourced(wanted.Source, errors.New(wanted.Error))
	case "panic":
		panic("asked to panic")
	default:
		return fmt.Errorf("query type %q can't be chunked", query.QueryType)
	}
	first := chunk * wanted.Chunk
	if first >= wanted.Rows && chunk > 0 {
		return nil
	}
	rows := min(wanted.Chunk, wanted.Rows-first)
	for index := range wanted.Frames {
		frame := bench.Frame(query.TimeRange.From, index, first, rows)
		if err := w.WriteFrame(ctx, query.RefID, fmt.Sprintf("frame-%d", index), frame); err != nil {
			return err
		}
	}
	return nil
}
