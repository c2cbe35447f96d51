package decode_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/diag"
)

// vet runs everything that `penstock vet` does on a directory.
func vet(t *testing.T, dir string, args []string) diag.List {
	t.Helper()
	_, diags, err := compiler.Vet(t.Context(), compiler.Options{Dir: dir, Args: args})
	if err != nil {
		t.Fatal(err)
	}
	return diags
}

// corpus is one txtar file: the user's files, their arguments and what is expected.
type corpus struct {
	args []string
	want []want
}

// want is one line of the section "want": file:line:col: code: part of the message and hint.
type want struct{ place, code, part string }

// fixtures are the local files that pipelines of the corpus name in passing: they exist unless an archive brings its own,
// so that each archive shows its one mistake and nothing else.
func fixtures(dir string) map[string]string {
	const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: registry.example.com/web/app}]}
`
	return map[string]string{
		filepath.Join(dir, "k8s", "web.yaml"):            deployment,
		filepath.Join(dir, "api", "api.yaml"):            deployment,
		filepath.Join(dir, "job", "job.yaml"):            deployment,
		filepath.Join(dir, "infra", "main.tf"):           "",
		filepath.Join(dir, "infra", "bucket", "main.tf"): "",
		filepath.Join(dir, "RUNBOOK.md"):                 "what to do\n",
	}
}

func unpack(t *testing.T, name string) (dir string, c corpus) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range a.Files {
		switch f.Name {
		case "args":
			c.args = strings.Fields(string(f.Data))
		case "want":
			for line := range strings.Lines(string(f.Data)) {
				c.want = append(c.want, readWant(t, strings.TrimSpace(line)))
			}
		default:
			put(t, filepath.Join(dir, filepath.FromSlash(f.Name)), f.Data)
		}
	}
	for path, data := range fixtures(dir) {
		if _, err := os.Stat(path); err != nil {
			put(t, path, []byte(data))
		}
	}
	return dir, c
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func readWant(t *testing.T, line string) want {
	t.Helper()
	parts := strings.SplitN(line, ": ", 3)
	if len(parts) != 3 {
		t.Fatalf("want %q is not PLACE: CODE: TEXT", line)
	}
	return want{parts[0], parts[1], parts[2]}
}

func (w want) matches(d diag.Diagnostic) bool {
	return d.Range.String() == w.place && string(d.Code) == w.code && strings.Contains(full(d), w.part)
}

// full is message and hint, as the corpus writes them.
func full(d diag.Diagnostic) string {
	if d.Hint == "" {
		return d.Message
	}
	return d.Message + "; " + d.Hint
}

func archives(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "testdata", dir, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in testdata/%s: %v", dir, err)
	}
	return names
}

// TestBroken holds each broken package to exactly the diagnostics it names.
func TestBroken(t *testing.T) {
	ran := 0
	for _, name := range archives(t, "broken") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			dir, c := unpack(t, name)
			if len(c.want) == 0 {
				t.Fatal("no section want")
			}
			ran++
			got := vet(t, dir, c.args)
			left := slices.Clone(got)
			for _, w := range c.want {
				i := slices.IndexFunc(left, w.matches)
				if i < 0 {
					t.Errorf("missing: %s: %s: %s", w.place, w.code, w.part)
					continue
				}
				left = slices.Delete(left, i, i+1)
			}
			for _, d := range left {
				t.Errorf("unexpected: %s: %s: %s", d.Range, d.Code, full(d))
			}
			readable(t, got)
		})
	}
	t.Logf("%d broken packages", ran)
}

// readable holds every diagnostic to what users must never see.
func readable(t *testing.T, l diag.List) {
	t.Helper()
	for _, d := range l {
		all := d.Message + " " + d.Hint
		for _, bad := range []string{"disjunction", "schema.", "reflect", "*ast", "_|_", "map[", "penstock_", "\n", "  "} {
			if strings.Contains(all, bad) && !strings.Contains(all, "schema.#") {
				t.Errorf("%q in %q", bad, all)
			}
		}
		if strings.HasSuffix(d.Message, ".") {
			t.Errorf("final stop in %q", d.Message)
		}
		if d.Range.File == "" || strings.HasPrefix(d.Range.File, "/") || strings.Contains(d.Range.File, "penstock.dev/schema/") {
			t.Errorf("%q does not point into the user's files: %s", d.Message, d.Range)
		}
	}
}

// TestGood holds packages that are right to no diagnostic at all.
func TestGood(t *testing.T) {
	for _, name := range archives(t, "good") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			dir, c := unpack(t, name)
			for _, d := range vet(t, dir, c.args) {
				t.Errorf("%s: %s: %s", d.Range, d.Code, full(d))
			}
		})
	}
}
