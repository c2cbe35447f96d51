package lsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/language"
)

// client is an editor at the other end of two pipes.
type client struct {
	t    *testing.T
	to   io.WriteCloser
	from *bufio.Reader
	next int
	// held are messages that came before they were asked for.
	held []*message
	done chan error
	dir  string
}

// start runs a server over files and says hello to it.
func start(t *testing.T, files map[string]string, capabilities string) *client {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in, to := io.Pipe()
	from, out := io.Pipe()
	c := &client{t: t, to: to, from: bufio.NewReaderSize(from, maxHeader), done: make(chan error, 1), dir: dir}
	s := New(Options{Version: "test", Debounce: time.Millisecond, Codes: func() []language.Code { return []language.Code{{Name: "production-approval"}} }})
	go func() {
		err := s.Serve(t.Context(), in, out)
		out.Close()
		c.done <- err
	}()
	c.call("initialize", json.RawMessage(`{"capabilities":`+capabilities+`}`), nil)
	c.notify("initialized", struct{}{})
	return c
}

func (c *client) uri(name string) string { return fileURI(filepath.Join(c.dir, name)) }

func (c *client) write(v any) {
	c.t.Helper()
	if err := writeFrame(c.to, v); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	c.write(map[string]any{"jsonrpc": "2.0", "method": method, "params": params})
}

// request sends a request and returns its id.
func (c *client) request(method string, params any) string {
	c.t.Helper()
	c.next++
	c.write(map[string]any{"jsonrpc": "2.0", "id": c.next, "method": method, "params": params})
	return fmt.Sprint(c.next)
}

// wait returns the next message that is meant, keeping others for later.
func (c *client) wait(meant func(*message) bool) *message {
	c.t.Helper()
	for i, m := range c.held {
		if meant(m) {
			c.held = append(c.held[:i], c.held[i+1:]...)
			return m
		}
	}
	for {
		content, err := readFrame(c.from)
		if err != nil {
			c.t.Fatalf("read from the server: %v", err)
		}
		var m message
		if err := json.Unmarshal(content, &m); err != nil {
			c.t.Fatalf("%v in %s", err, content)
		}
		if meant(&m) {
			return &m
		}
		c.held = append(c.held, &m)
	}
}

func (c *client) response(id string) *message {
	c.t.Helper()
	return c.wait(func(m *message) bool { return m.Method == "" && string(m.ID) == id })
}

// call asks and decodes the answer.
func (c *client) call(method string, params, result any) {
	c.t.Helper()
	m := c.response(c.request(method, params))
	if m.Error != nil {
		c.t.Fatalf("%s: %v", method, m.Error)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(m.Result, result); err != nil {
		c.t.Fatalf("%s: %v in %s", method, err, m.Result)
	}
}

func (c *client) open(name, text string) {
	c.t.Helper()
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": c.uri(name), "languageId": "cue", "version": 1, "text": text}})
}

// change replaces all of a file.
func (c *client) change(name string, version int, text string) {
	c.t.Helper()
	c.notify("textDocument/didChange", map[string]any{
		"textDocument": map[string]any{"uri": c.uri(name), "version": version}, "contentChanges": []any{map[string]any{"text": text}},
	})
}

// diagnostics waits for those of a version of a file; 0 is any.
func (c *client) diagnostics(name string, version int) []diagnostic {
	c.t.Helper()
	var p publishParams
	c.wait(func(m *message) bool {
		if m.Method != "textDocument/publishDiagnostics" {
			return false
		}
		p = publishParams{}
		if err := json.Unmarshal(m.Params, &p); err != nil {
			c.t.Fatal(err)
		}
		return p.URI == c.uri(name) && (version == 0 || p.Version != nil && *p.Version == version)
	})
	return p.Diagnostics
}

// near is the parameters of a question at the first "|" of a text, which must hold the text without it.
func (c *client) near(name, marked string) map[string]any {
	c.t.Helper()
	i := strings.IndexByte(marked, '|')
	if i < 0 {
		c.t.Fatalf("no cursor in %q", marked)
	}
	return map[string]any{"textDocument": documentID{c.uri(name)}, "position": newText([]byte(marked), utf16Units).position(i)}
}

// bye ends the conversation as the protocol wants it.
func (c *client) bye() {
	c.t.Helper()
	c.call("shutdown", nil, nil)
	c.notify("exit", nil)
	c.ended(nil)
}

func (c *client) ended(want error) {
	c.t.Helper()
	_, _ = io.Copy(io.Discard, c.from)
	if err := <-c.done; !errors.Is(err, want) {
		c.t.Errorf("the server ended with %v, want %v", err, want)
	}
}

// serve runs a server over bytes that nobody waits for.
func serve(ctx context.Context, in []byte) (out bytes.Buffer, err error) {
	err = New(Options{}).Serve(ctx, bytes.NewReader(in), &out)
	return out, err
}
