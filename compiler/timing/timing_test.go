package timing_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/timing"
)

func compiled(t *testing.T, dir string) *plan.Plan {
	t.Helper()
	out, list, err := compiler.Compile(t.Context(), compiler.Options{Dir: dir})
	if err != nil || len(out) != 1 {
		t.Fatal(list, err)
	}
	return out[0].Plan
}

// TestLeast counts the holds and soaks of an example by hand: the staging environment rests for two hours, while people
// agree; then come two steps of a quarter of an hour each.
func TestLeast(t *testing.T) {
	want := timing.Path{Total: plan.Duration(150 * time.Minute), Stages: []timing.Stage{{Name: "production", Time: plan.Duration(150 * time.Minute)}}}
	if diff := cmp.Diff(want, timing.Least(compiled(t, "../../examples/promotion"))); diff != "" {
		t.Error(diff)
	}
}

// TestMost adds up what the stages of the longest way may take; each is bounded as the runtime bounds it.
func TestMost(t *testing.T) {
	p := compiled(t, "../../examples/promotion")
	got := timing.Most(p)
	bound := map[string]plan.Duration{}
	for _, s := range p.Stages {
		bound[s.Name] = s.Timeout
	}
	var total plan.Duration
	var names []string
	for _, s := range got.Stages {
		if s.Time != bound[s.Name] {
			t.Errorf("%s takes %v, its bound is %v", s.Name, s.Time, bound[s.Name])
		}
		total += s.Time
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"build", "staging", "tests", "managers", "promote", "production"}, names); diff != "" {
		t.Error(diff)
	}
	if got.Total != total {
		t.Errorf("in all %v, the stages %v", got.Total, total)
	}
}

// TestParallel takes the longer of two ways, and the first of two that are equally long.
func TestParallel(t *testing.T) {
	hold := func(d time.Duration) *plan.Hold { return &plan.Hold{For: plan.Duration(d)} }
	p := &plan.Plan{Nodes: []plan.Node{
		{ID: "a/x", Stage: "a", Hold: hold(time.Minute)},
		{ID: "b/x", Stage: "b", Needs: []plan.NodeID{"a/x"}, Hold: hold(2 * time.Minute)},
		{ID: "b/first", Stage: "b", Needs: []plan.NodeID{"a/x"}, Hold: hold(time.Hour), When: &plan.When{Absent: true}},
		{ID: "c/x", Stage: "c", Needs: []plan.NodeID{"a/x"}, Hold: hold(2 * time.Minute)},
		{ID: "d/x", Stage: "d", Needs: []plan.NodeID{"b/x", "b/first", "c/x"}, Hold: hold(time.Minute)},
	}}
	minutes := func(n int) plan.Duration { return plan.Duration(time.Duration(n) * time.Minute) }
	want := timing.Path{Total: minutes(4), Stages: []timing.Stage{{Name: "a", Time: minutes(1)}, {Name: "b", Time: minutes(2)}, {Name: "d", Time: minutes(1)}}}
	if diff := cmp.Diff(want, timing.Least(p)); diff != "" {
		t.Error(diff)
	}
	if got := timing.Least(&plan.Plan{}); got.Total != 0 || got.Stages != nil {
		t.Errorf("an empty plan takes %v", got)
	}
}
