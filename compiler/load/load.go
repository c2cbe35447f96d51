package load

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"

	"cuelang.org/go/cue/build"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/watch"
)

// Loader loads packages against one parsed schema. It may be used by several goroutines.
type Loader struct {
	schema *build.Instance
	digest string // of the schema's files
}

// New parses the embedded schema.
func New() (*Loader, error) {
	inst, err := parseSchema()
	if err != nil {
		return nil, err
	}
	sum, err := digestSchema()
	if err != nil {
		return nil, err
	}
	return &Loader{schema: inst, digest: sum}, nil
}

// Load loads with a Loader of its own; see Loader.Load.
func Load(ctx context.Context, opts Options) ([]*Unit, diag.List, error) {
	l, err := New()
	if err != nil {
		return nil, nil, err
	}
	return l.Load(ctx, opts)
}

// Load returns the packages that opts names, in the order of the arguments and, for patterns, of their directories. A
// package with diagnostics of severity error is left out. The error says what could not be done: an argument that
// names nothing, a file that can't be read.
func (l *Loader) Load(ctx context.Context, opts Options) ([]*Unit, diag.List, error) {
	s, err := l.newSession(opts)
	if err != nil {
		return nil, nil, err
	}
	reqs, err := s.disk.requests(s.cwd, opts.Args)
	if err != nil {
		return nil, nil, err
	}
	if err := s.loadAll(ctx, s.group(reqs)); err != nil {
		return nil, nil, err
	}
	if at := s.multiplying.Load(); at != nil && s.dies(ctx, *at) {
		return nil, nil, &watch.Exceeded{Reason: watch.Memory, Place: *at}
	}
	if err := s.build(ctx); err != nil {
		return nil, nil, err
	}
	s.collect()
	s.checkTags()
	s.checkFound(reqs)
	return s.units, s.diags.Normalize(), nil
}

// session is one call of Load.
type session struct {
	*Loader
	opts    Options
	cwd     string
	disk    *disk
	stdin   []byte
	taken   map[string]bool // the tags that some package has a @tag for
	results []*result       // one for each request
	units   []*Unit
	diags   diag.List
	// multiplying is a file that could ask for more memory in one step than there is.
	multiplying atomic.Pointer[diag.Range]
}

func (l *Loader) newSession(opts Options) (*session, error) {
	cwd, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("find the working directory: %w", err)
	}
	s := &session{Loader: l, opts: opts, cwd: cwd, disk: newDisk(opts.Overlay), taken: map[string]bool{}}
	if slices.Contains(opts.Args, "-") {
		if opts.Stdin == nil {
			return nil, fmt.Errorf("read standard input: there is none")
		}
		if s.stdin, err = readStdin(opts.Stdin); err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
	}
	return s, nil
}
