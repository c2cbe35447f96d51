package compiler_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/corpus"
)

// TestInputs changes one path at a time.
func TestInputs(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const pipeline = `package web

import "mono.example.com/lib"

pipeline: {
	name: "web"
	owner: {team: "web", runbook: "../docs/RUNBOOK.md"}
	environments: lab: {tier: "test", kubernetes: {context: "lab", namespace: "web"}}
	environments: net: {tier: "test", terraform: {}}
	workloads: web: kubernetes: manifests: ["./k8s/*.yaml"]
	workloads: net: terraform: {module: "./infra", varFiles: ["lab.tfvars"]}
	stages: {
		web: {exec: command: lib.command}
		net: deploy: {workload: "net", in: "net", apply: {}}
	}
}
`
	for name, text := range map[string]string{
		"cue.mod/module.cue": "module: \"mono.example.com@v0\"\nlanguage: version: \"v0.17.0\"\n",
		"lib/lib.cue":        "package lib\n\ncommand: [\"make\"]\n",
		"web/pipeline.cue":   pipeline,
		"docs/RUNBOOK.md":    "x", "web/k8s/a.yaml": "x", "web/infra/main.tf": "", "web/lab.tfvars": "",
	} {
		if err := corpus.Put(filepath.Join(dir, filepath.FromSlash(name)), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("RUNBOOK.md", filepath.Join(dir, "docs", "link.md")); err != nil {
		t.Fatal(err)
	}
	res, _, err := compiler.Vet(t.Context(), compiler.Options{Dir: dir, Args: []string{"./web"}})
	if err != nil || len(res.Pipelines) != 1 {
		t.Fatal(err, res)
	}
	for _, c := range []struct {
		path       string
		gone, want bool
	}{
		{"web/pipeline.cue", false, true},
		{"web/gone.cue", true, true},
		{"web/tagged.cue", false, true},
		{"web/pipeline_tool.cue", false, false},
		{"web/README.md", false, false},
		{"lib/lib.cue", false, true},
		{"lib/gone.cue", true, true},
		{"other/other.cue", false, false},
		{"shared.cue", true, true}, // packages share the files of directories above
		{"shared.cue", false, false},
		{"cue.mod/module.cue", false, true},
		{"web/cue.mod/module.cue", true, true},
		{"docs/RUNBOOK.md", true, true},
		{"docs/OTHER.md", false, false},
		{"docs", false, true}, // a submodule
		{"", false, true},
		{"web/k8s/a.yaml", false, true},
		{"web/k8s/b.yaml", true, true},
		{"web/k8s/b.txt", true, false},
		{"web/infra/main.tf", false, true},
		{"web/infra/gone.auto.tfvars", true, true},
		{"web/infra/README.md", false, false},
		{"web/lab.tfvars", false, true},
	} {
		path := filepath.Join(dir, filepath.FromSlash(c.path))
		if got := res.Pipelines[0].Inputs.ChangedBy(map[string]bool{path: c.gone}); got != c.want {
			t.Errorf("%q (gone: %v) changes the pipeline: %v", c.path, c.gone, got)
		}
	}
}
