package load_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

const pipe = "package web\n\npipeline: {name: \"web\", stages: build: exec: command: [\"make\"]}\n"

// write puts files into a new directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mustLoad(t *testing.T, opts load.Options) []*load.Unit {
	t.Helper()
	units, diags, err := load.Load(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if len(diags) > 0 {
		t.Fatalf("diagnostics: %v", diags)
	}
	return units
}

func TestUnitNames(t *testing.T) {
	dir := write(t, map[string]string{
		"a/p.cue":              pipe,
		"a/sub/p.cue":          strings.Replace(pipe, "package web", "package sub", 1),
		"b/one.cue":            strings.Replace(pipe, "package web", "package one", 1),
		"b/two.cue":            strings.Replace(pipe, "package web", "package two", 1),
		"c/loose.cue":          strings.Replace(pipe, "package web\n", "", 1),
		"m/cue.mod/module.cue": "module: \"m.example.com@v0\"\nlanguage: version: \"v0.17.0\"\n",
		"m/x/p.cue":            pipe,
		"lib/l.cue":            "package lib\n\n#A: int\n",
		"testdata/p.cue":       "package broken\n\npipeline: 1\n",
		"a/x_test.cue":         "package web\n\npipeline: name: \"other\"\n",
		"a/x_tool.cue":         "package web\n\npipeline: name: \"other\"\n",
	})
	for _, tc := range []struct {
		args []string
		want []string // name and, after "|", the module's root
	}{
		{[]string{"./..."}, []string{"a|a", "a/sub|a/sub", "b:one|b", "b:two|b", "c|c", "m/x|m"}},
		{[]string{"..."}, []string{"a|a", "a/sub|a/sub", "b:one|b", "b:two|b", "c|c", "m/x|m"}},
		{[]string{"m/..."}, []string{"m/x|m"}},
		{[]string{"./m/x"}, []string{"m/x|m"}},
		{[]string{"m/x", "a"}, []string{"m/x|m", "a|a"}},
		{[]string{"b:two"}, []string{"b:two|b"}},
		{[]string{"b/one.cue"}, []string{"b/one.cue|b"}},
		{[]string{"c/loose.cue"}, []string{"c/loose.cue|c"}},
		{[]string{"m.example.com/x"}, nil}, // an import path needs its module around the working directory
		{[]string{filepath.Join(dir, "a")}, []string{"a|a"}},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			units, diags, err := load.Load(t.Context(), load.Options{Dir: dir, Args: tc.args})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range units {
				root, err := filepath.Rel(dir, u.ModuleRoot)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, u.Name+"|"+filepath.ToSlash(root))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("units (-want +got):\n%s\n%v", diff, diags)
			}
			if tc.want != nil && len(diags) > 0 {
				t.Errorf("diagnostics: %v", diags)
			}
		})
	}
	t.Run("import path", func(t *testing.T) {
		units := mustLoad(t, load.Options{Dir: filepath.Join(dir, "m"), Args: []string{"m.example.com/x:web"}})
		if len(units) != 1 || units[0].Name != "m.example.com/x:web" {
			t.Errorf("got %v", units)
		}
	})
}

func TestUsageErrors(t *testing.T) {
	dir := write(t, map[string]string{"p.cue": pipe, "data.json": "{}"})
	for _, tc := range []struct{ arg, want string }{
		{"none.cue", `no file "none.cue"`},
		{"none", `no file or directory "none"`},
		{"none/...", `no directory "none/"`},
		{"data.json", "its name must end in .cue"},
		{"-", "there is none"},
	} {
		_, _, err := load.Load(t.Context(), load.Options{Dir: dir, Args: []string{tc.arg}})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.arg, err, tc.want)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := write(t, map[string]string{"p.cue": pipe})
	if _, _, err := load.Load(ctx, load.Options{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestStdin(t *testing.T) {
	dir := t.TempDir()
	units := mustLoad(t, load.Options{Dir: dir, Args: []string{"-"}, Stdin: strings.NewReader(pipe)})
	if len(units) != 1 || units[0].Name != "-" || units[0].Inputs["-"] == "" {
		t.Fatalf("got %+v", units)
	}
	_, diags, err := load.Load(t.Context(), load.Options{Dir: dir, Args: []string{"-"}, Stdin: strings.NewReader("pipeline: {\n")})
	if err != nil || len(diags) != 1 || diags[0].String() != `-:1:11: this "{" is never closed [syntax]` {
		t.Errorf("got %v, %v", diags, err)
	}
}

func TestOverlay(t *testing.T) {
	dir := write(t, map[string]string{"p.cue": "package web\n\npipeline: {\n"})
	file := filepath.Join(dir, "p.cue")
	units := mustLoad(t, load.Options{Dir: dir, Overlay: map[string][]byte{file: []byte(pipe)}})
	if len(units) != 1 {
		t.Fatalf("got %v", units)
	}
	units = mustLoad(t, load.Options{Dir: "/nowhere/at/all", Args: []string{"./..."}, Overlay: map[string][]byte{"/nowhere/at/all/deep/p.cue": []byte(pipe)}})
	if len(units) != 1 || units[0].Name != "deep" {
		t.Fatalf("got %v", units)
	}
}

func TestPipelines(t *testing.T) {
	dir := write(t, map[string]string{"p.cue": `package web

pipeline: {name: "main", stages: a: exec: command: ["a"]}
for n in ["z", "b-c"] {pipelines: (n): stages: a: exec: command: [n]}
`})
	u := mustLoad(t, load.Options{Dir: dir})[0]
	var got []string
	for _, p := range u.Pipelines {
		got = append(got, p.Key+" "+p.Path.String())
		if err := u.Value.LookupPath(p.Path).Validate(); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{" pipeline", `b-c pipelines."b-c"`, "z pipelines.z"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTags(t *testing.T) {
	dir := write(t, map[string]string{
		"a/p.cue": "package web\n\n_v: string @tag(v)\n\npipeline: {name: \"web\", stages: build: exec: command: [\"make\", _v]}\n",
		"b/p.cue": pipe,
		"c/p.cue": "@if(nightly)\n\n" + pipe,
	})
	units := mustLoad(t, load.Options{Dir: dir, Args: []string{"a", "b"}, Tags: []string{"v=1"}})
	if len(units) != 2 || !slices.Equal(units[0].Tags, []string{"v=1"}) || len(units[1].Tags) != 0 {
		t.Errorf("units %+v", units)
	}
	_, diags, err := load.Load(t.Context(), load.Options{Dir: dir, Args: []string{"a", "b"}, Tags: []string{"v=1", "w=2", "short"}})
	if err != nil || len(diags) != 2 || diags[0].Code != "unknown-tag" || diags[1].Code != "unknown-tag" {
		t.Errorf("got %v, %v", diags, err)
	}
	_, diags, err = load.Load(t.Context(), load.Options{Dir: dir, Args: []string{"c"}})
	if err != nil || len(diags) != 1 || !strings.Contains(diags[0].Message, "left out by their @if") {
		t.Errorf("got %v, %v", diags, err)
	}
	if units = mustLoad(t, load.Options{Dir: dir, Args: []string{"c"}, Tags: []string{"nightly"}}); len(units) != 1 {
		t.Errorf("got %v", units)
	}
}

func TestInputs(t *testing.T) {
	files := map[string]string{
		"cue.mod/module.cue":                   "module: \"m.example.com@v0\"\nlanguage: version: \"v0.17.0\"\n",
		"cue.mod/pkg/golden.example.com/g.cue": "package golden\n\n#T: \"make\"\n",
		"team.json":                            "{\"cmd\": \"x\"}\n",
		"x/team.json":                          "{\"cmd\": \"x\"}\n",
		"top.cue":                              "package web\n\npipeline: name: \"web\"\n",
		"x/p.cue": `@extern(embed)

package web

import (
	"golden.example.com:golden"
	"m.example.com/lib"
)

_team: _ @embed(file=team.json)

pipeline: stages: build: exec: command: [golden.#T, lib.#T, _team.cmd]
`,
		"lib/l.cue":    "package lib\n\n#T: \"lib\"\n",
		"unread/u.cue": "package unread\n",
	}
	opts := load.Options{Dir: write(t, files), Args: []string{"./x"}}
	first := mustLoad(t, opts)[0].Inputs
	want := []string{"cue.mod/module.cue", "cue.mod/pkg/golden.example.com/g.cue", "lib/l.cue", "penstock.dev/schema@v1/v1.0.0", "top.cue", "x/p.cue", "x/team.json"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(first))); diff != "" {
		t.Fatalf("inputs (-want +got):\n%s", diff)
	}
	again := mustLoad(t, load.Options{Dir: write(t, files), Args: []string{"./x"}})[0].Inputs
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("another directory gives other inputs:\n%s", diff)
	}
	for _, name := range want {
		if _, ok := files[name]; !ok {
			continue
		}
		changed := maps.Clone(files)
		changed[name] += "\n"
		got := mustLoad(t, load.Options{Dir: write(t, changed), Args: []string{"./x"}})[0].Inputs
		for key := range first {
			if (got[key] != first[key]) != (key == name) {
				t.Errorf("change of %s: digest of %s %s → %s", name, key, first[key], got[key])
			}
		}
	}
}

// TestConcurrent lets goroutines share a loader; the race detector looks on.
func TestConcurrent(t *testing.T) {
	l, err := load.New()
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"a/p.cue": "package a\n\nimport \"penstock.dev/schema\"\n\npipeline: schema.#Pipeline & {name: \"a\", stages: x: exec: command: [\"x\"]}\n", "b/p.cue": pipe})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			units, diags, err := l.Load(t.Context(), load.Options{Dir: dir, Args: []string{"./..."}})
			if err != nil || len(diags) > 0 || len(units) != 2 {
				t.Error(units, diags, err)
			}
		})
	}
	wg.Wait()
}

func TestNothingFound(t *testing.T) {
	dir := write(t, map[string]string{"lib/l.cue": "package lib\n\n#A: int\n", "empty/readme": ""})
	for _, tc := range []struct{ arg, want string }{
		{"./...", "no pipeline in ./..."},
		{"lib", `package "lib" has no pipeline`},
		{"empty", "no CUE files in empty"},
	} {
		_, diags, err := load.Load(t.Context(), load.Options{Dir: dir, Args: []string{tc.arg}})
		if err != nil || len(diags) != 1 || diags[0].Code != "no-pipeline" || diags[0].Message != tc.want || diags[0].Severity != diag.SeverityError {
			t.Errorf("%s: got %v, %v", tc.arg, diags, err)
		}
	}
}

// TestSymlinks holds that a directory that links to its parent ends.
func TestSymlinks(t *testing.T) {
	dir := write(t, map[string]string{"a/p.cue": pipe})
	if err := os.Symlink("..", filepath.Join(dir, "a", "up")); err != nil {
		t.Skip(err)
	}
	if units := mustLoad(t, load.Options{Dir: dir, Args: []string{"./..."}}); len(units) != 1 {
		t.Errorf("got %v", units)
	}
}
