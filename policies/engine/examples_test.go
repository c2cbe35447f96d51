package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/policies/engine"
)

// TestExamplesAreAllowed compiles every example and judges it by the shipped rules: none may be denied, every result and
// waiver must point at a line of the user's.
func TestExamplesAreAllowed(t *testing.T) {
	e, list, err := engine.Load(t.Context(), engine.Options{})
	if err != nil || len(list) > 0 {
		t.Fatal(list, err)
	}
	files, err := filepath.Glob("../../examples/*/*.cue")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		if filepath.Base(dir) == "platform" {
			continue // a module for others, without a pipeline of its own
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			compiled, list, err := compiler.Compile(t.Context(), compiler.Options{Dir: dir, Version: "test"})
			if err != nil || list.HasErrors() || len(compiled) == 0 {
				t.Fatal(list, err)
			}
			for _, c := range compiled {
				judge(t, e, c)
			}
		})
	}
}

func judge(t *testing.T, e *engine.Engine, c compiler.Compiled) {
	d, err := e.Decide(t.Context(), c.File, engine.Facts{Today: "2026-11-23"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range d.Results {
		t.Logf("%s: %s: %s %s: %s (%s:%d)", c.Name, r.Severity, r.Code, r.Stage, r.Message, r.Origin.File, r.Origin.Line)
		if r.Severity == engine.Deny {
			t.Errorf("%s is denied: %s: %s", c.Name, r.Code, r.Message)
		}
		if r.Origin.File == "" || r.Origin.Line == 0 || r.Origin.Column == 0 {
			t.Errorf("%s: %s points nowhere", c.Name, r.Code)
		}
	}
	for _, w := range d.Waived {
		t.Logf("%s: waived: %s: %s (%s:%d)", c.Name, w.Code, w.Waiver.Reason, w.Origin.File, w.Origin.Line)
	}
	if !d.Allowed {
		t.Errorf("%s is not allowed", c.Name)
	}
}
