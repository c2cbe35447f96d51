package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

const shapesFile = "../../docs/json.md"

// shapes are the rows of docs/json.md: for each document the objects in it, and for each object its fields.
type shapes struct {
	rows map[string][]shape
	mu   sync.Mutex
	seen map[string]bool // documents that a script printed
}

// shape is an object of a document: where it stands (".runs[]", "" for the whole), which fields it always has, which it may have.
type shape struct {
	path             string
	always, optional []string
}

var shapeRow = regexp.MustCompile("^\\| `([^`]+)` \\| (?:`([^`]+)`)? ?\\| (.*) \\|$")

func readShapes(t *testing.T) *shapes {
	t.Helper()
	b, err := os.ReadFile(shapesFile)
	if err != nil {
		t.Fatal(err)
	}
	s := &shapes{rows: map[string][]shape{}, seen: map[string]bool{}}
	for line := range strings.Lines(string(b)) {
		m := shapeRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		row := shape{path: m[2]}
		for _, f := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[3], -1) {
			if name, ok := strings.CutSuffix(f[1], "?"); ok {
				row.optional = append(row.optional, name)
			} else {
				row.always = append(row.always, f[1])
			}
		}
		s.rows[m[1]] = append(s.rows[m[1]], row)
	}
	if len(s.rows) == 0 {
		t.Fatalf("%s has no tables", shapesFile)
	}
	return s
}

// document checks the last standard output, one JSON document or one a line, against docs/json.md: document NAME [NAME]...
// Several names are for commands whose lines differ: each line must be one of them, and each of them must occur.
func (s *shapes) document(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: document NAME...")
	}
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	found := map[string]bool{}
	for dec.More() {
		var v any
		ts.Check(dec.Decode(&v))
		var errs []string
		for _, name := range args {
			err := s.matches(name, v)
			if err == nil {
				found[name] = true
				errs = nil
				break
			}
			errs = append(errs, err.Error())
		}
		if len(errs) > 0 {
			ts.Fatalf("not as %s says: %s", shapesFile, strings.Join(errs, "; "))
		}
	}
	for _, name := range args {
		if !found[name] {
			ts.Fatalf("the output has no document %q", name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.seen, found)
}

func (s *shapes) matches(name string, v any) error {
	rows, ok := s.rows[name]
	if !ok {
		return fmt.Errorf("there is no document %q", name)
	}
	for _, row := range rows {
		for _, o := range walk(v, row.path) {
			obj, ok := o.(map[string]any)
			if !ok {
				return fmt.Errorf("%s%s is no object", name, row.path)
			}
			if err := row.check(obj); err != nil {
				return fmt.Errorf("%s%s: %w", name, row.path, err)
			}
		}
	}
	return nil
}

func (r shape) check(obj map[string]any) error {
	for _, f := range r.always {
		if _, ok := obj[f]; !ok {
			return fmt.Errorf("field %q is missing", f)
		}
	}
	for _, f := range slices.Sorted(maps.Keys(obj)) {
		if !slices.Contains(r.always, f) && !slices.Contains(r.optional, f) {
			return fmt.Errorf("field %q isn't documented", f)
		}
	}
	return nil
}

// walk returns the values at a path such as ".report.stages[].nodes[]".
func walk(v any, path string) []any {
	if path == "" {
		return []any{v}
	}
	name, rest, more := strings.Cut(path[1:], ".")
	if more {
		rest = "." + rest
	}
	field, list := strings.CutSuffix(name, "[]")
	obj, _ := v.(map[string]any)
	next, ok := obj[field]
	switch {
	case !ok:
		return nil
	case !list:
		return walk(next, rest)
	}
	var out []any
	elems, _ := next.([]any)
	for _, e := range elems {
		out = append(out, walk(e, rest)...)
	}
	return out
}

// complete fails when a documented document was never printed by a script: its row would hold nothing.
func (s *shapes) complete(t *testing.T) {
	if t.Failed() || testing.Short() || flag.Lookup("test.run").Value.String() != "" {
		return // not every script ran
	}
	for _, name := range slices.Sorted(maps.Keys(s.rows)) {
		if !s.seen[name] {
			t.Errorf("no script checks the document %q of %s", name, shapesFile)
		}
	}
}
