package engine

import (
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/bitset"
)

// graph answers questions about the order of stages. Stages are numbered by their place in the plan, which is topological.
type graph struct {
	stages []plan.Stage
	// needs are the direct predecessors, by index, in the order of their names.
	needs [][]int
	// before are all predecessors.
	before []bitset.Set
	// dominators stand on every path to the stage from one that needs nothing; an edge that another path makes
	// redundant is no path.
	dominators []bitset.Set
	// covered are the stages that some approval before the stage has waited for, and those approvals.
	covered []bitset.Set
	// behind is whether an approval stands before the stage, or it is one.
	behind []bool
	// asks are the approve stages.
	asks bitset.Set
	// own is whether the stage asks for an approval of its own before its first effect.
	own []bool
}

// newGraph computes the facts in one pass; its cost is edges × stages / 64.
func newGraph(p *plan.Plan) (*graph, error) {
	n := len(p.Stages)
	g := &graph{
		stages: p.Stages, needs: make([][]int, n), behind: make([]bool, n),
		before: make([]bitset.Set, n), dominators: make([]bitset.Set, n), covered: make([]bitset.Set, n),
		asks: bitset.New(n), own: ownApprovals(p),
	}
	index := make(map[string]int, n)
	for i, s := range p.Stages {
		for _, need := range slices.Sorted(slices.Values(s.Needs)) {
			j, ok := index[need]
			if !ok {
				return nil, fmt.Errorf("read plan: stage %q needs %q, which does not come before it", s.Name, need)
			}
			g.needs[i] = append(g.needs[i], j)
		}
		if _, twice := index[s.Name]; twice {
			return nil, fmt.Errorf("read plan: stage %q occurs twice", s.Name)
		}
		index[s.Name] = i
		if g.isApproval(i) {
			g.asks.Add(i)
		}
		g.place(i)
	}
	return g, nil
}

// place computes the facts of stage i from those of its predecessors.
func (g *graph) place(i int) {
	n := len(g.stages)
	g.before[i], g.covered[i] = bitset.New(n), bitset.New(n)
	for _, p := range g.needs[i] {
		g.before[i].Join(g.before[p])
		g.covered[i].Join(g.covered[p])
		if g.isApproval(p) {
			g.covered[i].Join(g.before[p])
			g.covered[i].Add(p)
		}
		g.behind[i] = g.behind[i] || g.behind[p]
	}
	g.dominators[i] = g.dominate(i)
	for _, p := range g.needs[i] {
		g.before[i].Add(p)
	}
	g.behind[i] = g.behind[i] || g.isApproval(i)
}

// dominate is the meet of what stands on the paths through each predecessor that no other predecessor waits for;
// before[i] must not yet hold the direct predecessors.
func (g *graph) dominate(i int) bitset.Set {
	d := bitset.New(len(g.stages))
	first := true
	for _, p := range g.needs[i] {
		if g.before[i].Has(p) {
			continue
		}
		through := slices.Clone(g.dominators[p])
		through.Add(p)
		if first {
			d, first = through, false
			continue
		}
		d.Meet(through)
	}
	return d
}

func (g *graph) isApproval(i int) bool { return g.stages[i].Action == "approve" }

// approvals are the approvals before stage i.
func (g *graph) approvals(i int) bitset.Set {
	b := slices.Clone(g.asks)
	b.Meet(g.before[i])
	return b
}

// unapproved returns the stages on a shortest way to stage i that passes no approval, from a stage that needs nothing to
// i itself; none when every stage that i waits for was waited for by an approval before i, or comes after one.
func (g *graph) unapproved(i int) []int {
	if g.own[i] || g.isApproval(i) || !g.bypassed(i) {
		return nil
	}
	next := map[int]int{i: -1}
	queue := []int{i}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if len(g.needs[at]) == 0 {
			return follow(next, at)
		}
		for _, p := range g.needs[at] {
			if _, seen := next[p]; seen || g.isApproval(p) || !g.open(i, at, p) {
				continue
			}
			next[p] = at
			queue = append(queue, p)
		}
	}
	return nil
}

// bypassed reports whether something that i waits for goes past every approval, or i waits for nothing.
func (g *graph) bypassed(i int) bool {
	if !g.behind[i] {
		return true
	}
	found := false
	g.before[i].Each(func(p int) { found = found || !g.covered[i].Has(p) && !g.behind[p] })
	return found
}

// open reports whether the edge p → at can be on a way to i past all approvals: as long as no stage without an approval
// before it was reached, the way must not touch what an approval has waited for.
func (g *graph) open(i, at, p int) bool {
	if at != i && !g.behind[at] {
		return true
	}
	return !g.covered[i].Has(p)
}

func follow(next map[int]int, from int) []int {
	var path []int
	for at := from; at >= 0; at = next[at] {
		path = append(path, at)
	}
	return path
}
