package allow

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/penstock-dev/penstock/compiler/explain"
	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// setOf reads a package of one file. Its errors of code "soft" may be allowed, those of code "hard" may not.
func setOf(t *testing.T, text string) *Set {
	t.Helper()
	dir := t.TempDir()
	units, list, err := load.Load(t.Context(), load.Options{
		Dir: dir, Args: []string{"p.cue"}, Overlay: map[string][]byte{filepath.Join(dir, "p.cue"): []byte(text)},
	})
	if err != nil || len(list) > 0 || len(units) != 1 {
		t.Fatal(err, list, len(units))
	}
	s := &Set{docs: map[diag.Code]explain.Doc{"soft": {Code: "soft", Allow: true}, "hard": {Code: "hard"}}}
	if files := s.Add(Read(units[0])); len(files) != 1 || files[0] != "p.cue" {
		t.Fatal(files)
	}
	return s
}

func at(line int, code diag.Code, sev diag.Severity) diag.Diagnostic {
	r := diag.Range{File: "p.cue", Start: diag.Position{Line: line, Column: 2}}
	return diag.Diagnostic{Code: code, Severity: sev, Message: "m", Range: r}
}

const text = `package p

pipeline: {
	name: "p" // penstock:allow soft it is meant so
	// penstock:allow hard it is meant so
	// penstock:allow soft   that too
	stages: build: exec: command: ["make"]
}
`

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		name   string
		found  diag.Diagnostic
		reason string // "" when it stays
	}{
		{"an error that may be allowed", at(4, "soft", diag.SeverityError), "it is meant so"},
		{"above the line", at(7, "soft", diag.SeverityError), "that too"},
		{"an error that may not", at(7, "hard", diag.SeverityError), ""},
		{"a warning always may", at(7, "hard", diag.SeverityWarning), "it is meant so"},
		{"another code", at(4, "hard", diag.SeverityWarning), ""},
		{"another line", at(5, "soft", diag.SeverityWarning), ""},
		{"another file", diag.Diagnostic{Code: "soft", Range: diag.Range{File: "q.cue", Start: diag.Position{Line: 4}}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setOf(t, text)
			left, allowed := s.Filter(diag.List{c.found})
			switch {
			case c.reason == "" && (len(left) != 1 || len(allowed) > 0):
				t.Errorf("left %v, allowed %v", left, allowed)
			case c.reason != "" && (len(left) > 0 || len(allowed) != 1 || allowed[0].Reason != c.reason):
				t.Errorf("left %v, allowed %v", left, allowed)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	s := setOf(t, text)
	s.Filter(diag.List{at(4, "soft", diag.SeverityError), at(7, "hard", diag.SeverityError)})
	got := s.Problems(func(file string) bool { return file == "p.cue" }).Normalize()
	if len(got) != 2 || got[0].Code != CodeRefused || got[0].Range.String() != "p.cue:5:20" || len(got[0].Related) != 1 ||
		got[1].Code != CodeUnused || got[1].Range.String() != "p.cue:6:20" || got[1].Severity != diag.SeverityWarning {
		t.Errorf("%v", got)
	}
	if got := s.Problems(func(string) bool { return false }); len(got) != 1 {
		t.Errorf("a comment is unused although not everything was looked at: %v", got)
	}
}

// TestText reads comments in other languages: the marked line is the one that each is about.
func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string // line:column of the code, then the line it is about
	}{
		"behind a value":     {"image: web:1 # penstock:allow soft it is ours\n", "1:31 1"},
		"above":              {"a: 1\n  # penstock:allow soft why\n  # and more\n  b: 2\n", "2:20 4"},
		"HCL":                {"default = 1 // penstock:allow soft why\r\n", "1:31 1"},
		"in a word":          {"url: http://penstock:allow soft why\n", ""},
		"no sign":            {"penstock:allow soft why\n", ""},
		"behind other words": {"a: 1 # see penstock:allow soft why\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, got := Text("k8s/web.yaml", c.text), ""
			for _, k := range f.comments {
				got = fmt.Sprintf("%d:%d %d", k.at.Start.Line, k.at.Start.Column, k.line)
				if k.code != "soft" || k.reason == "" {
					t.Errorf("code %q, reason %q", k.code, k.reason)
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
