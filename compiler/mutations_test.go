package compiler_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/diag"
)

// oneIn is the share of the mistakes that an ordinary run makes: all of them take over a minute.
const oneIn = 10

// TestMutants makes one mistake at a time in packages that are right, one of each kind for each field of the language. Each
// has to yield one diagnostic, at the place of the mistake. PENSTOCK_MUTANTS=all makes every mistake.
func TestMutants(t *testing.T) {
	seen := map[string]bool{}
	n, all := 0, os.Getenv("PENSTOCK_MUTANTS") == "all"
	for _, file := range mutable(t) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mutantsOf(t, src, seen) {
			h := fnv.New32()
			h.Write([]byte(m.kind))
			if all || h.Sum32()%oneIn == 0 {
				n++
				holdMistake(t, file, m)
			}
		}
	}
	if n < 250 {
		t.Errorf("only %d mistakes were made", n)
	}
	t.Logf("%d mistakes", n)
}

// mutable are the pipelines of one file among the good archives and the examples, written out.
func mutable(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, a := range archives(t, "good") {
		dir := t.TempDir()
		writeArchive(t, a, dir)
		out = append(out, filepath.Join(dir, "pipeline.cue"))
	}
	for _, dir := range leafDirs(t) {
		abs, err := filepath.Abs(dir)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, filepath.Join(abs, "pipeline.cue"))
	}
	kept := out[:0]
	for _, file := range out {
		if _, err := os.Stat(file); err == nil {
			kept = append(kept, file)
		}
	}
	return kept
}

func holdMistake(t *testing.T, file string, m mutant) {
	t.Helper()
	dir := filepath.Dir(file)
	_, list, err := compiler.Vet(t.Context(), compiler.Options{Dir: dir, Today: today, Overlay: map[string][]byte{file: m.src}})
	if err != nil {
		t.Fatalf("%s: %v", m.what, err)
	}
	readable(t, list)
	if len(list) != 1 {
		t.Errorf("%s: %d diagnostics%s", m.what, len(list), listed(list))
		return
	}
	d := list[0]
	at := offsetOf(m.src, d.Range.Start)
	switch {
	case d.Code == "unused-import": // the only use of an import was written over: CUE reads no further
	case at < m.start || at > m.end:
		t.Errorf("%s: at the wrong place%s", m.what, listed(list))
	case m.code != "" && string(d.Code) != m.code:
		t.Errorf("%s: want the code %s%s", m.what, m.code, listed(list))
	case m.hint != "" && !strings.Contains(full(d), m.hint):
		t.Errorf("%s: does not name %s%s", m.what, m.hint, listed(list))
	}
}

func listed(l diag.List) string {
	var b strings.Builder
	for _, d := range l {
		fmt.Fprintf(&b, "\n\t%s: %s: %s", d.Range, d.Code, full(d))
	}
	return b.String()
}

// offsetOf is the byte of a file at which a position stands; -1 for one outside.
func offsetOf(src []byte, at diag.Position) int {
	off := 0
	for range at.Line - 1 {
		i := bytes.IndexByte(src[off:], '\n')
		if i < 0 {
			return -1
		}
		off += i + 1
	}
	return off + at.Column - 1
}
