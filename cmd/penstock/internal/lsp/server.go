package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/penstock-dev/penstock/compiler/language"
)

// ErrNoShutdown says that the client went without asking for a shutdown first.
var ErrNoShutdown = errors.New("the editor left without a shutdown")

// Options are what a server is started with.
type Options struct {
	Version string
	// Tags are CUE tags, as vet takes them.
	Tags []string
	// Today is the day that calendars and waivers are checked for, "2026-11-28"; nil leaves that out. A server may live for
	// days, so it is asked at each check.
	Today func() string
	// Codes lists the policies that can be waived; nil when they aren't known.
	Codes func() []language.Code
	// Debounce is how long after the last change a check begins; 0 is DefaultDebounce.
	Debounce time.Duration
}

// DefaultDebounce lets somebody finish the word before it is checked.
const DefaultDebounce = 100 * time.Millisecond

// Server is one conversation with one client.
type Server struct {
	opts  Options
	out   io.Writer
	lang  *language.Language
	state state
	enc   encoding
	// client is what the client said about itself.
	client initializeParams
	docs   map[string]*document
	checks checks
	// cancelled holds requests that the client takes back; the reader adds to it.
	cancelled cancelled
	err       error // of writing
}

// state is how far the conversation is.
type state int

const (
	fresh state = iota
	running
	stopped
)

// New returns a server that hasn't met its client yet.
func New(o Options) *Server {
	if o.Today == nil {
		o.Today = func() string { return "" }
	}
	if o.Debounce == 0 {
		o.Debounce = DefaultDebounce
	}
	return &Server{opts: o, lang: language.New(o.Codes), enc: utf16Units, docs: map[string]*document{}, checks: newChecks()}
}

// frame is what the reader found: a message, or why there is none.
type frame struct {
	msg *message
	bad *rpcError
	err error // the end
}

// Serve speaks with a client until it says exit, leaves, or ctx ends. It returns nil after a shutdown and ErrNoShutdown
// without one. When ctx ends, in is closed, if it can be, so that no reader is left behind.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	s.out = out
	ctx, cancel := context.WithCancel(ctx)
	frames := make(chan frame)
	s.checks.work.Go(func() { s.read(ctx, in, frames) })
	defer func() {
		cancel()
		if c, ok := in.(io.Closer); ok {
			c.Close()
		}
		s.checks.wait()
	}()
	for s.err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-frames:
			if f.err != nil || f.msg != nil && f.msg.Method == "exit" {
				return s.left()
			}
			s.receive(ctx, f)
		case <-s.checks.timer.C:
			s.checks.ready = true
			s.check(ctx)
		case r := <-s.checks.results:
			s.checked(r)
			s.check(ctx)
		}
	}
	return s.err
}

// left is what the end of the conversation means.
func (s *Server) left() error {
	if s.state == stopped {
		return nil
	}
	return ErrNoShutdown
}

// read reads messages until exit, the end of the stream, or the end of ctx.
func (s *Server) read(ctx context.Context, in io.Reader, frames chan<- frame) {
	r := bufio.NewReaderSize(in, maxHeader)
	for {
		var f frame
		content, err := readFrame(r)
		var bad *badFrame
		switch {
		case errors.As(err, &bad):
			f.bad = &rpcError{codeParse, bad.why}
		case err != nil:
			f.err = err
		default:
			f.msg, f.bad = decodeMessage(content)
		}
		if f.msg != nil && f.msg.Method == "$/cancelRequest" {
			var p cancelParams
			if json.Unmarshal(f.msg.Params, &p) == nil {
				s.cancelled.add(string(p.ID))
			}
			continue
		}
		select {
		case frames <- f:
		case <-ctx.Done():
			return
		}
		if f.err != nil || f.msg != nil && f.msg.Method == "exit" {
			return
		}
	}
}

// receive answers one message. A panic becomes an answer, too.
func (s *Server) receive(ctx context.Context, f frame) {
	if f.bad != nil {
		s.send(message{Version: version, ID: json.RawMessage("null"), Error: f.bad})
		return
	}
	m := f.msg
	if m.Method == "" {
		return // an answer to what the server asked; none changes anything
	}
	result, err := s.handle(ctx, m)
	if !m.isRequest() {
		return
	}
	if s.cancelled.take(string(m.ID)) {
		err = &rpcError{codeCancelled, "the request was taken back"}
	}
	s.answer(m.ID, result, err)
}

// version is that of JSON-RPC.
const version = "2.0"

func (s *Server) answer(id json.RawMessage, result any, err error) {
	m := message{Version: version, ID: id}
	if err == nil {
		if m.Result, err = json.Marshal(result); err == nil {
			s.send(m)
			return
		}
	}
	if !errors.As(err, &m.Error) {
		m.Error = &rpcError{codeInternal, err.Error()}
	}
	m.Result = nil
	s.send(m)
}

func (s *Server) handle(ctx context.Context, m *message) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v", m.Method, r)
			s.log("%v\n%s", err, debug.Stack())
		}
	}()
	if s.cancelled.has(string(m.ID)) && m.isRequest() {
		return nil, nil
	}
	switch {
	case m.Method == "initialize" && s.state != fresh:
		return nil, &rpcError{codeInvalidRequest, "the server is initialized already"}
	case m.Method != "initialize" && s.state == fresh:
		return nil, &rpcError{codeNotInitialized, "the server is not initialized"}
	case s.state == stopped:
		return nil, &rpcError{codeInvalidRequest, "the server is shut down"}
	}
	for _, h := range handlers() {
		if h.method == m.Method {
			return h.call(s, ctx, m.Params)
		}
	}
	return nil, &rpcError{codeNoMethod, fmt.Sprintf("there is no method %q", m.Method)}
}

// handler is one method that the server knows.
type handler struct {
	method string
	call   func(*Server, context.Context, json.RawMessage) (any, error)
}

// with turns a function of decoded parameters into that of a handler.
func with[P any](call func(*Server, context.Context, P) (any, error)) func(*Server, context.Context, json.RawMessage) (any, error) {
	return func(s *Server, ctx context.Context, raw json.RawMessage) (any, error) {
		var p P
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &p); err != nil {
				return nil, &rpcError{codeInvalidParams, "the parameters can't be read: " + err.Error()}
			}
		}
		return call(s, ctx, p)
	}
}

// handlers lists all methods.
func handlers() []handler {
	return []handler{
		{"initialize", with((*Server).initialize)},
		{"initialized", with((*Server).initialized)},
		{"shutdown", with((*Server).shutdown)},
		{"textDocument/didOpen", with((*Server).didOpen)},
		{"textDocument/didChange", with((*Server).didChange)},
		{"textDocument/didSave", with((*Server).didSave)},
		{"textDocument/didClose", with((*Server).didClose)},
		{"workspace/didChangeWatchedFiles", with((*Server).watched)},
		{"workspace/didChangeWorkspaceFolders", with((*Server).refresh)},
		{"workspace/didChangeConfiguration", with((*Server).refresh)},
		{"textDocument/completion", with((*Server).completion)},
		{"textDocument/hover", with((*Server).hover)},
		{"textDocument/definition", with((*Server).definition)},
		{"textDocument/references", with((*Server).references)},
		{"textDocument/documentSymbol", with((*Server).symbols)},
		{"textDocument/codeAction", with((*Server).codeActions)},
	}
}

// notify tells the client something.
func (s *Server) notify(method string, params any) {
	raw, err := json.Marshal(params)
	if err != nil {
		s.err = errors.Join(s.err, err)
		return
	}
	s.send(message{Version: version, Method: method, Params: raw})
}

func (s *Server) send(m message) {
	if err := writeFrame(s.out, m); err != nil && s.err == nil {
		s.err = err
	}
}

// log writes a line into the editor's log.
func (s *Server) log(format string, args ...any) {
	const severityError = 1
	s.notify("window/logMessage", map[string]any{"type": severityError, "message": fmt.Sprintf(format, args...)})
}
