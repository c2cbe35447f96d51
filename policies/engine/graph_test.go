package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/bitset"
)

// stagesOf reads "a; b<a; ok:approve<b" into stages; what has no action deploys.
func stagesOf(text string) []plan.Stage {
	var out []plan.Stage
	for part := range strings.SplitSeq(text, ";") {
		head, needs, _ := strings.Cut(strings.TrimSpace(part), "<")
		name, action, given := strings.Cut(head, ":")
		if !given {
			action = "deploy"
		}
		s := plan.Stage{Name: name, Action: action}
		if needs != "" {
			s.Needs = strings.Split(needs, ",")
		}
		out = append(out, s)
	}
	return out
}

func (g *graph) names(members []int) []string {
	var out []string
	for _, i := range members {
		out = append(out, g.stages[i].Name)
	}
	return out
}

func list(b bitset.Set) []int {
	var out []int
	b.Each(func(i int) { out = append(out, i) })
	return out
}

func TestUnapproved(t *testing.T) {
	tests := map[string]struct{ stages, want string }{
		"alone":                        {"prod", "prod"},
		"approval first":               {"ok:approve; prod<ok", ""},
		"in a row":                     {"build; ok:approve<build; prod<ok", ""},
		"no approval":                  {"build; test<build; prod<test", "build test prod"},
		"approval beside":              {"build; ok:approve<build; other; prod<ok,other", "other prod"},
		"needs what approval waited":   {"build; ok:approve<build; prod<build,ok", ""},
		"two approvals, two ways":      {"a; b; oka:approve<a; okb:approve<b; prod<oka,okb", ""},
		"test beside the approval":     {"build; ok:approve<build; test<build; prod<ok,test", "build test prod"},
		"joined behind":                {"build; ok:approve<build; side; join<ok,side; prod<join", "side join prod"},
		"approval behind":              {"build; prod<build; ok:approve<prod", "build prod"},
		"second region":                {"build; ok:approve<build; eu<ok; prod<eu", ""},
		"shortest way":                 {"a; b<a; c<b; d; prod<c,d", "d prod"},
		"covered by a later approval":  {"a; ok1:approve; m<a,ok1; ok2:approve<m; prod<ok2", ""},
		"way back to a covered corner": {"a; ok:approve<a; t<a; u<t,ok; prod<u", "a t u prod"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g, err := newGraph(&plan.Plan{Stages: stagesOf(tt.stages)})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(g.stages, func(s plan.Stage) bool { return s.Name == "prod" })
			if got := strings.Join(g.names(g.unapproved(i)), " "); got != tt.want {
				t.Errorf("unapproved = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDominators(t *testing.T) {
	tests := map[string]struct{ stages, want string }{
		"chain":            {"a; b<a; prod<b", "a b"},
		"diamond":          {"a; b<a; c<a; prod<b,c", "a"},
		"redundant edge":   {"a; b<a; prod<a,b", "a b"},
		"two starts":       {"a; b; prod<a,b", ""},
		"joined in front":  {"a; b; c<a,b; prod<c", "c"},
		"nothing in front": {"prod", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g, err := newGraph(&plan.Plan{Stages: stagesOf(tt.stages)})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(g.names(list(g.dominators[len(g.stages)-1])), " "); got != tt.want {
				t.Errorf("dominators = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestGraphAgainstDefinition compares all facts of random graphs with what the definitions say, found by trying every path.
func TestGraphAgainstDefinition(t *testing.T) {
	for seed := range uint64(400) {
		stages := randomStages(rand.New(rand.NewPCG(seed, 7)))
		g, err := newGraph(&plan.Plan{Stages: stages})
		if err != nil {
			t.Fatal(err)
		}
		for i := range stages {
			before := naiveBefore(g, i)
			if diff := cmp.Diff(before, list(g.before[i])); diff != "" {
				t.Fatalf("seed %d: before %d: %s", seed, i, diff)
			}
			if diff := cmp.Diff(naiveDominators(g, i), list(g.dominators[i])); diff != "" {
				t.Fatalf("seed %d: dominators of %d in %v: %s", seed, i, stages, diff)
			}
			path := g.unapproved(i)
			if want := naiveBypassed(g, i); want != (len(path) > 0) {
				t.Fatalf("seed %d: stage %d in %v: path %v, bypassed %v", seed, i, stages, g.names(path), want)
			}
			checkPath(t, g, i, path)
		}
	}
}

func randomStages(r *rand.Rand) []plan.Stage {
	stages := make([]plan.Stage, 2+r.IntN(7))
	for i := range stages {
		stages[i] = plan.Stage{Name: fmt.Sprint("s", i), Action: "deploy"}
		if r.IntN(4) == 0 {
			stages[i].Action = "approve"
		}
		for j := range i {
			if r.IntN(3) == 0 {
				stages[i].Needs = append(stages[i].Needs, stages[j].Name)
			}
		}
	}
	return stages
}

func naiveBefore(g *graph, i int) []int {
	var out []int
	for _, p := range g.needs[i] {
		out = append(out, p)
		out = append(out, naiveBefore(g, p)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reduced are the predecessors of i that no other predecessor waits for.
func reduced(g *graph, i int) []int {
	var out []int
	for _, p := range g.needs[i] {
		if !slices.ContainsFunc(g.needs[i], func(q int) bool { return slices.Contains(naiveBefore(g, q), p) }) {
			out = append(out, p)
		}
	}
	return out
}

// paths are all ways from a stage that needs nothing to i.
func paths(g *graph, i int) [][]int {
	before := reduced(g, i)
	if len(before) == 0 {
		return [][]int{{i}}
	}
	var out [][]int
	for _, p := range before {
		for _, way := range paths(g, p) {
			out = append(out, append(slices.Clone(way), i))
		}
	}
	return out
}

func naiveDominators(g *graph, i int) []int {
	var out []int
	for _, d := range naiveBefore(g, i) {
		if !slices.ContainsFunc(paths(g, i), func(way []int) bool { return !slices.Contains(way, d) }) {
			out = append(out, d)
		}
	}
	return out
}

// naiveBypassed: something that i waits for (or i itself, when it waits for nothing) was neither waited for by an
// approval before i nor comes after one.
func naiveBypassed(g *graph, i int) bool {
	if g.isApproval(i) {
		return false
	}
	before := naiveBefore(g, i)
	var approvals []int
	for _, a := range before {
		if g.isApproval(a) {
			approvals = append(approvals, a)
		}
	}
	for _, p := range before {
		seen := slices.ContainsFunc(approvals, func(a int) bool {
			return a == p || slices.Contains(naiveBefore(g, a), p) || slices.Contains(naiveBefore(g, p), a)
		})
		if !seen {
			return true
		}
	}
	return len(approvals) == 0
}

// checkPath: a path begins at a start, follows needs, ends at i and meets no approval.
func checkPath(t *testing.T, g *graph, i int, path []int) {
	t.Helper()
	for k, at := range path {
		switch {
		case g.isApproval(at):
			t.Fatalf("path %v meets an approval", g.names(path))
		case k == 0 && len(g.needs[at]) > 0:
			t.Fatalf("path %v does not begin at a start", g.names(path))
		case k > 0 && !slices.Contains(g.needs[at], path[k-1]):
			t.Fatalf("path %v does not follow needs", g.names(path))
		}
	}
	if len(path) > 0 && path[len(path)-1] != i {
		t.Fatalf("path %v does not end at %d", g.names(path), i)
	}
}

func TestGraphRefuses(t *testing.T) {
	for _, text := range []string{"a<b; b", "a<gone", "a; a", "a<a"} {
		if _, err := newGraph(&plan.Plan{Stages: stagesOf(text)}); err == nil {
			t.Errorf("%q passes", text)
		}
	}
}

func TestOwnApprovals(t *testing.T) {
	first, later := &plan.When{Snapshot: "s/snapshot", Absent: true}, &plan.When{Snapshot: "s/snapshot"}
	ask := plan.Do{Approve: &plan.Approve{}}
	shift, commit, stage := plan.Do{Shift: &plan.Shift{}}, plan.Do{Commit: &plan.Commit{}}, plan.Do{Stage: &plan.StageOp{}}
	node := func(id string, do plan.Do, when *plan.When, needs ...plan.NodeID) plan.Node {
		return plan.Node{ID: plan.NodeID(id), Stage: "s", Do: do, When: when, Needs: needs}
	}
	tests := map[string]struct {
		nodes []plan.Node
		want  bool
	}{
		"no effect":              {[]plan.Node{node("a", stage, nil)}, false},
		"no approval":            {[]plan.Node{node("a", commit, nil)}, false},
		"before the switch":      {[]plan.Node{node("a", stage, nil), node("b", ask, nil, "a"), node("c", commit, nil, "b")}, true},
		"between two weights":    {[]plan.Node{node("a", shift, nil), node("b", ask, nil, "a"), node("c", commit, nil, "b")}, false},
		"beside the effect":      {[]plan.Node{node("b", ask, nil), node("c", commit, nil)}, false},
		"only on later deploys":  {[]plan.Node{node("b", ask, later), node("c", commit, nil, "b")}, false},
		"on the branch it is on": {[]plan.Node{node("b", ask, later), node("c", commit, later, "b")}, true},
		"on the other branch":    {[]plan.Node{node("b", ask, later), node("c", commit, first, "b")}, false},
		"on both branches":       {[]plan.Node{node("a", ask, first), node("b", ask, later), node("c", commit, nil, "a", "b")}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ownApprovals(&plan.Plan{Stages: []plan.Stage{{Name: "s", Action: "deploy"}}, Nodes: tt.nodes})
			if got[0] != tt.want {
				t.Errorf("own = %v, want %v", got[0], tt.want)
			}
		})
	}
}
