// Command inputs writes the pipelines that test/bench.sh measures, each a module of its own with the schema vendored, so that
// `cue vet -c` checks the same file against the same schema.
//
//	go run ./test/inputs -stages 5000 DIR        one pipeline of 5,000 stages in DIR
//	go run ./test/inputs -pipelines 64 DIR       64 small ones in the directories of one module
//	go run ./test/inputs -modules 64 DIR         64 small ones, each a module
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/penstock-dev/penstock/internal/corpus"
	"github.com/penstock-dev/penstock/schema"
)

func main() {
	stages := flag.Int("stages", 0, "write one pipeline of so many stages")
	pipelines := flag.Int("pipelines", 0, "write so many small pipelines into one module")
	modules := flag.Int("modules", 0, "write so many modules with a small pipeline each")
	flag.Parse()
	if err := run(flag.Arg(0), *stages, *pipelines, *modules); err != nil {
		fmt.Fprintln(os.Stderr, "inputs:", err)
		os.Exit(1)
	}
}

func run(dir string, stages, pipelines, modules int) error {
	if dir == "" {
		return fmt.Errorf("name the directory to write to")
	}
	if stages > 0 {
		return write(dir, wide(stages), true)
	}
	if pipelines > 0 {
		if err := module(dir); err != nil {
			return err
		}
	}
	for i := range max(pipelines, modules) {
		if err := write(filepath.Join(dir, fmt.Sprintf("p%02d", i)), small(i), modules > 0); err != nil {
			return err
		}
	}
	return nil
}

// write puts a pipeline into a directory, beside the files that it names.
func write(dir, text string, own bool) error {
	if own {
		if err := module(dir); err != nil {
			return err
		}
	}
	const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 4\n  selector: {matchLabels: {app: web}}\n" +
		"  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: registry.example.com/web/app}]}\n"
	for name, data := range map[string]string{"pipeline.cue": text, "RUNBOOK.md": "Roll back first, then look.\n", "k8s/web.yaml": deployment} {
		if err := corpus.Put(filepath.Join(dir, filepath.FromSlash(name)), []byte(data)); err != nil {
			return err
		}
	}
	return nil
}

// module makes a directory a CUE module with the schema vendored.
func module(dir string) error {
	files, err := schema.Files()
	if err != nil {
		return err
	}
	for name, data := range files {
		if strings.Contains(name, "/") {
			continue
		}
		if err := corpus.Put(filepath.Join(dir, "cue.mod", "pkg", filepath.FromSlash(schema.ImportPath), name), data); err != nil {
			return err
		}
	}
	text := "module: \"bench.example.com@v0\"\nlanguage: version: \"" + schema.Language + "\"\n"
	return corpus.Put(filepath.Join(dir, "cue.mod", "module.cue"), []byte(text))
}

// small is a whole release of one program on this machine: a build, a test, and a judged canary.
func small(i int) string {
	return fmt.Sprintf(`package hello

import "penstock.dev/schema"

pipeline: schema.#Pipeline & {
	name: "hello-%02d"
	owner: {team: "web", runbook: "RUNBOOK.md"}

	artifacts: app: file: path: "bin/hello"
	environments: local: {tier: "development", process: {}}
	workloads: hello: process: {
		artifact: "app"
		args: ["serve"]
		listen: "127.0.0.1:%d"
		ready: http: "/healthz"
	}
	slos: availability: {objective: 99, over: "1h", sli: requests: workload: "hello"}

	stages: {
		build: exec: {command: ["make", "hello"], produces: app: {}}
		test: {needs: ["build"], exec: command: ["make", "hello-test"]}
		release: {
			needs: ["test"]
			deploy: {
				workload: "hello"
				in:       "local"
				canary: {
					steps: [{weight: 10, hold: "10m"}, {weight: 50, hold: "10m"}]
					analysis: slos: availability: {}
				}
			}
		}
	}
}
`, i, 8000+i)
}

// wide is a pipeline of n stages in rows of ten, each stage needing one of the row before: canaries, rolling updates,
// approvals and commands in equal parts, each deployment in an environment of its own.
func wide(n int) string {
	var envs, stages strings.Builder
	for i, e := 1, 0; i < n; i++ {
		need := "build"
		if i > 10 {
			need = fmt.Sprintf("s%04d", i-10)
		}
		if i%4 == 1 || i%4 == 2 {
			fmt.Fprintf(&envs, "\t\tplace%04d: {tier: \"staging\", kubernetes: {context: \"c%04d\", namespace: \"web\"}, metrics: prometheus: url: \"http://prometheus-%04d.example.com:9090\"}\n", e, e, e)
		}
		switch i % 4 {
		case 0:
			fmt.Fprintf(&stages, "\t\ts%04d: {\n\t\t\tneeds: [%q]\n\t\t\texec: {command: [\"ci/test.sh\", \"%d\"], env: MODE: \"full\", inject: DIGEST: artifact: \"app\"}\n\t\t\ttimeout: \"20m\"\n\t\t\tretry: attempts: 2\n\t\t}\n", i, need, i)
		case 1:
			fmt.Fprintf(&stages, "\t\ts%04d: {\n\t\t\tneeds: [%q]\n\t\t\tdeploy: {\n\t\t\t\tworkload: \"web\"\n\t\t\t\tin:       \"place%04d\"\n\t\t\t\tcanary: {\n\t\t\t\t\tsteps: [{weight: 5, hold: \"10m\"}, {weight: 50, hold: \"10m\"}]\n"+
				"\t\t\t\t\tanalysis: {slos: errors: tolerate: 1.25, expect: {rps: 800, errors: 0.1}}\n\t\t\t\t}\n\t\t\t}\n\t\t}\n", i, need, e)
			e++
		case 2:
			fmt.Fprintf(&stages, "\t\ts%04d: {needs: [%q], deploy: {workload: \"web\", in: \"place%04d\", rolling: batch: 25}}\n", i, need, e)
			e++
		case 3:
			fmt.Fprintf(&stages, "\t\ts%04d: {needs: [%q], approve: {by: [\"group:leads\"], expires: \"24h\"}}\n", i, need)
		}
	}
	return `package wide

import "penstock.dev/schema"

pipeline: schema.#Pipeline & {
	name: "wide"
	owner: {team: "web", runbook: "RUNBOOK.md"}
	artifacts: app: image: repository: "registry.example.com/web/app"
	groups: leads: members: ["user:ada", "user:grace"]
	slos: errors: {objective: 99.9, over: "30d", sli: events: {bad: #"requests_total{code=~"5.."}"#, total: "requests_total"}}
	environments: {
` + envs.String() + `	}
	workloads: web: kubernetes: {manifests: ["k8s/*.yaml"], images: ["app"], traffic: gateway: route: "web"}
	stages: {
		build: exec: {command: ["make", "app"], produces: app: digestFile: "dist/app.digest"}
` + stages.String() + `	}
}
`
}
