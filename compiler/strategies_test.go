package compiler_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/plan"
)

// TestStrategies compiles each archive of testdata/strategies and compares its file plan.txt, which lists nodes and
// monitors in full. UPDATE=1 writes it anew.
func TestStrategies(t *testing.T) {
	files, err := filepath.Glob("testdata/strategies/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := compileAll(t, extract(t, ar), compiler.Options{})[0]
			checkPlan(t, c)
			got := listing(t, c.Plan)
			i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "plan.txt" })
			if os.Getenv("UPDATE") != "" {
				if i < 0 {
					i = len(ar.Files)
					ar.Files = append(ar.Files, txtar.File{Name: "plan.txt"})
				}
				ar.Files[i].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if i < 0 || string(ar.Files[i].Data) != got {
				t.Errorf("the plan differs; UPDATE=1 go test rewrites it. Got:\n%s", got)
			}
		})
	}
}

// extract writes an archive to a directory.
func extract(t testing.TB, ar *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range ar.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// listing writes stages, nodes and monitors for people to read, leaving nothing out.
func listing(t testing.TB, p *plan.Plan) string {
	var b strings.Builder
	line := func(name string, v any) {
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if s := string(j); s != "null" && s != `""` && s != "false" {
			fmt.Fprintf(&b, "  %-13s %s\n", name, strings.ReplaceAll(s, `"`, ""))
		}
	}
	for _, s := range p.Stages {
		fmt.Fprintf(&b, "stage %s\n", s.Name)
		line("is", s)
	}
	for _, n := range p.Nodes {
		fmt.Fprintf(&b, "node %s\n", n.ID)
		line("do", n.Do)
		line("undo", n.Undo)
		line("needs", n.Needs)
		line("when", n.When)
		line("hold", n.Hold)
		line("timeout", n.Timeout)
		line("retry", n.Retry)
		line("interruptible", n.Interruptible)
		line("lock", n.Lock)
		line("irreversible", n.Irreversible)
	}
	for _, m := range p.Monitors {
		fmt.Fprintf(&b, "monitor %s\n", m.ID)
		line("watches", m.Workload)
		line("opens", m.Opens)
		line("closes", m.Closes)
		line("when", m.When)
		line("judge", m.Judge)
	}
	return b.String()
}
