package lsp

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/diag"
)

// checks is which packages wait for being vetted, and what came of those that were. The server's goroutine owns it.
type checks struct {
	waiting map[string]bool
	timer   *time.Timer
	// ready says that the pause after the last change is over.
	ready   bool
	current *run
	results chan outcome
	// work is what runs beside the server's goroutine.
	work sync.WaitGroup
	// last is what the latest check of each directory found, by URI.
	last map[string]map[string][]finding
	// good is the latest of each that could be decoded.
	good map[string]compiler.Result
}

// run is a check under way.
type run struct {
	dir    string
	cancel context.CancelFunc
	// stale says that the text has changed since.
	stale bool
}

// outcome is what a check found.
type outcome struct {
	dir    string
	result compiler.Result
	list   diag.List
	err    error
	// docs are the open documents that were read, by path, as they were.
	docs map[string]document
}

func newChecks() checks {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return checks{
		waiting: map[string]bool{}, timer: t, results: make(chan outcome, 1),
		last: map[string]map[string][]finding{}, good: map[string]compiler.Result{},
	}
}

// mark has a directory checked once nothing has changed for a while. A check of it that is under way is given up.
func (c *checks) mark(dir string, after time.Duration) {
	c.waiting[dir] = true
	c.ready = false
	c.timer.Reset(after)
	if c.current != nil && c.current.dir == dir {
		c.current.stale = true
		c.current.cancel()
	}
}

// forget drops what is known about a directory that nobody has open any more.
func (c *checks) forget(dir string) {
	delete(c.waiting, dir)
	delete(c.last, dir)
	delete(c.good, dir)
	if c.current != nil && c.current.dir == dir {
		c.current.stale = true
		c.current.cancel()
	}
}

func (c *checks) stop() {
	clear(c.waiting)
	c.timer.Stop()
	if c.current != nil {
		c.current.stale = true
		c.current.cancel()
	}
}

// grace is how long the end waits: CUE can't be interrupted while it evaluates, nor can reading from a terminal.
const grace = 5 * time.Second

// wait gives up what is under way and waits for its end.
func (c *checks) wait() {
	c.stop()
	ended := make(chan struct{})
	go func() {
		c.work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(grace):
	}
}

// check starts the next check when its time has come and none is under way.
func (s *Server) check(ctx context.Context) {
	c := &s.checks
	if !c.ready || c.current != nil || len(c.waiting) == 0 {
		return
	}
	dir := slices.Min(slices.Collect(maps.Keys(c.waiting)))
	delete(c.waiting, dir)
	ctx, cancel := context.WithCancel(ctx)
	c.current = &run{dir: dir, cancel: cancel}
	out := outcome{dir: dir, docs: map[string]document{}}
	overlay := map[string][]byte{}
	for _, d := range s.docs {
		out.docs[d.path] = *d
		overlay[d.path] = d.text.content
	}
	o := compiler.Options{Dir: dir, Args: []string{"."}, Tags: s.opts.Tags, Overlay: overlay, Today: s.opts.Today(), Version: s.opts.Version}
	c.work.Go(func() {
		defer cancel()
		out.result, out.list, out.err = vet(ctx, o)
		c.results <- out // there is room: one check at a time
	})
}

// vet is the compiler's, without its panics.
func vet(ctx context.Context, o compiler.Options) (res compiler.Result, list diag.List, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("check %s: %v", o.Dir, r)
		}
	}()
	return compiler.Vet(ctx, o)
}

// checked takes what a check found.
func (s *Server) checked(out outcome) {
	c := &s.checks
	stale := c.current.stale
	c.current = nil
	if stale {
		return
	}
	if out.err != nil {
		s.log("%s: %v", out.dir, out.err)
	}
	if slices.ContainsFunc(out.result.Pipelines, func(p compiler.Vetted) bool { return p.Pipeline != nil }) {
		c.good[out.dir] = out.result
	}
	before := c.last[out.dir]
	c.last[out.dir] = s.findings(out)
	changed := map[string]bool{}
	for uri := range before {
		changed[uri] = true
	}
	for uri := range c.last[out.dir] {
		changed[uri] = true
	}
	s.publish(changed, out.docs)
}

// beside reports whether a finding says nothing to who has one file of a package open: packages that are shared have no
// pipeline, and not every package knows every tag.
func beside(d diag.Diagnostic) bool {
	_, near := suggestion(d)
	return d.Code == "no-pipeline" && !near || d.Code == "unknown-tag" && d.Range.IsZero()
}

// publish tells the client the diagnostics of files. Docs are the documents as they were checked.
func (s *Server) publish(uris map[string]bool, docs map[string]document) {
	for _, uri := range slices.Sorted(maps.Keys(uris)) {
		p := publishParams{URI: uri, Diagnostics: []diagnostic{}}
		for _, f := range s.shown(uri) {
			p.Diagnostics = append(p.Diagnostics, f.wire)
		}
		if path, ok := filePath(uri); ok && s.docs[uri] != nil {
			if d, ok := docs[path]; ok {
				p.Version = &d.version
			}
		}
		s.notify("textDocument/publishDiagnostics", p)
	}
}

// shown is what is known to be wrong in a file: several packages may have found it.
func (s *Server) shown(uri string) []finding {
	var out []finding
	for _, dir := range slices.Sorted(maps.Keys(s.checks.last)) {
		for _, f := range s.checks.last[dir][uri] {
			if !slices.ContainsFunc(out, f.same) {
				out = append(out, f)
			}
		}
	}
	return out
}
