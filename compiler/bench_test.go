package compiler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/compiler"
)

// wide writes a pipeline of n stages: a tenth of them deploy a workload of their own by a canary, the others are commands;
// each needs one or two before it.
func wide(n int) string {
	var b strings.Builder
	b.WriteString("package wide\n\npipeline: {\n\tname: \"wide\"\n")
	b.WriteString("\tenvironments: {\n\t\tlocal: {tier: \"development\", process: {}}\n\t}\n\tartifacts: app: file: path: \"app\"\n")
	b.WriteString("\tslos: ok: {objective: 99, over: \"1h\", sli: events: {bad: \"bad\", total: \"all\"}}\n")
	b.WriteString("\tworkloads: {\n")
	for i := 10; i < n; i += 10 {
		fmt.Fprintf(&b, "\t\tw%d: process: {artifact: \"app\", listen: \"127.0.0.1:%d\"}\n", i, 10000+i)
	}
	b.WriteString("\t}\n\tstages: {\n\t\ts0: exec: {command: [\"make\"], produces: app: {}}\n")
	for i := 1; i < n; i++ {
		needs := fmt.Sprintf("%q", fmt.Sprintf("s%d", i-1))
		if i%7 == 0 {
			needs += fmt.Sprintf(", %q", fmt.Sprintf("s%d", i-7))
		}
		if i%10 != 0 {
			fmt.Fprintf(&b, "\t\ts%d: {needs: [%s], exec: command: [\"do\", \"%d\"]}\n", i, needs, i)
			continue
		}
		fmt.Fprintf(&b, "\t\ts%d: {needs: [%s], deploy: {workload: \"w%d\", in: \"local\", canary: {steps: [{weight: 10, hold: \"1m\"}, {weight: 50, hold: \"1m\"}], analysis: slos: ok: {}}}}\n", i, needs, i)
	}
	b.WriteString("\t}\n}\n")
	return b.String()
}

// BenchmarkCompile measures the whole way from a file to a sealed plan.
func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{500, 5000} {
		b.Run(fmt.Sprintf("stages=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "pipeline.cue"), []byte(wide(n)), 0o644); err != nil {
				b.Fatal(err)
			}
			nodes := 0
			for b.Loop() {
				all, list, err := compiler.Compile(b.Context(), compiler.Options{Dir: dir})
				if err != nil || len(all) != 1 {
					b.Fatal(err, list)
				}
				nodes = len(all[0].Plan.Nodes)
			}
			perOp := float64(b.Elapsed().Microseconds()) / float64(b.N)
			b.ReportMetric(perOp/float64(n), "µs/stage")
			b.ReportMetric(float64(nodes), "nodes")
		})
	}
}
