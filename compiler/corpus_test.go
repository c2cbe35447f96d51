package compiler_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/check"
	"github.com/penstock-dev/penstock/compiler/explain"
	"github.com/penstock-dev/penstock/internal/corpus"
	"github.com/penstock-dev/penstock/internal/diag"
)

// today is the day on which the corpus is checked.
const today = "2026-11-28"

// vetArchive runs everything that `penstock vet` does on an archive. The local files that its pipelines name in passing
// exist unless it brings its own, so that each archive shows its one mistake and nothing else.
func vetArchive(t *testing.T, a corpus.Archive) diag.List {
	t.Helper()
	dir := t.TempDir()
	writeArchive(t, a, dir)
	_, list, err := compiler.Vet(t.Context(), compiler.Options{Dir: dir, Args: a.Args, Tags: a.Tags, Today: today})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// writeArchive puts an archive into a directory, with the local files that it names and doesn't bring.
func writeArchive(t *testing.T, a corpus.Archive, dir string) {
	t.Helper()
	if err := a.Write(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range fixtures() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(path); err != nil {
			if err := corpus.Put(path, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func fixtures() map[string]string {
	const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: registry.example.com/web/app}
        - {name: side, image: "registry.example.com/web/side@sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"}
        - {name: proxy, image: "registry.example.com/web/proxy@sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"}
        - {name: batch, image: "registry.example.com/web/batch@sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"}
`
	return map[string]string{
		"k8s/web.yaml":         deployment,
		"api/api.yaml":         deployment,
		"job/job.yaml":         deployment,
		"infra/main.tf":        "",
		"infra/bucket/main.tf": "",
		"RUNBOOK.md":           "what to do\n",
	}
}

func archives(t testing.TB, dir string) []corpus.Archive {
	t.Helper()
	all, err := corpus.Glob("testdata/" + dir + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// full is message and hint, as the corpus writes them.
func full(d diag.Diagnostic) string {
	if d.Hint == "" {
		return d.Message
	}
	return d.Message + "; " + d.Hint
}

// TestBroken holds each broken package to exactly the diagnostics that are marked in it, and every code of a check to a
// package that shows it.
func TestBroken(t *testing.T) {
	all, shown := archives(t, "broken"), map[diag.Code]bool{}
	for _, a := range all {
		t.Run(a.Name, func(t *testing.T) {
			if len(a.Wants) == 0 {
				t.Fatal("nothing is marked")
			}
			got := vetArchive(t, a)
			left := slices.Clone(got)
			for _, w := range a.Wants {
				i := slices.IndexFunc(left, func(d diag.Diagnostic) bool {
					return d.Range.String() == w.Place && string(d.Code) == w.Code && strings.Contains(full(d), w.Part)
				})
				if i < 0 {
					t.Errorf("missing: %s: %s: %s", w.Place, w.Code, w.Part)
					continue
				}
				shown[left[i].Code] = true
				left = slices.Delete(left, i, i+1)
			}
			for _, d := range left {
				t.Errorf("unexpected: %s: %s: %s", d.Range, d.Code, full(d))
			}
			readable(t, got)
			allowable(t, got)
		})
	}
	for _, d := range check.Docs() {
		if !shown[d.Code] {
			t.Errorf("no broken package shows %s", d.Code)
		}
	}
	if len(all) < 400 {
		t.Errorf("only %d broken packages", len(all))
	}
}

// readable holds every diagnostic to what users must never see.
func readable(t *testing.T, l diag.List) {
	t.Helper()
	for _, d := range l {
		bothPlaces(t, d)
		all := d.Message + " " + d.Hint
		for _, bad := range []string{"disjunction", "schema.", "reflect", "*ast", "_|_", "map[", "penstock_", "\n", "  "} {
			if strings.Contains(all, bad) && !strings.Contains(all, "schema.#") {
				t.Errorf("%q in %q", bad, all)
			}
		}
		if strings.Contains(all, os.TempDir()) {
			t.Errorf("an absolute path in %q", all)
		}
		if strings.HasSuffix(d.Message, ".") {
			t.Errorf("final stop in %q", d.Message)
		}
		if d.Range.File == "" || strings.HasPrefix(d.Range.File, "/") || strings.Contains(d.Range.File, "penstock.dev/schema/") {
			t.Errorf("%q does not point into the user's files: %s", d.Message, d.Range)
		}
	}
}

// allowable holds every warning to a text that says how to allow it: a warning always may be.
func allowable(t *testing.T, l diag.List) {
	t.Helper()
	for _, d := range l {
		doc, _ := explain.Lookup(d.Code)
		if d.Severity == diag.SeverityWarning && doc.Phase == "check" && !doc.Allow {
			t.Errorf("%s is a warning, and its text does not say Allow", d.Code)
		}
	}
}

// bothPlaces holds a conflict with a shared module to the user's place first, and the module's beside it.
func bothPlaces(t *testing.T, d diag.Diagnostic) {
	t.Helper()
	if d.Code != "conflict" || !strings.Contains(d.Message, "the shared module says") {
		return
	}
	const module = "cue.mod/pkg/"
	if strings.HasPrefix(d.Range.File, module) || len(d.Related) == 0 || !strings.HasPrefix(d.Related[0].Range.File, module) || !strings.HasPrefix(d.Related[0].Message, "what ") {
		t.Errorf("%s: %q has to stand at the user's place and name the module's: %v", d.Range, d.Message, d.Related)
	}
}

// TestGood holds packages that are right to no diagnostic at all.
func TestGood(t *testing.T) {
	all := archives(t, "good")
	for _, a := range all {
		t.Run(a.Name, func(t *testing.T) {
			if len(a.Wants) > 0 {
				t.Error("a good package marks a diagnostic")
			}
			for _, d := range vetArchive(t, a) {
				t.Errorf("%s: %s: %s", d.Range, d.Code, full(d))
			}
		})
	}
	if len(all) < 50 {
		t.Errorf("only %d good packages", len(all))
	}
}
