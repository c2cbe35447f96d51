package simulate_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/simulate"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

func run(t *testing.T, p *plan.Plan, faults ...string) *simulate.Result {
	t.Helper()
	list, err := simulate.ParseFaults(p, faults)
	if err != nil {
		t.Fatal(err)
	}
	r, err := simulate.Run(p, simulate.Options{Plan: "sha256:test", Faults: list})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Violations) > 0 {
		t.Fatalf("%v: %v", faults, r.Violations)
	}
	return r
}

func TestParseFault(t *testing.T) {
	for _, text := range []string{
		"production/shift-5:reply-lost", "production/shift-5:undo:hang", "production/shift-5:undo#2:partial", "build/exec#3:fail", "build/exec:late@4",
		"production/judge:harm@2", "go/approve:reject", "window/calendar:closed@3", "hello@local:absent", "kill-after:12", "kill-late:3", "abort:7", "lock-stolen:9",
	} {
		f, err := simulate.ParseFault(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if f.String() != text {
			t.Errorf("%s is written back as %s", text, f)
		}
	}
	for text, want := range map[string]string{
		"production": "expected NODE:KIND", "a/b:explode": `unknown kind "explode"`, "kill-after:soon": `"soon" is not the number`, "kill-after:0": "not the number",
		"a/b:harm@x": `"x" is not a number`, "a/b#0:fail": `"0" is not the number of an attempt`,
	} {
		if _, err := simulate.ParseFault(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := simulate.ParseFaults(handmade.Canary(), []string{"release/shift-11:fail"}); err == nil {
		t.Error("a fault of a node that the plan doesn't have is accepted")
	}
}

// story is a timeline in lines: what happened and what ran.
func story(r *simulate.Result) string {
	var b strings.Builder
	for _, m := range r.Timeline {
		on := string(m.Event.Node) + string(m.Event.Monitor) + m.Event.Env
		if m.Event.Undo {
			on += ":undo"
		}
		fmt.Fprintf(&b, "%s %s %s\n", m.At, m.Event.Type, on)
		for _, d := range m.World {
			fmt.Fprintf(&b, "    %s\n", d)
		}
	}
	fmt.Fprintf(&b, "%s\n", r.Outcome)
	return b.String()
}

func TestTimeline(t *testing.T) {
	got := story(run(t, handmade.AllAtOnce(), "release/commit:fail-persistent"))
	want := `0s run.started 
    hello@local: old 100 %
0s lock.acquired local
0s node.dispatched release/snapshot
1s node.done release/snapshot
1s node.dispatched release/stage
2s node.done release/stage
    hello@local: old 100 %, new 0 %
2s node.dispatched release/shift-100
3s node.done release/shift-100
    hello@local: old 0 %, new 100 %
3s node.dispatched release/commit
4s node.failed release/commit
4s node.dispatched release/commit:undo
5s node.done release/commit:undo
5s node.dispatched release/shift-100:undo
6s node.done release/shift-100:undo
    hello@local: old 100 %, new 0 %
6s node.dispatched release/stage:undo
7s node.done release/stage:undo
    hello@local: old 100 %
7s lock.released local
7s run.ended 
rolled-back
`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestScenarios: what a person would type, and how it has to end.
func TestScenarios(t *testing.T) {
	for _, x := range []struct {
		plan   *plan.Plan
		faults []string
		want   event.Outcome
		first  event.Outcome
	}{
		{handmade.Canary(), nil, event.Succeeded, event.Succeeded},
		{handmade.Canary(), []string{"release/judge:harm@2"}, event.RolledBack, event.RolledBack},
		{handmade.Canary(), []string{"release/shift-10:reply-lost"}, event.Succeeded, event.Succeeded},
		{handmade.Canary(), []string{"smoke/exec:fail-persistent"}, event.RolledBack, event.RolledBack},
		{handmade.Canary(), []string{"build/exec:fail-persistent"}, event.Failed, event.Failed},
		{handmade.Canary(), []string{"hello@local:absent", "release/judge-first:harm@1"}, event.RolledBack, event.RolledBack},
		{handmade.Canary(), []string{"release/judge:harm@2", "release/shift-10:undo:fail-persistent"}, event.RolledBack, event.Unsettled},
		{handmade.Canary(), []string{"hard-abort:20"}, event.Aborted, event.Unsettled},
		{handmade.Canary(), []string{"lock-stolen:16"}, event.RolledBack, event.Unsettled},
		{handmade.Canary(), []string{"kill-after:12", "kill-late:20", "store-refuses:25"}, event.Succeeded, event.Succeeded},
		{handmade.Linear(), []string{"release/judge:inconclusive"}, event.RolledBack, event.RolledBack},
		{handmade.Approvals(), []string{"go/approve:reject"}, event.Failed, event.Failed},
		{handmade.Approvals(), []string{"release/approve-50:expire"}, event.RolledBack, event.RolledBack},
		{handmade.Approvals(), []string{"window/calendar:closed@5"}, event.Succeeded, event.Succeeded},
		{handmade.Approvals(), []string{"window/calendar:never"}, event.Failed, event.Failed},
		{handmade.Migration(), []string{"contract/migrate:partial-fatal"}, event.Failed, event.Unsettled},
		{handmade.Verify(), []string{"watch/judge:safe"}, event.Succeeded, event.Succeeded},
		{handmade.Verify(), []string{"watch/judge:harm@9"}, event.RolledBack, event.RolledBack},
	} {
		r := run(t, x.plan, x.faults...)
		if r.Outcome != x.want || r.First != x.first {
			t.Errorf("%s %v: ended %s, then %s; want %s, then %s (%v)", x.plan.Pipeline, x.faults, r.First, r.Outcome, x.first, x.want, r.Causes)
		}
	}
}

// TestHoldCountsOnlyWatchedTime: a process that was away for a while doesn't shorten a hold.
func TestHoldCountsOnlyWatchedTime(t *testing.T) {
	plain := run(t, handmade.Canary())
	killed := run(t, handmade.Canary(), "kill-after:17", "kill-after:19")
	if killed.Took <= plain.Took {
		t.Errorf("with two deaths it took %s, without %s", killed.Took, plain.Took)
	}
}

// TestDeterministic: the same scenario gives the same journal, the same exploration the same report.
func TestDeterministic(t *testing.T) {
	a, b := run(t, handmade.Parallel(), "a/commit:late@1", "abort:30"), run(t, handmade.Parallel(), "a/commit:late@1", "abort:30")
	if !reflect.DeepEqual(a, b) {
		t.Error("two runs of one scenario differ")
	}
	var reports []*simulate.Report
	for range 2 {
		r, err := simulate.Explore(t.Context(), handmade.Rolling(), simulate.Scope{Every: 7, Options: simulate.Options{Plan: "sha256:test"}})
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
	}
	if !reflect.DeepEqual(reports[0], reports[1]) {
		t.Error("two explorations of one plan differ")
	}
}

// TestSeeded plays random pairs and triples of faults: too many at once to promise that each settles by itself, but every
// run ends, and none is reported as what it isn't.
func TestSeeded(t *testing.T) {
	for _, x := range handmade.All() {
		o := simulate.Options{Plan: "sha256:test", Quiet: true}
		for seed := range uint64(60) {
			faults, err := simulate.Seeded(x.Plan, o, seed, 2+int(seed%2))
			if err != nil {
				t.Fatal(err)
			}
			again, err := simulate.Seeded(x.Plan, o, seed, 2+int(seed%2))
			if err != nil || !reflect.DeepEqual(faults, again) {
				t.Fatalf("seed %d gives %v, then %v (%v)", seed, faults, again, err)
			}
			o := o
			o.Faults = faults
			r, err := simulate.Run(x.Plan, o)
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome == "" {
				t.Errorf("%s %v: %v", x.Name, faults, r.Violations)
			}
			for _, v := range r.Violations {
				if strings.Contains(v, "isn't settled") || strings.Contains(v, "still held") || strings.Contains(v, "does not end") || strings.Contains(v, "hangs") {
					t.Errorf("%s %v: %s", x.Name, faults, v)
				}
			}
		}
	}
}

// TestBrokenPlan: a plan that can't be run is an error, not a violation.
func TestBrokenPlan(t *testing.T) {
	p := handmade.Canary()
	p.Nodes[0].Needs = []plan.NodeID{"smoke/exec"}
	if _, err := simulate.Run(p, simulate.Options{}); err == nil {
		t.Error("a cycle was accepted")
	}
	if _, err := simulate.Explore(t.Context(), p, simulate.Scope{}); err == nil {
		t.Error("a cycle was accepted")
	}
}
