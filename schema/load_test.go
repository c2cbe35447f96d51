package schema_test

import (
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/load"

	"github.com/penstock-dev/penstock/schema"
)

// overlaySchema returns the embedded files below dir, as sources for load.
func overlaySchema(t testing.TB, dir string) map[string]load.Source {
	t.Helper()
	files, err := schema.Files()
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]load.Source{}
	for name, content := range files {
		overlay[filepath.Join(dir, filepath.FromSlash(name))] = load.FromBytes(content)
	}
	return overlay
}

// compileSchema loads the module by itself, from the embedded files alone.
func compileSchema(t testing.TB, ctx *cue.Context) cue.Value {
	t.Helper()
	root := filepath.FromSlash("/embedded")
	return buildOne(t, ctx, load.Instances([]string{"."}, &load.Config{
		Dir: root, Overlay: overlaySchema(t, root), Env: []string{"CUE_REGISTRY=none"},
	}))
}

// compilePipeline builds text as a user's only file, which may import the schema.
func compilePipeline(t testing.TB, ctx *cue.Context, text string) (cue.Value, error) {
	t.Helper()
	root := filepath.FromSlash("/user")
	overlay := map[string]load.Source{
		filepath.Join(root, "cue.mod", "module.cue"): load.FromString("module: \"user.example.com@v0\"\nlanguage: version: \"" + schema.Language + "\"\n"),
		filepath.Join(root, "pipeline.cue"):          load.FromString(text),
	}
	for name, source := range overlaySchema(t, filepath.Join(root, "cue.mod", "pkg", filepath.FromSlash(schema.ImportPath))) {
		if path.Ext(name) == ".cue" && path.Base(name) != "module.cue" {
			overlay[name] = source
		}
	}
	insts := load.Instances([]string{"."}, &load.Config{Dir: root, Overlay: overlay, Env: []string{"CUE_REGISTRY=none"}})
	if err := insts[0].Err; err != nil {
		return cue.Value{}, err
	}
	v := ctx.BuildInstance(insts[0])
	return v, v.Validate(cue.Concrete(true), cue.Final())
}

func buildOne(t testing.TB, ctx *cue.Context, insts []*build.Instance) cue.Value {
	t.Helper()
	if len(insts) != 1 {
		t.Fatalf("got %d instances, want 1", len(insts))
	}
	if insts[0].Err != nil {
		t.Fatal(details(insts[0].Err))
	}
	v := ctx.BuildInstance(insts[0])
	if err := v.Err(); err != nil {
		t.Fatal(details(err))
	}
	return v
}

// details is everything CUE says about err.
func details(err error) string { return errors.Details(err, nil) }

func TestSchemaCompiles(t *testing.T) {
	v := compileSchema(t, cuecontext.New())
	if err := v.Validate(); err != nil {
		t.Fatal(details(err))
	}
	if !v.LookupPath(cue.ParsePath("#Pipeline")).Exists() {
		t.Fatal("no #Pipeline in the schema")
	}
}

func TestEmbeddedModule(t *testing.T) {
	content, err := fs.ReadFile(schema.FS, "cue.mod/module.cue")
	if err != nil {
		t.Fatal(err)
	}
	v := cuecontext.New().CompileBytes(content)
	for path, want := range map[string]string{"module": schema.ModulePath, "language.version": schema.Language} {
		got, err := v.LookupPath(cue.ParsePath(path)).String()
		if err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", path, got, err, want)
		}
	}
}

func TestPreVersion(t *testing.T) {
	one, err := schema.PreVersion()
	if err != nil {
		t.Fatal(err)
	}
	two, err := schema.PreVersion()
	if err != nil {
		t.Fatal(err)
	}
	if one != two {
		t.Errorf("two calls give %s and %s", one, two)
	}
	if !regexp.MustCompile(`^v1\.0\.0-0\.h[0-9a-f]{12}$`).MatchString(one) {
		t.Errorf("%q is not a pre-release version of %s", one, schema.Version)
	}
}
