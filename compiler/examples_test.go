package compiler_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/diag"
)

// examples lists the directories of the example pipelines.
func examples(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../examples/*/pipeline.cue")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var dirs []string
	for _, f := range files {
		dirs = append(dirs, filepath.Dir(f))
	}
	return dirs
}

// compileAll compiles the pipelines of a directory, from within it.
func compileAll(t testing.TB, dir string, o compiler.Options) []compiler.Compiled {
	t.Helper()
	o.Dir = dir
	all, list, err := compiler.Compile(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Severity == diag.SeverityError {
			t.Errorf("%v", d)
		}
	}
	if len(all) == 0 {
		t.Fatal("no pipeline")
	}
	return all
}

// northStar are the examples whose plans are held word for word: a change of any of them is a change that users see.
var northStar = []string{"autoscaler", "ledger", "payments", "quickstart", "storefront", "thumbnails"}

// TestNorthStar holds plans: UPDATE=1 writes them anew.
func TestNorthStar(t *testing.T) {
	for _, name := range northStar {
		t.Run(name, func(t *testing.T) {
			c := compileAll(t, filepath.Join("../examples", name), compiler.Options{Version: "test"})[0]
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, c.File.Body, "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			golden(t, filepath.Join("testdata", "plans", name+".json"), pretty.Bytes())
		})
	}
}

// TestExamples holds what is true of every plan.
func TestExamples(t *testing.T) {
	for _, dir := range examples(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			for _, c := range compileAll(t, dir, compiler.Options{Version: "test"}) {
				t.Run(c.Name, func(t *testing.T) { checkPlan(t, c) })
			}
		})
	}
}

func checkPlan(t *testing.T, c compiler.Compiled) {
	b, err := plan.Encode(c.File)
	if err != nil {
		t.Fatal(err)
	}
	again, p, err := plan.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != c.File.ID || !bytes.Equal(again.Body, c.File.Body) {
		t.Error("what was written and read again is another plan")
	}
	if diff := cmp.Diff(c.Plan.Nodes, p.Nodes); diff != "" {
		t.Errorf("what was compiled is not what was written:\n%s", diff)
	}
	for _, n := range p.Nodes {
		o := c.File.Provenance.Nodes[string(n.ID)]
		if o.Line == 0 || o.File == "" || o.Path == "" {
			t.Errorf("node %s comes from %+v", n.ID, o)
		}
		if n.Timeout <= 0 {
			t.Errorf("node %s has no timeout", n.ID)
		}
		if lockless(n) != (n.Lock == "") {
			t.Errorf("node %s has lock %q", n.ID, n.Lock)
		}
	}
	for ref, w := range p.Workloads {
		_, err := plan.Fill(w.Spec, w.Holes, func(plan.Binding) (string, bool) { return "x", true })
		if err != nil {
			t.Errorf("workload %s: %v", ref, err)
		}
	}
}

// lockless says which nodes change nothing in an environment.
func lockless(n plan.Node) bool {
	switch n.Do.Op() {
	case plan.OpSnapshot, plan.OpStage, plan.OpShift, plan.OpCommit, plan.OpRetire, plan.OpApply, plan.OpMigrate:
		return false
	case plan.OpExec:
		return n.Do.Exec.Environment == ""
	}
	return true
}

// golden compares with a file, or writes it when UPDATE is set.
func golden(t testing.TB, name string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; UPDATE=1 go test rewrites it. Got:\n%s", name, got)
	}
}
