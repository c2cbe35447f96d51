package engine

import (
	"testing"
)

func TestShippedRules(t *testing.T) {
	rep, list, err := Test(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		t.Error(d)
	}
	for _, r := range rep.Tests {
		if !r.Passed {
			t.Errorf("%s: %s %s", r.Range, r.Name, r.Error)
		}
	}
	for _, f := range rep.Files {
		if f.Coverage < 100 {
			t.Errorf("%s: %.1f %% of its lines tested; no test reaches lines %v", f.File, f.Coverage, f.Missed)
		}
	}
	t.Logf("%d tests, %.1f %% of the lines", rep.Passed, rep.Coverage)
}
