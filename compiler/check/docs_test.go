package check_test

import (
	"path/filepath"
	"testing"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/check"
	"github.com/penstock-dev/penstock/internal/corpus"
	"github.com/penstock-dev/penstock/internal/diag"
)

// vet is what `penstock vet` says of a directory on the day of the corpus.
func vet(t testing.TB, dir string, tags []string) diag.List {
	t.Helper()
	_, list, err := compiler.Vet(t.Context(), compiler.Options{Dir: dir, Tags: tags, Today: "2026-11-28"})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := corpus.Put(path, b); err != nil {
		t.Fatal(err)
	}
}

// line is the diagnostic as the corpus writes it.
func line(d diag.Diagnostic) string {
	text := d.Range.String() + ": " + string(d.Code) + ": " + d.Message
	if d.Hint != "" {
		text += "; " + d.Hint
	}
	return text
}

// TestDocs holds every code to its text, and the examples to what they promise.
func TestDocs(t *testing.T) {
	seen := map[diag.Code]bool{}
	for _, d := range check.Docs() {
		if seen[d.Code] {
			t.Errorf("%s is described twice", d.Code)
		}
		seen[d.Code] = true
		t.Run(string(d.Code), func(t *testing.T) {
			if d.Title == "" || d.What == "" || d.Why == "" {
				t.Error("the text is not complete")
			}
			for _, found := range example(t, d.Good, d.Tags) {
				t.Errorf("the good example: %s", line(found))
			}
			list := example(t, d.Bad, d.Tags)
			if len(list) == 0 {
				t.Error("the bad example is not bad")
			}
			for _, found := range list {
				if found.Code != d.Code || found.Range.Start.Line == 0 {
					t.Errorf("the bad example: %s", line(found))
				}
			}
		})
	}
}

// example checks the base with a fragment added in a file of its own, beside the local files that they name.
func example(t *testing.T, fragment string, tags []string) diag.List {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"RUNBOOK.md":            "Roll back first, then look.\n",
		"keys/release.pub":      "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"k8s/web.yaml":          deployment("web"),
		"api/api.yaml":          deployment("api"),
		"scaled/api.yaml":       deployment("api") + "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: api}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}}\n",
		"infra/cluster/main.tf": "",
		"elsewhere/main.tf":     "",
	} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), []byte(text))
	}
	write(t, filepath.Join(dir, "base.cue"), []byte(check.Base()))
	write(t, filepath.Join(dir, "example.cue"), []byte("package web\n\npipeline: {\n"+fragment+"\n}\n"))
	return vet(t, dir, tags)
}

func deployment(name string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name + "}\nspec:\n  replicas: 4\n  selector: {matchLabels: {app: " + name + "}}\n" +
		"  template:\n    metadata: {labels: {app: " + name + "}}\n    spec: {containers: [{name: web, image: registry.example.com/web/app}, {name: proxy, image: \"registry.example.com/web/proxy@sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730\"}]}\n"
}
