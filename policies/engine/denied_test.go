package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/policies/engine"
)

// TestDenied judges the pipelines of testdata/denied, written in CUE as users write them, and holds the results to those
// that each wants: "file:line:col: severity: code: part of the message".
func TestDenied(t *testing.T) {
	e, list, err := engine.Load(t.Context(), engine.Options{})
	if err != nil || len(list) > 0 {
		t.Fatal(list, err)
	}
	names, err := filepath.Glob("testdata/denied/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no pipelines: %v", err)
	}
	shown := map[string]bool{}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			opts, facts, want := unpack(t, name)
			compiled, list, err := compiler.Compile(t.Context(), opts)
			if err != nil || list.HasErrors() || len(compiled) != 1 {
				t.Fatal(list, err)
			}
			d, err := e.Decide(t.Context(), compiled[0].File, facts)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, d, want, shown)
		})
	}
	for _, r := range e.Rules() {
		for _, severity := range r.Severities {
			if !shown[r.Code+" "+string(severity)] {
				t.Errorf("no pipeline shows that %s says %s", r.Code, severity)
			}
		}
	}
}

// unpack writes the files and reads "facts" (lines "stage NAME" and "tag K=V") and "want".
func unpack(t *testing.T, name string) (compiler.Options, engine.Facts, []string) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	opts, facts := compiler.Options{Dir: t.TempDir(), Version: "test"}, engine.Facts{Today: "2026-11-23"}
	var want []string
	for _, f := range a.Files {
		lines := strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		switch f.Name {
		case "want":
			want = lines
		case "facts":
			for _, l := range lines {
				kind, value, _ := strings.Cut(l, " ")
				switch kind {
				case "stage":
					facts.Selection = append(facts.Selection, value)
				case "tag":
					opts.Tags = append(opts.Tags, value)
				default:
					t.Fatalf("facts: %q", l)
				}
			}
		default:
			path := filepath.Join(opts.Dir, filepath.FromSlash(f.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return opts, facts, want
}

func compare(t *testing.T, d engine.Decision, want []string, shown map[string]bool) {
	t.Helper()
	var got []string
	for _, r := range d.Results {
		shown[r.Code+" "+string(r.Severity)] = true
		got = append(got, fmt.Sprintf("%s:%d:%d: %s: %s: %s", r.Origin.File, r.Origin.Line, r.Origin.Column, r.Severity, r.Code, r.Message))
	}
	for _, w := range d.Waived {
		got = append(got, fmt.Sprintf("%s:%d:%d: waived: %s: %s", w.Origin.File, w.Origin.Line, w.Origin.Column, w.Code, w.Message))
	}
	for _, w := range want {
		if w == "" {
			continue
		}
		place, part, _ := strings.Cut(w, "; ")
		i := slices.IndexFunc(got, func(g string) bool { return strings.HasPrefix(g, place) && strings.Contains(g, part) })
		if i < 0 {
			t.Errorf("missing: %s", w)
			continue
		}
		got = slices.Delete(got, i, i+1)
	}
	for _, g := range got {
		t.Errorf("unexpected: %s", g)
	}
	if d.Allowed == slices.ContainsFunc(want, func(w string) bool { return strings.Contains(w, ": deny: ") }) {
		t.Errorf("allowed is %v", d.Allowed)
	}
}
