package main

// CallResource: the first part of the path says what happens.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"graftwire.dev/interop/bench"
)

type call struct {
	req    *backend.CallResourceRequest
	query  url.Values
	sender backend.CallResourceResponseSender
}

func (s *source) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	target, err := url.Parse(req.URL)
	if err != nil {
		return fmt.Errorf("url %q: %w", req.URL, err)
	}
	c := call{req: req, query: target.Query(), sender: sender}
	head, rest, _ := strings.Cut(req.Path, "/")
	switch head {
	case "echo":
		return c.echo()
	case "describe":
		return c.describe()
	case "pieces":
		return c.pieces(c.number("n", 3), c.number("bytes", 16))
	case "blob":
		return c.blob(c.number("bytes", 0))
	case "headers":
		return c.headers()
	case "status":
		return c.status(rest)
	case "silent":
		return nil
	case "fail":
		return errors.New("asked to fail")
	case "panic":
		panic("asked to panic")
	case "exit":
		os.Exit(c.number("code", 0))
	case "sleep":
		return sleep(ctx, time.Duration(c.number("ms", 0))*time.Millisecond)
	}
	return c.send(http.StatusNotFound, nil, []byte("no such resource: "+req.Path))
}

func (c call) send(code int, headers map[string][]string, body []byte) error {
	return c.sender.Send(&backend.CallResourceResponse{Status: code, Headers: headers, Body: body})
}

// echo returns the body under the content type it came with.
func (c call) echo() error {
	kind := c.req.GetHTTPHeader("Content-Type")
	if kind == "" {
		kind = "application/octet-stream"
	}
	return c.send(http.StatusOK, map[string][]string{"Content-Type": {kind}}, c.req.Body)
}

// describe says what arrived.
func (c call) describe() error {
	body, err := json.Marshal(map[string]any{
		"method": c.req.Method, "path": c.req.Path, "url": c.req.URL, "headers": c.req.Headers,
		"query": c.query, "bodyBytes": len(c.req.Body), "context": describeContext(c.req.PluginContext),
	})
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, map[string][]string{"Content-Type": {"application/json"}}, body)
}

// pieces sends n messages; only the first one's code and headers may count.
func (c call) pieces(n, bytes int) error {
	for i := range n {
		code, headers := http.StatusPartialContent, map[string][]string{"X-Piece": {strconv.Itoa(i)}}
		if i > 0 {
			code = http.StatusTeapot
		}
		piece := strings.Repeat(string(rune('a'+i%26)), bytes)
		if err := c.send(code, headers, []byte(piece)); err != nil {
			return err
		}
	}
	return nil
}

func (c call) blob(left int) error {
	piece := make([]byte, bench.BlobPiece)
	for left > 0 {
		piece = piece[:min(left, len(piece))]
		if err := c.send(http.StatusOK, nil, piece); err != nil {
			return err
		}
		left -= len(piece)
	}
	return nil
}

func (c call) headers() error {
	return c.send(http.StatusOK, map[string][]string{
		"Content-Type": {"text/plain"},
		"X-Two":        {"first", "second"},
		"Set-Cookie":   {"session=1"},
		"X-Empty":      {""},
	}, []byte("see the headers"))
}

func (c call) status(text string) error {
	code, err := strconv.Atoi(text)
	if err != nil {
		return c.send(http.StatusBadRequest, nil, []byte(err.Error()))
	}
	return c.send(code, nil, []byte("status "+text))
}

func (c call) number(name string, otherwise int) int {
	n, err := strconv.Atoi(c.query.Get(name))
	if err != nil {
		return otherwise
	}
	return n
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
