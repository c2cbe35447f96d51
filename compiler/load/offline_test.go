package load_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"cuelang.org/go/mod/modconfig"
	"cuelang.org/go/mod/modregistrytest"
	"cuelang.org/go/mod/module"

	"github.com/penstock-dev/penstock/compiler/load"
)

const usesGolden = `package web

import "golden.example.com/p"

pipeline: p.#Service & {name: "web"}
`

// TestModuleCache loads a module that CUE has cached, with no registry in reach.
func TestModuleCache(t *testing.T) {
	dir := write(t, map[string]string{
		"cue.mod/module.cue": `module: "m.example.com@v0"
language: version: "v0.17.0"
deps: {
	"golden.example.com@v1": v: "v1.2.3"
	"penstock.dev/schema@v1": v: "v1.0.0"
}
`,
		"p.cue": usesGolden,
	})
	cache := t.TempDir()
	t.Setenv("CUE_CACHE_DIR", cache)
	t.Cleanup(func() { makeWritable(t, cache) })

	_, diags, err := load.Load(t.Context(), load.Options{Dir: dir})
	if err != nil || len(diags) != 1 || diags[0].Code != "unknown-package" || !strings.Contains(diags[0].Hint, "never on the network") {
		t.Fatalf("before it is cached: %v, %v", diags, err)
	}
	fillCache(t, cache)
	units := mustLoad(t, load.Options{Dir: dir})
	if len(units) != 1 {
		t.Fatalf("got %v", units)
	}
	if _, ok := units[0].Inputs["golden.example.com@v1.2.3/p/p.cue"]; !ok {
		t.Errorf("inputs %v lack the cached file", units[0].Inputs)
	}
}

// fillCache fetches golden.example.com from a registry in this process, as `cue mod get` would.
func fillCache(t *testing.T, cache string) {
	t.Helper()
	reg, err := modregistrytest.New(fstest.MapFS{
		"golden.example.com_v1.2.3/cue.mod/module.cue":  {Data: []byte("module: \"golden.example.com@v1\"\nlanguage: version: \"v0.17.0\"\ndeps: \"penstock.dev/schema@v1\": v: \"v1.0.0\"\n")},
		"golden.example.com_v1.2.3/p/p.cue":             {Data: []byte("package p\n\nimport \"penstock.dev/schema\"\n\n#Service: schema.#Pipeline & {\n\tname: string\n\tstages: build: exec: command: [\"make\", name]\n}\n")},
		"penstock.dev_schema_v1.0.0/cue.mod/module.cue": {Data: []byte("module: \"penstock.dev/schema@v1\"\nlanguage: version: \"v0.17.0\"\n")},
		"penstock.dev_schema_v1.0.0/s.cue":              {Data: []byte("package schema\n\n#Pipeline: {}\n")},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reg.Close)
	cfg, err := modconfig.NewRegistry(&modconfig.Config{Env: []string{"CUE_CACHE_DIR=" + cache, "CUE_REGISTRY=" + reg.Host() + "+insecure"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.Fetch(t.Context(), module.MustNewVersion("golden.example.com@v1", "v1.2.3")); err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.ModFile(t.Context(), module.MustNewVersion("golden.example.com@v1", "v1.2.3")); err != nil {
		t.Fatal(err)
	}
}

// TestNoNetwork points CUE at a registry and counts what asks it.
func TestNoNetwork(t *testing.T) {
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "no", http.StatusNotFound)
	}))
	defer srv.Close()
	t.Setenv("CUE_REGISTRY", strings.TrimPrefix(srv.URL, "http://")+"+insecure")
	t.Setenv("CUE_CACHE_DIR", t.TempDir())
	dir := write(t, map[string]string{
		"cue.mod/module.cue": "module: \"m.example.com@v0\"\nlanguage: version: \"v0.17.0\"\ndeps: \"golden.example.com@v1\": v: \"v1.2.3\"\n",
		"p.cue":              usesGolden,
	})
	_, diags, err := load.Load(t.Context(), load.Options{Dir: dir})
	if err != nil || len(diags) != 1 || diags[0].Code != "unknown-package" {
		t.Errorf("got %v, %v", diags, err)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("asked the registry %d times", n)
	}
}

// makeWritable undoes the read-only modes of CUE's cache, so that the directory can be removed.
func makeWritable(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o777)
		}
		return err
	})
	if err != nil {
		t.Log(err)
	}
}
