package runtime_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/simulate"
	"github.com/penstock-dev/penstock/runtime/store"
)

// payments is a store in which two releases of an example went to production, one after the other.
func payments(t *testing.T) store.Store {
	t.Helper()
	all, list, err := compiler.Compile(t.Context(), compiler.Options{Dir: "../examples/payments"})
	if err != nil || list.HasErrors() {
		t.Fatal(err, list)
	}
	c := all[0]
	b, err := plan.Encode(c.File)
	if err != nil {
		t.Fatal(err)
	}
	st := store.NewMemory()
	t.Cleanup(func() { st.Close() })
	if err := st.PutPlan(t.Context(), c.File.ID, b); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for i, digit := range []string{"1", "2"} {
		at = at.Add(time.Hour)
		run, rel := event.RunID("run-"+digit), "release-"+digit
		start := event.Event{Run: run, Time: at, Type: event.RunStarted}.With(event.Started{Format: event.Format, Plan: c.File.ID, Release: rel})
		if _, err := st.Append(t.Context(), run, []event.Event{start}); err != nil {
			t.Fatal(i, err)
		}
		digests := map[string]string{"app": "sha256:" + strings.Repeat(digit, 64)}
		if err := st.PutRelease(t.Context(), store.Release{ID: rel, Pipeline: "payments", Digests: digests, Created: at, Run: run}); err != nil {
			t.Fatal(err)
		}
		d := store.Deployment{Env: "production", Workload: "payments", Run: run, Plan: c.File.ID, Release: rel, Outcome: store.Committed, At: at.Add(time.Minute)}
		if err := st.RecordDeployment(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

func ops(p *plan.Plan) []plan.Op {
	var out []plan.Op
	for _, n := range p.Nodes {
		out = append(out, n.Do.Op())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A rollback keeps what guards the environment, rebuilds nothing, and is a plan that runs.
func TestRollbackPlan(t *testing.T) {
	st := payments(t)
	back, err := runtime.Rollback(t.Context(), st, "production", "", false)
	if err != nil {
		t.Fatal(err)
	}
	if back.Release.ID != "release-1" || back.From != "release-2" {
		t.Errorf("back from %s to %s", back.From, back.Release.ID)
	}
	var stages []string
	for _, s := range back.Plan.Stages {
		stages = append(stages, s.Name)
	}
	if !slices.Equal(stages, []string{"approval", "production"}) {
		t.Errorf("stages %v", stages)
	}
	if got := ops(back.Plan); slices.Contains(got, plan.OpExec) || !slices.Contains(got, plan.OpGate) || !slices.Contains(got, plan.OpShift) {
		t.Errorf("instructions %v", got)
	}
	a := back.Plan.Artifacts["app"]
	if a.Producer != "" || a.Digest != "sha256:"+strings.Repeat("1", 64) {
		t.Errorf("artifact %+v", a)
	}
	if len(back.Plan.Monitors) == 0 {
		t.Error("nobody judges it")
	}
	settles(t, back)
}

// An emergency leaves everything out that takes time or people, and nothing that verifies.
func TestEmergencyRollbackPlan(t *testing.T) {
	st := payments(t)
	back, err := runtime.Rollback(t.Context(), st, "production", "release-1", true)
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.Op{plan.OpCommit, plan.OpRetire, plan.OpSnapshot, plan.OpStage, plan.OpVerifyArtifact}
	if got := ops(back.Plan); !slices.Equal(got, want) {
		t.Errorf("instructions %v, want %v", got, want)
	}
	for _, n := range back.Plan.Nodes {
		if n.Hold != nil {
			t.Errorf("%s holds", n.ID)
		}
	}
	settles(t, back)
}

// settles plays the plan with every single fault.
func settles(t *testing.T, back runtime.RollbackTo) {
	t.Helper()
	rep, err := simulate.Explore(t.Context(), back.Plan, simulate.Scope{Options: simulate.Options{Plan: back.File.ID, Quiet: true}, FirstOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range rep.Violations {
		t.Error(v)
	}
	if rep.Outcomes[event.Succeeded] == 0 {
		t.Errorf("it never succeeds: %s", rep)
	}
}

func TestRollbackRefuses(t *testing.T) {
	st := payments(t)
	if _, err := runtime.Rollback(t.Context(), st, "production", "release-7", false); err == nil || !strings.Contains(err.Error(), "never ran") {
		t.Errorf("a release that never ran here: %v", err)
	}
	if _, err := runtime.Rollback(t.Context(), st, "nowhere", "", false); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("an unknown environment: %v", err)
	}
}
