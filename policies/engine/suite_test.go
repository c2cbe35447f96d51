package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/format"
)

func TestShippedRules(t *testing.T) {
	rep, list, err := Test(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		t.Error(d)
	}
	for _, r := range rep.Tests {
		if !r.Passed {
			t.Errorf("%s: %s %s", r.Range, r.Name, r.Error)
		}
	}
	for _, f := range rep.Files {
		if f.Coverage < 100 {
			t.Errorf("%s: %.1f %% of its lines tested; no test reaches lines %v", f.File, f.Coverage, f.Missed)
		}
	}
	if !rep.OK() || rep.Passed < 2*len(rep.Files) || rep.Coverage != 100 {
		t.Errorf("%d tests passed for %d files, %d failed, coverage %.1f %%", rep.Passed, len(rep.Files), rep.Failed, rep.Coverage)
	}
}

// TestShippedConditions drops every condition of every shipped rule in turn: some test must notice each.
func TestShippedConditions(t *testing.T) {
	src, _, err := readSources(true, nil)
	if err != nil {
		t.Fatal(err)
	}
	mutants := 0
	for name, m := range src.modules {
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		for i := range conditions(m) {
			fresh, others := parse(t, src, name), needed(t, src, name)
			cond := conditions(fresh)[i]
			what := cond.String()
			cond.Terms, cond.Negated = ast.BooleanTerm(true), false
			others[name] = fresh
			results, err := runTests(t.Context(), map[string]any{}, others, cover.New())
			if err != nil {
				continue // what is left is no Rego: the condition bound a variable
			}
			mutants++
			if rep := summarize(results, nil, cover.New()); rep.OK() {
				t.Errorf("%s: no test notices that `%s` is gone", name, what)
			}
		}
	}
	if mutants < 50 {
		t.Errorf("only %d conditions were dropped", mutants)
	}
}

// needed parses the modules that the tests of a shipped file need: all for the library.
func needed(t *testing.T, src *sources, name string) map[string]*ast.Module {
	out := map[string]*ast.Module{}
	for other := range src.modules {
		own := strings.TrimSuffix(name, ".rego") + "_test.rego"
		base := strings.HasSuffix(other, "/lib.rego") || strings.HasSuffix(other, "/fixture_test.rego")
		if base || other == own || strings.HasSuffix(name, "/lib.rego") {
			out[other] = parse(t, src, other)
		}
	}
	return out
}

func parse(t *testing.T, src *sources, name string) *ast.Module {
	t.Helper()
	m, err := ast.ParseModuleWithOpts(name, string(src.raw[name]), ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// conditions are the expressions of all bodies, in the order of the file.
func conditions(m *ast.Module) []*ast.Expr {
	var out []*ast.Expr
	ast.WalkBodies(m, func(b ast.Body) bool {
		for _, e := range b {
			if e.String() != "true" {
				out = append(out, e)
			}
		}
		return false
	})
	return out
}

func TestShippedFormat(t *testing.T) {
	files, err := filepath.Glob("../*.rego")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules found: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := format.SourceWithOpts(f, b, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(want, b) {
			continue
		}
		if os.Getenv("UPDATE") == "" {
			t.Errorf("%s is not formatted: UPDATE=1 go test ./policies/engine mends it", f)
			continue
		}
		if err := os.WriteFile(f, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUserTests(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"team.rego":      "package team.labels\n\nimport data.penstock.lib\n\nwarn contains \"no label\" if {\n\tcount(lib.releasing) > 0\n\tnot input.plan.inputs.label\n}\n\ninfo contains \"never\" if {\n\tinput.plan.pipeline == \"x\"\n\tcount(lib.entering) == 1\n}\n",
		"team_test.rego": "package team.labels_test\n\ntest_bad if count(data.team.labels.warn) == 1 with input as {\"plan\": {}, \"graph\": {}}\n\ntodo_test_later if true\n\ntest_error if 1 / input.zero == 1 with input as {\"zero\": 0}\n",
	})
	rep, list, err := Test(t.Context(), []string{dir})
	if err != nil || len(list) > 0 {
		t.Fatalf("%v %v", list, err)
	}
	if rep.Passed != 0 || rep.Failed != 2 || rep.Skipped != 1 || len(rep.Files) != 1 {
		t.Fatalf("report: %+v", rep)
	}
	if rep.OK() || !strings.Contains(rep.Tests[2].Error, "divide by zero") {
		t.Errorf("the last test: %+v", rep.Tests[2])
	}
	f := rep.Files[0]
	if !strings.HasSuffix(f.File, "/team.rego") || f.Coverage >= 100 || len(f.Missed) == 0 {
		t.Errorf("coverage of the user's file: %+v", f)
	}
}

func TestUserTestsBroken(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a_test.rego": "package a_test\n\ntest_clock if time.now_ns() > 0\n"})
	_, list, err := Test(t.Context(), []string{dir})
	if err != nil || len(list) != 1 || list[0].Code != CodeBroken || list[0].Range.Start.Line != 3 {
		t.Fatalf("want one diagnostic in line 3, got %v, %v", list, err)
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for _, name := range sortedKeys(files) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
