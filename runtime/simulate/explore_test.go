package simulate_test

import (
	"testing"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/simulate"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

// TestPlain plays every plan without a fault.
func TestPlain(t *testing.T) {
	for _, x := range handmade.All() {
		t.Run(x.Name, func(t *testing.T) {
			r, err := simulate.Run(x.Plan, simulate.Options{Plan: "sha256:test"})
			if err != nil {
				t.Fatal(err)
			}
			want := event.Succeeded
			if x.Name == "verify" { // asks for proven-safe, and the script proves nothing
				want = event.RolledBack
			}
			if r.Outcome != want || len(r.Violations) > 0 {
				for _, m := range r.Timeline {
					t.Log(m.At, m.Event.Seq, m.Event.Type, m.Event.Node, m.Event.Monitor, m.Event.Env, m.Event.Undo, string(m.Event.Data))
				}
				t.Fatalf("ended %s (%v): %v", r.Outcome, r.Causes, r.Violations)
			}
		})
	}
}

// TestExplore is rule 1: every plan, every fault, every second fault in the compensation.
func TestExplore(t *testing.T) {
	total := 0
	for _, x := range handmade.All() {
		t.Run(x.Name, func(t *testing.T) {
			r, err := simulate.Explore(t.Context(), x.Plan, simulate.Scope{Options: simulate.Options{Plan: "sha256:test"}, FirstOnly: testing.Short()})
			if err != nil {
				t.Fatal(err)
			}
			total += r.Cases
			t.Logf("%s: %s", x.Name, r)
			for i, v := range r.Violations {
				if i == 12 {
					t.Fatalf("and %d more", len(r.Violations)-i)
				}
				t.Error(v)
			}
		})
	}
	t.Logf("%d cases in all", total)
}
