package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"cuelang.org/go/cue/cuecontext"
)

// BenchmarkSchema measures what the schema costs a fresh context: load alone,
// and load plus build of the smallest pipeline that imports it.
func BenchmarkSchema(b *testing.B) {
	b.Run("schema", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			compileSchema(b, cuecontext.New())
		}
	})
	b.Run("smallest", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := compilePipeline(b, cuecontext.New(), smallest); err != nil {
				b.Fatal(details(err))
			}
		}
	})
	for _, n := range []int{50, 500} {
		b.Run(fmt.Sprint(n, " stages"), func(b *testing.B) {
			text := generated(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := compilePipeline(b, cuecontext.New(), text); err != nil {
					b.Fatal(details(err))
				}
			}
		})
	}
}

// generated is a chain of n stages, half of them canaries.
func generated(n int) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(smallest, "}\n"))
	b.WriteString("\tenvironments: e: {tier: \"test\", process: {}}\n\tslos: a: {objective: 99, over: \"1h\", sli: requests: workload: \"w\"}\n")
	b.WriteString("\tworkloads: w: process: {artifact: \"x\", listen: \":80\"}\n\tartifacts: x: file: path: \"x\"\n")
	before := "build"
	for i := range n {
		action := `exec: {command: ["make", "test"], in: "e"}`
		if i%2 == 0 {
			action = `deploy: {workload: "w", in: "e", canary: {steps: [{weight: 5, hold: "10m"}, {weight: 50, hold: "10m"}], analysis: slos: a: {}, keep: "1h"}}`
		}
		fmt.Fprintf(&b, "\tstages: s%d: {needs: [%q], timeout: \"30m\", %s}\n", i, before, action)
		before = fmt.Sprintf("s%d", i)
	}
	return b.String() + "}\n"
}

// smallest is about the smallest pipeline there can be.
const smallest = `package p

import "penstock.dev/schema"

pipeline: schema.#Pipeline & {
	name: "p"
	stages: build: exec: command: ["make"]
}
`
