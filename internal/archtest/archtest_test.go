// Package archtest holds the import rules of the house: data flows one way, and no package reaches back.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/penstock-dev/penstock"

// rule says which packages must not reach which others, directly or through packages of this module.
type rule struct {
	// from selects packages by path below the module: "runtime" exactly, "runtime/..." with all below it.
	from []string
	// except leaves packages out of from.
	except []string
	// never lists what must not be reached: module-relative paths ("./compiler/load"), or any import path prefix.
	never []string
	why   string
}

// rules is the table; read it top to bottom.
var rules = []rule{
	{from: []string{"internal/diag", "internal/dag", "internal/names", "internal/evidence", "internal/calendar", "internal/leak", "internal/git"}, never: []string{"./..."}, why: "the bottom of the house imports nothing of it"},
	{from: []string{"schema"}, never: []string{"./...", "cuelang.org/go"}, why: "the schema is plain data: every later package reads it"},
	{from: []string{"compiler/plan"}, never: []string{"./schema/...", "./runtime/...", "./policies/...", "./compiler/load", "./compiler/decode", "./compiler/check", "./compiler/lower", "cuelang.org/go"}, why: "the plan outlives the compiler that made it"},
	{from: []string{"compiler/..."}, never: []string{"./runtime/...", "./policies/...", "./targets/all", "live", "os/exec", "./internal/git"}, why: "the compiler never executes and asks no policy"},
	{from: []string{"compiler/check", "compiler/lower", "compiler/source", "compiler/inspect", "compiler/bind"}, never: []string{"cuelang.org/go"}, why: "after decode nobody holds a CUE value"},
	{from: []string{"policies/..."}, never: []string{"./runtime/...", "./targets/...", "./compiler/load", "./compiler/decode", "./compiler/lower", "cuelang.org/go"}, why: "a policy judges a plan and nothing else"},
	{from: []string{"runtime/..."}, never: []string{"./policies/...", "./compiler/load", "./compiler/decode", "./compiler/check", "./compiler/lower", "./targets/all", "live", "cuelang.org/go", "github.com/open-policy-agent/opa"}, why: "the runtime never reads CUE and drives targets through interfaces"},
	{from: []string{"runtime/machine", "runtime/judge", "runtime/event", "internal/evidence"}, never: []string{"os", "net", "net/http", "sync", "context", "math/rand", "os/exec", "./targets/..."}, why: "it is pure: no clock, no goroutine, no I/O"},
	{from: []string{"runtime/judge"}, never: []string{"./runtime/metrics", "./runtime/store"}, why: "a judge sees counts, not where they come from"},
	{from: []string{"runtime/store"}, never: []string{"./runtime/machine", "./runtime/local", "./targets/..."}, why: "the store keeps facts and understands none"},
	{from: []string{"targets"}, never: []string{"./runtime/...", "./policies/...", "./compiler/load", "./compiler/decode", "./compiler/check", "./compiler/lower", "net/http", "os/exec"}, why: "the parent package is light: data and interfaces"},
	{from: []string{"targets/..."}, except: []string{"targets/targettest"}, never: []string{"./runtime/...", "./policies/...", "./compiler/load", "./compiler/decode", "./compiler/check", "./compiler/lower"}, why: "a target does what it is told and never judges"},
	{from: []string{"cmd/penstock/internal/view"}, never: []string{"./compiler/lower", "./compiler/bind", "./targets/all", "live"}, why: "a view never decides"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	pkgs := map[string]pkg{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs[p.ImportPath] = p
	}
}

// matches reports whether the import path is what the pattern means.
func matches(path, pattern string) bool {
	switch {
	case pattern == "live":
		return strings.HasPrefix(path, module+"/targets/") && strings.HasSuffix(path, "/live")
	case pattern == "./...":
		return strings.HasPrefix(path, module+"/")
	case strings.HasPrefix(pattern, "./"):
		pattern = module + pattern[1:]
	case !strings.Contains(pattern, "."):
		return path == pattern // standard library: exactly
	}
	base, deep := strings.CutSuffix(pattern, "/...")
	if deep || !strings.HasPrefix(pattern, module) {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == base
}

// reach walks the imports of start inside the module and returns the chain to the first forbidden package.
func reach(pkgs map[string]pkg, start string, never []string) []string {
	from := map[string]string{start: ""}
	queue := []string{start}
	for len(queue) > 0 {
		cur := queue[0]
		queue = queue[1:]
		for _, imp := range pkgs[cur].Imports {
			if _, seen := from[imp]; seen {
				continue
			}
			from[imp] = cur
			// the standard library's own needs are not ours: only direct imports of pure packages count there
			inModule := strings.HasPrefix(imp, module+"/")
			for _, n := range never {
				std := !strings.Contains(n, ".") && n != "live"
				if std && cur != start {
					continue
				}
				if matches(imp, n) {
					return chain(from, imp)
				}
			}
			if inModule {
				queue = append(queue, imp)
			}
		}
	}
	return nil
}

func chain(from map[string]string, end string) []string {
	var out []string
	for p := end; p != ""; p = from[p] {
		out = append(out, strings.TrimPrefix(p, module+"/"))
	}
	slices.Reverse(out)
	return out
}

func TestImports(t *testing.T) {
	pkgs := list(t)
	for _, r := range rules {
		found := false
		for _, path := range slices.Sorted(maps.Keys(pkgs)) {
			if !selected(path, r) {
				continue
			}
			found = true
			if c := reach(pkgs, path, r.never); c != nil {
				t.Errorf("%s\n\tmust not be: %s", strings.Join(c, " → "), r.why)
			}
		}
		if !found {
			t.Errorf("rule for %v selects no package: remove it or mend its path", r.from)
		}
	}
}

func selected(path string, r rule) bool {
	for _, e := range r.except {
		if matches(path, "./"+e) {
			return false
		}
	}
	for _, f := range r.from {
		if matches(path, "./"+f) {
			return true
		}
	}
	return false
}

// topLevel is the house: a folder that isn't here has no place yet.
var topLevel = []string{"cmd", "compiler", "docs", "examples", "internal", "policies", "runtime", "schema", "targets", "test"}

func TestTopLevel(t *testing.T) {
	for path := range list(t) {
		rel := strings.TrimPrefix(path, module+"/")
		top, _, _ := strings.Cut(rel, "/")
		if !slices.Contains(topLevel, top) {
			t.Errorf("package %s stands outside the house (%s)", path, strings.Join(topLevel, " "))
		}
		for _, bad := range []string{"util", "utils", "common", "helpers", "types"} {
			if strings.HasSuffix(rel, "/"+bad) {
				t.Errorf("package %s: name it after what it does", path)
			}
		}
	}
}
