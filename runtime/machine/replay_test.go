package machine_test

import (
	"testing"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

func newState(t testing.TB, p *plan.Plan) *machine.State {
	t.Helper()
	s, err := machine.New(p, machine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// scenarios returns journals of all plans, gone well and gone wrong.
func journals(t testing.TB) map[string]struct {
	Plan    *plan.Plan
	Journal []event.Event
} {
	t.Helper()
	out := map[string]struct {
		Plan    *plan.Plan
		Journal []event.Event
	}{}
	for _, x := range handmade.All() {
		for _, fault := range []string{"", "kill-after:9", "kill-late:14", "abort:12", "hard-abort:15", "lock-stolen:13"} {
			o := simulate.Options{Plan: "sha256:test", Quiet: true}
			if fault != "" {
				f, err := simulate.ParseFault(fault)
				if err != nil {
					t.Fatal(err)
				}
				o.Faults = []simulate.Fault{f}
			}
			for _, n := range x.Plan.Nodes {
				if n.Do.Commit != nil {
					o.Faults = append(o.Faults, simulate.Fault{Kind: simulate.ReplyLost, On: string(n.ID)})
				}
				if n.Do.Exec != nil && fault == "kill-after:9" {
					o.Faults = append(o.Faults, simulate.Fault{Kind: simulate.FailPersistent, On: string(n.ID)})
				}
			}
			r, err := simulate.Run(x.Plan, o)
			if err != nil {
				t.Fatal(err)
			}
			out[x.Name+" "+fault] = struct {
				Plan    *plan.Plan
				Journal []event.Event
			}{x.Plan, r.Journal}
		}
	}
	return out
}

// TestReplayPrefix: at every prefix of a journal the replayed state equals the live one, which was also asked for its
// commands after every event.
func TestReplayPrefix(t *testing.T) {
	prefixes := 0
	for name, x := range journals(t) {
		live := newState(t, x.Plan)
		for n, e := range x.Journal {
			machine.Next(live)
			if err := machine.Apply(live, e); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			replayed := newState(t, x.Plan)
			for _, e := range x.Journal[:n+1] {
				if err := machine.Apply(replayed, e); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if !machine.SameFold(live, replayed) {
				t.Fatalf("%s: after event %d (%s %s) the replayed state differs from the live one", name, e.Seq, e.Type, e.Node)
			}
			prefixes++
		}
	}
	t.Logf("%d prefixes", prefixes)
}

// TestNextOnce: asked again without an event in between, Next has nothing to add but Park.
func TestNextOnce(t *testing.T) {
	for name, x := range journals(t) {
		s := newState(t, x.Plan)
		for _, e := range x.Journal {
			if err := machine.Apply(s, e); err != nil {
				t.Fatal(err)
			}
			machine.Next(s)
			for _, c := range machine.Next(s) {
				if _, ok := c.(machine.Park); !ok {
					t.Fatalf("%s: after event %d: %T was issued twice", name, e.Seq, c)
				}
			}
		}
	}
}
