// Package examples_test holds the examples to what they promise: each is
// accepted by the schema with plain CUE and no network, everything that it names
// exists, and together they show every variant of the language.
package examples_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	cueerrors "cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/load"

	"github.com/penstock-dev/penstock/schema"
)

// vendored is where a CUE module looks for a package without a registry.
const vendored = "cue.mod/pkg/"

// examples are the folders with pipelines, and how many each has.
func examples() map[string]int {
	return map[string]int{
		"autoscaler": 1, "experiment": 1, "ledger": 1, "payments": 1, "promotion": 1, "quickstart": 1,
		"reports": 1, "single": 1, "storefront": 1, "strategies": 5, "thumbnails": 1,
	}
}

// TestListIsComplete holds that no folder is left out of examples.
func TestListIsComplete(t *testing.T) {
	found, err := filepath.Glob("*/*.cue")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		dir := filepath.Dir(file)
		if _, ok := examples()[dir]; !ok && dir != "platform" {
			t.Errorf("%s is in no list", file)
		}
	}
}

// TestPlainCUEAccepts validates each example with CUE's own loader and the
// embedded schema, and decodes it.
func TestPlainCUEAccepts(t *testing.T) {
	for dir, want := range examples() {
		t.Run(dir, func(t *testing.T) {
			if got := len(pipelines(t, dir)); got != want {
				t.Errorf("got %d pipelines, want %d", got, want)
			}
		})
	}
}

// TestPlatformIsADefinition holds that the platform's package compiles by itself.
func TestPlatformIsADefinition(t *testing.T) {
	ctx := cuecontext.New()
	v := loadPackage(t, ctx, "platform")
	params := v.LookupPath(cue.ParsePath("#Params"))
	if err := params.Validate(); err != nil || !params.IsClosed() {
		t.Errorf("#Params: %v, closed: %v", err, params.IsClosed())
	}
	if err := params.Unify(ctx.CompileString(`{regions: ["r"], rps: 1, objective: 99}`)).Validate(); err == nil {
		t.Error("#Params accepts an objective below what the platform allows")
	}
}

// TestVendoredCopy holds that storefront's copy of the platform is the platform.
func TestVendoredCopy(t *testing.T) {
	source, err := filepath.Glob("platform/*.cue")
	if err != nil {
		t.Fatal(err)
	}
	copied, err := filepath.Glob("storefront/" + vendored + "platform.example.com/golden/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(source) == 0 || len(source) != len(copied) {
		t.Fatalf("%d files in platform, %d in the copy", len(source), len(copied))
	}
	for i := range source {
		want, err := os.ReadFile(source[i])
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(copied[i])
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs from %s; copy it again", copied[i], source[i])
		}
	}
}

// TestTyposAreErrors adds a misspelt field to each example: none may pass, also not through the platform's definition.
func TestTyposAreErrors(t *testing.T) {
	for dir := range examples() {
		t.Run(dir, func(t *testing.T) {
			ctx := cuecontext.New()
			for name, v := range raw(t, ctx, dir) {
				for _, path := range []string{"stagse", "stages.build.exce", "environments.production.teir", "#with.rsp"} {
					if path == "#with.rsp" && !v.LookupPath(cue.ParsePath("#with")).Exists() {
						continue
					}
					typo := v.FillPath(cue.ParsePath(path), "x")
					err := typo.Validate(cue.Concrete(true), cue.Final(), cue.All())
					if want := path + ": field not allowed"; !strings.Contains(cueerrors.Details(err, nil), want) {
						t.Errorf("%s: want %q, got %v", name, want, err)
					}
				}
			}
		})
	}
}

// pipelines returns the pipelines of dir, validated and decoded, by their name in the file.
func pipelines(t testing.TB, dir string) map[string]schema.Pipeline {
	t.Helper()
	decoded := map[string]schema.Pipeline{}
	for name, v := range raw(t, cuecontext.New(), dir) {
		if err := v.Validate(cue.Concrete(true), cue.Final()); err != nil {
			t.Fatalf("%s: %s", name, cueerrors.Details(err, nil))
		}
		var p schema.Pipeline
		if err := v.Decode(&p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		decoded[name] = p
	}
	return decoded
}

// raw returns the pipelines of dir, each unified with #Pipeline.
func raw(t testing.TB, ctx *cue.Context, dir string) map[string]cue.Value {
	t.Helper()
	v := loadPackage(t, ctx, dir)
	def := loadPackage(t, ctx, filepath.Join("..", "schema")).LookupPath(cue.ParsePath("#Pipeline"))
	found := map[string]cue.Value{}
	if one := v.LookupPath(cue.ParsePath("pipeline")); one.Exists() {
		found["pipeline"] = one.Unify(def)
	}
	if several := v.LookupPath(cue.ParsePath("pipelines")); several.Exists() {
		it, err := several.Fields()
		if err != nil {
			t.Fatal(err)
		}
		for it.Next() {
			name := it.Selector().Unquoted()
			found[name] = it.Value().Unify(def).FillPath(cue.ParsePath("name"), name)
		}
	}
	return found
}

// loadPackage builds the package in dir. The schema is supplied as if it were
// vendored, a module where dir has none, and nothing else comes from outside.
func loadPackage(t testing.TB, ctx *cue.Context, dir string) cue.Value {
	t.Helper()
	root, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	insts := load.Instances([]string{"."}, &load.Config{
		Dir: root, ModuleRoot: root, Overlay: overlay(t, root), Env: []string{"CUE_REGISTRY=none"},
	})
	return buildOne(t, ctx, insts)
}

func overlay(t testing.TB, root string) map[string]load.Source {
	t.Helper()
	files, err := schema.Files()
	if err != nil {
		t.Fatal(err)
	}
	over := map[string]load.Source{}
	for name, content := range files {
		if path.Dir(name) == "." {
			over[filepath.Join(root, filepath.FromSlash(vendored+schema.ImportPath), name)] = load.FromBytes(content)
		}
	}
	module := filepath.Join(root, "cue.mod", "module.cue")
	if _, err := os.Stat(module); errors.Is(err, fs.ErrNotExist) {
		over[module] = load.FromString("module: \"loose.example.com@v0\"\nlanguage: version: \"" + schema.Language + "\"\n")
	}
	return over
}

func buildOne(t testing.TB, ctx *cue.Context, insts []*build.Instance) cue.Value {
	t.Helper()
	if len(insts) != 1 {
		t.Fatalf("got %d instances, want 1", len(insts))
	}
	if insts[0].Err != nil {
		t.Fatal(cueerrors.Details(insts[0].Err, nil))
	}
	v := ctx.BuildInstance(insts[0])
	if err := v.Err(); err != nil {
		t.Fatal(cueerrors.Details(err, nil))
	}
	return v
}

// eachPipeline runs f for every pipeline of every example.
func eachPipeline(t *testing.T, f func(t *testing.T, dir string, p schema.Pipeline)) {
	for _, dir := range sortedKeys(examples()) {
		for name, p := range pipelines(t, dir) {
			t.Run(dir+"/"+name, func(t *testing.T) { f(t, dir, p) })
		}
	}
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
