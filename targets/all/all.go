// Package all is the table of live drivers. It is the only importer of every target's SDK.
package all

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/penstock-dev/penstock/targets"
	process "github.com/penstock-dev/penstock/targets/process/live"
)

// Options are what drivers need of their surroundings.
type Options struct {
	// Root is the pipeline's directory.
	Root string
}

// drivers is the table: one row for each target kind that this build can execute.
func drivers(o Options) map[string]func(context.Context) (targets.Driver, error) {
	return map[string]func(context.Context) (targets.Driver, error){
		"process": func(context.Context) (targets.Driver, error) { return process.New(process.Options{Root: o.Root}), nil },
	}
}

// Set opens each driver once, when it is first asked for.
type Set struct {
	table map[string]func(context.Context) (targets.Driver, error)

	mu   sync.Mutex
	open map[string]targets.Driver
}

// New returns a set with no driver open yet.
func New(o Options) *Set {
	return &Set{table: drivers(o), open: map[string]targets.Driver{}}
}

// Driver returns the driver of a kind; an unknown one is an error that lists the known ones.
func (s *Set) Driver(ctx context.Context, kind string) (targets.Driver, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.open[kind]; d != nil {
		return d, nil
	}
	open, ok := s.table[kind]
	if !ok {
		return nil, fmt.Errorf("this build cannot execute on %s: it can on %s (vet, compile and simulate work for all)",
			kind, strings.Join(slices.Sorted(maps.Keys(s.table)), ", "))
	}
	d, err := open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the %s target: %w", kind, err)
	}
	s.open[kind] = d
	return d, nil
}

// Close closes every open driver.
func (s *Set) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, kind := range slices.Sorted(maps.Keys(s.open)) {
		if err := s.open[kind].Close(); err != nil && first == nil {
			first = fmt.Errorf("close the %s target: %w", kind, err)
		}
	}
	clear(s.open)
	return first
}
