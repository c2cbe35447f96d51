package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/policies/engine"
)

// TestVetSaysWhatPoliciesSay holds vet, which looks at stages, to what the rules make of the plan: whether some way into
// production goes past all approvals. The pipelines are random; vet names only the first stages on such ways.
func TestVetSaysWhatPoliciesSay(t *testing.T) {
	e, list, err := engine.Load(t.Context(), engine.Options{})
	if err != nil || len(list) > 0 {
		t.Fatal(list, err)
	}
	past := 0
	for seed := range uint64(80) {
		text := randomPipeline(rand.New(rand.NewPCG(seed, 3)))
		denied := map[string]bool{}
		compiled, list, err := compiler.Compile(t.Context(), compiler.Options{Dir: written(t, strings.ReplaceAll(text, "APPROVAL", "false"))})
		if err != nil || list.HasErrors() || len(compiled) != 1 {
			t.Fatalf("seed %d: %v %v\n%s", seed, list, err, text)
		}
		d, err := e.Decide(t.Context(), compiled[0].File, engine.Facts{Today: "2026-11-23"})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range d.Results {
			if r.Code == "production-approval" {
				denied[r.Stage] = true
			}
		}
		_, list, err = compiler.Vet(t.Context(), compiler.Options{Dir: written(t, strings.ReplaceAll(text, "APPROVAL", "true"))})
		if err != nil {
			t.Fatal(err)
		}
		said := 0
		for _, f := range list {
			if f.Code != "requires-approval" {
				continue
			}
			said++
			if stage := strings.Split(f.Path, ".")[1]; !denied[stage] {
				t.Errorf("seed %d: vet says %q, and no rule denies %s\n%s", seed, f.Message, stage, text)
			}
		}
		if (said > 0) != (len(denied) > 0) {
			t.Errorf("seed %d: vet says %v, the rule denies %v\n%s", seed, list, denied, text)
		}
		past += min(said, 1)
	}
	if past < 10 || past > 70 {
		t.Errorf("%d of 80 pipelines go past an approval: that tries one side only", past)
	}
}

func written(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pipeline.cue"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// randomPipeline has stages that ask people, deploy (and perhaps ask inside, sooner or later), or run a command.
func randomPipeline(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString(`package web

pipeline: {
	name: "web"
	artifacts: app: file: path: "app"
	environments: live: {tier: "production", process: {}, requires: approval: APPROVAL}
	stages: s0: exec: {command: ["make"], produces: app: {}}
`)
	for i := 1; i < 3+r.IntN(5); i++ {
		needs := []string{`"s0"`}
		for j := 1; j < i; j++ {
			if r.IntN(3) == 0 {
				needs = append(needs, fmt.Sprintf(`"s%d"`, j))
			}
		}
		fmt.Fprintf(&b, "\tstages: s%d: {needs: [%s], %s}\n", i, strings.Join(needs, ", "), randomAction(r, i))
		fmt.Fprintf(&b, "\tworkloads: w%d: process: {artifact: \"app\", listen: \"127.0.0.1:%d\"}\n", i, 8000+i)
	}
	return b.String() + "}\n"
}

func randomAction(r *rand.Rand, i int) string {
	const ask = `approve: by: ["user:ada"]`
	deploy := fmt.Sprintf(`deploy: {workload: "w%d", in: "live", `, i)
	switch r.IntN(9) {
	case 0:
		return deploy + `rolling: {}}`
	case 1:
		return deploy + `canary: steps: [{weight: 5}, {` + ask + `}, {weight: 50}]}`
	case 2:
		return deploy + `canary: steps: [{` + ask + `}, {weight: 5}]}`
	case 3:
		return deploy + `blueGreen: {before: {` + ask + `}, after: hold: "1m"}}`
	case 4:
		return deploy + `blueGreen: after: hold: "1m"}`
	case 5:
		return `exec: {in: "live", command: ["true"]}`
	case 6:
		return `exec: command: ["true"]`
	}
	return ask
}
