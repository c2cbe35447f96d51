// Package faults plays every fault of the design against every plan in examples/, and has an oracle read the world.
package faults

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/runtime/simulate"
)

// exampleDirs are the folders of examples/ that hold a package of their own module or none.
func exampleDirs(t *testing.T) []string {
	t.Helper()
	var dirs []string
	root := filepath.Join("..", "..", "examples")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "cue.mod" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return fs.SkipDir
		}
		if !d.IsDir() && filepath.Ext(path) == ".cue" {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			// packages without a pipeline (the platform's definitions) have nothing to run
			dir := filepath.Dir(path)
			if strings.Contains("\n"+string(b), "\npipeline") && (len(dirs) == 0 || dirs[len(dirs)-1] != dir) {
				dirs = append(dirs, dir)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// TestEveryFault holds rule 1 of the runtime for every example: after any single fault, and any second fault that hits its
// compensation, each deploy is old, new or absent; a persistent fault is reported as unsettled and settles once it lifts.
func TestEveryFault(t *testing.T) {
	var cases, plans atomic.Int64
	t.Run("examples", func(t *testing.T) {
		for _, dir := range exampleDirs(t) {
			rel, err := filepath.Rel(filepath.Join("..", "..", "examples"), dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(rel, func(t *testing.T) {
				t.Parallel()
				all, list, err := compiler.Compile(context.Background(), compiler.Options{Dir: dir})
				if err != nil || list.HasErrors() {
					t.Fatalf("compile: %v %v", err, list)
				}
				for _, c := range all {
					rep, err := simulate.Explore(t.Context(), c.Plan, simulate.Scope{Options: simulate.Options{Plan: c.File.ID, Quiet: true}, Most: 5})
					if err != nil {
						t.Fatal(err)
					}
					cases.Add(int64(rep.Cases))
					plans.Add(1)
					t.Logf("%s: %s", c.Name, rep)
					for _, v := range rep.Violations {
						t.Errorf("%s: %s", c.Name, v)
					}
				}
			})
		}
	})
	t.Logf("%d cases over %d plans of examples/", cases.Load(), plans.Load())
}
