package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock-dev/penstock/compiler/check"
	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/targets"
)

// vet loads, decodes and checks a directory.
func vet(t testing.TB, dir string, args []string) diag.List {
	t.Helper()
	units, list, err := load.Load(t.Context(), load.Options{Dir: dir, Args: args})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		for _, d := range decode.Decode(u) {
			list = append(list, d.Diags...)
			if d.Pipeline != nil {
				list = append(list, check.Run(check.Input{Pipeline: d.Pipeline, Map: d.Source, Kinds: targets.Kinds()})...)
			}
		}
	}
	return list.Normalize()
}

// archives are the packages of the corpus with a want section or without.
func archives(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "testdata", dir, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in testdata/%s: %v", dir, err)
	}
	return names
}

// unpack writes the files of an archive and returns its arguments and the lines it wants.
func unpack(t testing.TB, name string) (dir string, args, want []string) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range a.Files {
		switch f.Name {
		case "args":
			args = strings.Fields(string(f.Data))
		case "want":
			want = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		default:
			put(t, filepath.Join(dir, filepath.FromSlash(f.Name)), f.Data)
		}
	}
	return dir, args, want
}

func put(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// codes are the codes that checks report.
func codes() []string {
	var out []string
	for _, d := range check.Docs() {
		out = append(out, string(d.Code))
	}
	return out
}

// mine reports whether checks find any of what is wanted: then all of it is held.
func mine(want []string) bool {
	return slices.ContainsFunc(want, func(w string) bool {
		parts := strings.SplitN(w, ": ", 3)
		return len(parts) == 3 && slices.Contains(codes(), parts[1])
	})
}

// line is the diagnostic as the corpus writes it.
func line(d diag.Diagnostic) string {
	text := d.Range.String() + ": " + string(d.Code) + ": " + d.Message
	if d.Hint != "" {
		text += "; " + d.Hint
	}
	return text
}

// matches: place and code are the same, the rest of the wanted line is part of message and hint.
func matches(want string, d diag.Diagnostic) bool {
	parts := strings.SplitN(want, ": ", 3)
	full := line(d)
	return len(parts) == 3 && strings.HasPrefix(full, parts[0]+": "+parts[1]+": ") && strings.Contains(full, parts[2])
}

// TestBroken holds every broken package of the corpus that has a mistake for a check to exactly what it wants.
func TestBroken(t *testing.T) {
	found := map[string]bool{}
	for _, name := range archives(t, "broken") {
		dir, args, want := unpack(t, name)
		if !mine(want) {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			left := vet(t, dir, args)
			for _, w := range want {
				i := slices.IndexFunc(left, func(d diag.Diagnostic) bool { return matches(w, d) })
				if i < 0 {
					t.Errorf("missing: %s", w)
					continue
				}
				found[string(left[i].Code)] = true
				left = slices.Delete(left, i, i+1)
			}
			for _, d := range left {
				t.Errorf("unexpected: %s", line(d))
			}
		})
	}
	for _, c := range codes() {
		if !found[c] {
			t.Errorf("no broken package shows %s", c)
		}
	}
}

// TestGood holds every good package of the corpus to no diagnostic at all.
func TestGood(t *testing.T) {
	for _, name := range archives(t, "good") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			dir, args, _ := unpack(t, name)
			for _, d := range vet(t, dir, args) {
				t.Error(line(d))
			}
		})
	}
}

// TestExamples holds the examples of the repository to no diagnostic at all.
func TestExamples(t *testing.T) {
	found, err := filepath.Glob("../../examples/*/*.cue")
	if err != nil || len(found) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range found {
		if strings.Contains(file, "/platform/") {
			continue // a module for others, without a pipeline of its own
		}
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			for _, d := range vet(t, filepath.Dir(file), nil) {
				t.Error(line(d))
			}
		})
	}
}

// TestDocs holds every code to its text, and the examples to what they promise.
func TestDocs(t *testing.T) {
	seen := map[diag.Code]bool{}
	for _, d := range check.Docs() {
		if seen[d.Code] {
			t.Errorf("%s is described twice", d.Code)
		}
		seen[d.Code] = true
		t.Run(string(d.Code), func(t *testing.T) {
			if d.Title == "" || d.What == "" || d.Why == "" {
				t.Error("the text is not complete")
			}
			for _, found := range example(t, d.Good) {
				t.Errorf("the good example: %s", line(found))
			}
			list := example(t, d.Bad)
			if len(list) == 0 {
				t.Error("the bad example is not bad")
			}
			for _, found := range list {
				if found.Code != d.Code || found.Range.Start.Line == 0 {
					t.Errorf("the bad example: %s", line(found))
				}
			}
		})
	}
}

// example checks the base with a fragment added in a file of its own.
func example(t *testing.T, fragment string) diag.List {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "base.cue"), []byte(check.Base()))
	put(t, filepath.Join(dir, "example.cue"), []byte("package web\n\npipeline: {\n"+fragment+"\n}\n"))
	return vet(t, dir, nil)
}
