package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const stream = `{"Action":"output","Package":"github.com/penstock-dev/penstock/runtime","Output":"ok  \tgithub.com/penstock-dev/penstock/runtime\t0.1s\n"}
{"Action":"pass","Package":"github.com/penstock-dev/penstock/runtime","Test":"TestA"}
{"Action":"pass","Package":"github.com/penstock-dev/penstock/runtime","Test":"TestA/sub"}
{"Action":"skip","Package":"github.com/penstock-dev/penstock/runtime","Test":"TestB"}
{"Action":"pass","Package":"github.com/penstock-dev/penstock/runtime"}
`

func TestRun(t *testing.T) {
	tests := map[string]struct {
		table, tiers, stream string
		want                 string // part of the output; the run fails when it has "without"
		fails                bool
	}{
		"complete":  {table: "| 1.1 | x | `runtime.TestA`, `runtime.TestA/sub` |\n", want: "1 lines, 0 without"},
		"absent":    {table: "| 1.1 | x | `runtime.TestC` |\n", want: "1.1: runtime.TestC is absent", fails: true},
		"skipped":   {table: "| 1.1 | x | `runtime.TestB` |\n", want: "was skipped", fails: true},
		"nothing":   {table: "| 1.1 | x | by hand |\n", want: "names no evidence", fails: true},
		"tier ok":   {table: "| 1.1 | x | `make demo` |\n", tiers: "demo ok\n", want: "0 without"},
		"tier gone": {table: "| 1.1 | x | `make demo` |\n", tiers: "test ok\n", want: "did not run", fails: true},
		"tier bad":  {table: "| 1.1 | x | `make demo` |\n", tiers: "demo 4\n", want: "ended with 4", fails: true},
		"a failed test": {table: "| 1.1 | x | `runtime.TestA` |\n", want: "1 failed", fails: true,
			stream: `{"Action":"fail","Package":"github.com/penstock-dev/penstock/runtime","Test":"TestZ"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			doc := filepath.Join(dir, "acceptance.md")
			write(t, doc, tt.table)
			tiers := ""
			if tt.tiers != "" {
				tiers = filepath.Join(dir, "tiers")
				write(t, tiers, tt.tiers)
			}
			var out strings.Builder
			err := run(strings.NewReader(stream+tt.stream), &out, doc, tiers, "")
			if (err != nil) != tt.fails || !strings.Contains(out.String(), tt.want) {
				t.Errorf("err %v, output:\n%s", err, out.String())
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
