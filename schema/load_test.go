package schema_test

import (
	"io/fs"
	"path"
	"path/filepath"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/load"

	"github.com/penstock-dev/penstock/schema"
)

// vendored is where a CUE module looks for the schema without a registry.
const vendored = "cue.mod/pkg/" + schema.ImportPath

// overlaySchema puts the embedded files under root as a vendored package.
func overlaySchema(t testing.TB, overlay map[string]load.Source, root string) {
	t.Helper()
	files, err := schema.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if path.Dir(name) == "." {
			overlay[filepath.Join(root, filepath.FromSlash(vendored), name)] = load.FromBytes(content)
		}
	}
}

// compileSchema loads the module by itself, from the embedded files alone.
func compileSchema(t testing.TB, ctx *cue.Context) cue.Value {
	t.Helper()
	root := filepath.FromSlash("/embedded")
	overlay := map[string]load.Source{}
	files, err := schema.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		overlay[filepath.Join(root, filepath.FromSlash(name))] = load.FromBytes(content)
	}
	return buildOne(t, ctx, load.Instances([]string{"."}, &load.Config{Dir: root, Overlay: overlay, Env: []string{"CUE_REGISTRY=none"}}))
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
