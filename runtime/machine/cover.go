package machine

import (
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// addCovers gives every node the set of approve nodes above it, sharing equal sets, and every approve node what its
// subject is made of. Since a node waits for all its needs, every approval above it dominates it.
func (g *graph) addCovers(order []int32) {
	g.covers = [][]int32{nil}
	known := map[string]int32{"": 0}
	type pair struct{ a, b int32 }
	merged := map[pair]int32{}
	intern := func(set []int32) int32 {
		slices.Sort(set)
		set = slices.Compact(set)
		b := make([]byte, 0, 4*len(set))
		for _, v := range set {
			b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
		}
		id, ok := known[string(b)]
		if !ok {
			id = int32(len(g.covers))
			known[string(b)] = id
			g.covers = append(g.covers, set)
		}
		return id
	}
	merge := func(a, b int32) int32 {
		if a == b || b == 0 {
			return a
		}
		if a == 0 {
			return b
		}
		m, ok := merged[pair{a, b}]
		if !ok {
			m = intern(slices.Concat(g.covers[a], g.covers[b]))
			merged[pair{a, b}] = m
		}
		return m
	}
	for _, i := range order {
		give := g.nodes[i].cover
		if g.nodes[i].op == plan.OpApprove {
			give = intern(append(slices.Clone(g.covers[give]), i))
			g.binders[i] = g.bindersAbove(i)
			g.refusesOSUser[i] = g.refuses(i)
		}
		if give == 0 {
			continue
		}
		for _, d := range g.dependents(i) {
			g.nodes[d].cover = merge(g.nodes[d].cover, give)
		}
	}
}

// bindersAbove lists the nodes upstream of i that can establish bindings.
func (g *graph) bindersAbove(i int32) []int32 {
	seen := map[int32]bool{i: true}
	var out []int32
	for todo := []int32{i}; len(todo) > 0; {
		x := &g.nodes[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		for _, id := range x.n.Needs {
			d := g.index[id]
			if seen[d] {
				continue
			}
			seen[d] = true
			todo = append(todo, d)
			switch g.nodes[d].op {
			case plan.OpExec, plan.OpPreview, plan.OpApply, plan.OpCopyArtifact, plan.OpVerifyArtifact, plan.OpStage:
				out = append(out, d)
			}
		}
	}
	slices.Sort(out)
	return out
}

// refuses reports whether an approval by an OS user is refused: it is when it lets something into a production
// environment that doesn't accept one.
func (g *graph) refuses(i int32) bool {
	seen := map[int32]bool{i: true}
	for todo := []int32{i}; len(todo) > 0; {
		k := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		x := &g.nodes[k]
		for _, name := range []string{x.n.Lock, g.stages[x.stage].s.Environment} {
			if e, ok := g.plan.Envs[name]; ok && e.Tier == "production" && !e.AllowOSUser {
				return true
			}
		}
		for _, d := range g.dependents(k) {
			if !seen[d] {
				seen[d] = true
				todo = append(todo, d)
			}
		}
	}
	return false
}
