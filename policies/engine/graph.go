package engine

import (
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/bitset"
	"github.com/penstock-dev/penstock/internal/cover"
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
	// approved says what the approvals cover.
	approved *cover.Cover
	// own is whether the stage asks for an approval of its own before its first effect.
	own []bool
}

// newGraph computes the facts in one pass; its cost is edges × stages / 64.
func newGraph(p *plan.Plan) (*graph, error) {
	n := len(p.Stages)
	g := &graph{
		stages: p.Stages, needs: make([][]int, n),
		before: make([]bitset.Set, n), dominators: make([]bitset.Set, n), own: ownApprovals(p),
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
		g.place(i)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	g.approved = cover.New(g.needs, order, func(i int) bitset.Set { return g.before[i] }, g.isApproval)
	return g, nil
}

// place computes the facts of stage i from those of its predecessors.
func (g *graph) place(i int) {
	n := len(g.stages)
	g.before[i] = bitset.New(n)
	for _, p := range g.needs[i] {
		g.before[i].Join(g.before[p])
	}
	g.dominators[i] = g.dominate(i)
	for _, p := range g.needs[i] {
		g.before[i].Add(p)
	}
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
func (g *graph) approvals(i int) bitset.Set { return g.approved.Asked(i) }

// unapproved returns the stages on a shortest way to stage i that passes no approval, from a stage that needs nothing to
// i itself; none when every stage that i waits for was waited for by an approval before i, or comes after one.
func (g *graph) unapproved(i int) []int {
	if g.own[i] {
		return nil
	}
	return g.approved.Past(i)
}
