package compiler_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/corpus"
	"github.com/penstock-dev/penstock/internal/diag"
)

// TestManyAtOnce vets packages of the corpus side by side, in one call, and each alone: both say the same. Packages that stand
// together share processors and contexts, and must share nothing else.
func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	var want diag.List
	for i, a := range append(archives(t, "broken"), archives(t, "good")...) {
		if len(a.Args) > 0 || i%3 > 0 {
			continue
		}
		below := filepath.Join(dir, fmt.Sprintf("p%03d", i))
		if err := a.Write(below); err != nil {
			t.Fatal(err)
		}
		for name, text := range fixtures() {
			if err := corpus.Put(filepath.Join(below, filepath.FromSlash(name)), []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		_, list, err := compiler.Vet(t.Context(), compiler.Options{Dir: dir, Args: []string{filepath.Base(below)}, Today: today})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, list...)
	}
	var args []string
	for _, d := range want.Normalize() {
		if top := d.Range.File[:len("p000")]; len(args) == 0 || args[len(args)-1] != top {
			args = append(args, top)
		}
	}
	if len(args) < 40 {
		t.Fatalf("only %d packages", len(args))
	}
	for range 2 {
		_, got, err := compiler.Vet(t.Context(), compiler.Options{Dir: dir, Args: args, Today: today})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Normalize(), got); diff != "" {
			t.Fatal(diff)
		}
	}
}
