package engine

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// bitset holds stage indexes.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b bitset) join(o bitset) {
	for i := range b {
		b[i] |= o[i]
	}
}

func (b bitset) meet(o bitset) {
	for i := range b {
		b[i] &= o[i]
	}
}

// each calls f with the members in rising order.
func (b bitset) each(f func(i int)) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			f(w*64 + bits.TrailingZeros64(word))
		}
	}
}

// graph answers questions about the order of stages. Stages are numbered by their place in the plan, which is topological.
type graph struct {
	stages []plan.Stage
	// needs are the direct predecessors, by index, in the order of their names.
	needs [][]int
	// before are all predecessors.
	before []bitset
	// dominators stand on every path to the stage from one that needs nothing; an edge that another path makes
	// redundant is no path.
	dominators []bitset
	// covered are the stages that some approval before the stage has waited for, and those approvals.
	covered []bitset
	// behind is whether an approval stands before the stage, or it is one.
	behind []bool
	// asks are the approve stages.
	asks bitset
	// own is whether the stage asks for an approval of its own before its first effect.
	own []bool
}

// newGraph computes the facts in one pass; its cost is edges × stages / 64.
func newGraph(p *plan.Plan) (*graph, error) {
	n := len(p.Stages)
	g := &graph{
		stages: p.Stages, needs: make([][]int, n), behind: make([]bool, n),
		before: make([]bitset, n), dominators: make([]bitset, n), covered: make([]bitset, n),
		asks: newBitset(n), own: ownApprovals(p),
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
			g.asks.add(i)
		}
		g.place(i)
	}
	return g, nil
}

// place computes the facts of stage i from those of its predecessors.
func (g *graph) place(i int) {
	n := len(g.stages)
	g.before[i], g.covered[i] = newBitset(n), newBitset(n)
	for _, p := range g.needs[i] {
		g.before[i].join(g.before[p])
		g.covered[i].join(g.covered[p])
		if g.isApproval(p) {
			g.covered[i].join(g.before[p])
			g.covered[i].add(p)
		}
		g.behind[i] = g.behind[i] || g.behind[p]
	}
	g.dominators[i] = g.dominate(i)
	for _, p := range g.needs[i] {
		g.before[i].add(p)
	}
	g.behind[i] = g.behind[i] || g.isApproval(i)
}

// dominate is the meet of what stands on the paths through each predecessor that no other predecessor waits for;
// before[i] must not yet hold the direct predecessors.
func (g *graph) dominate(i int) bitset {
	d := newBitset(len(g.stages))
	first := true
	for _, p := range g.needs[i] {
		if g.before[i].has(p) {
			continue
		}
		through := slices.Clone(g.dominators[p])
		through.add(p)
		if first {
			d, first = through, false
			continue
		}
		d.meet(through)
	}
	return d
}

func (g *graph) isApproval(i int) bool { return g.stages[i].Action == "approve" }

// approvals are the approvals before stage i.
func (g *graph) approvals(i int) bitset {
	b := slices.Clone(g.asks)
	b.meet(g.before[i])
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
	g.before[i].each(func(p int) { found = found || !g.covered[i].has(p) && !g.behind[p] })
	return found
}

// open reports whether the edge p → at can be on a way to i past all approvals: as long as no stage without an approval
// before it was reached, the way must not touch what an approval has waited for.
func (g *graph) open(i, at, p int) bool {
	if at != i && !g.behind[at] {
		return true
	}
	return !g.covered[i].has(p)
}

func follow(next map[int]int, from int) []int {
	var path []int
	for at := from; at >= 0; at = next[at] {
		path = append(path, at)
	}
	return path
}
