package check

import (
	"slices"

	"github.com/penstock-dev/penstock/internal/dag"
	"github.com/penstock-dev/penstock/schema"
)

// graph is the order of the stages, numbered by their place in the sorted list of names. Unknown names give no edge.
type graph struct {
	names []string
	index map[string]int
	needs *dag.Graph[string]
	// order is topological; cyclic says that there is none, and then reach is nil.
	order  []int
	cyclic bool
	reach  *dag.Reach
	// vague holds stages that wait for a name that leads nowhere, and all behind them; ahead those that such a name should
	// wait for, and all before them. Who comes before whom isn't known of them until the name is right.
	vague, ahead []bool
}

func newGraph(stages []string, byName map[schema.StageName]schema.Stage) *graph {
	g := &graph{names: stages, index: make(map[string]int, len(stages)), needs: dag.New[string](len(stages))}
	for i, name := range stages {
		g.index[name] = i
		g.needs.Add(name)
	}
	var vague, ahead []int
	for i, name := range stages {
		s := byName[schema.StageName(name)]
		for _, need := range s.Needs {
			if j, known := g.index[string(need)]; known {
				g.needs.Edge(i, j)
			} else {
				vague = append(vague, i)
			}
		}
		for _, waits := range s.Before {
			if j, known := g.index[string(waits)]; known {
				g.needs.Edge(j, i)
			} else {
				ahead = append(ahead, i)
			}
		}
	}
	order, err := g.needs.Order()
	if err != nil {
		g.cyclic = true
		return g
	}
	g.order, g.reach = order, g.needs.NewReach(order)
	if len(vague)+len(ahead) > 0 {
		g.vague, g.ahead = make([]bool, len(stages)), make([]bool, len(stages))
	}
	for i := range g.vague {
		g.vague[i] = slices.ContainsFunc(vague, func(v int) bool { return v == i || g.reach.Needs(i, v) })
		g.ahead[i] = slices.ContainsFunc(ahead, func(v int) bool { return v == i || g.reach.Needs(v, i) })
	}
	return g
}

// before reports whether stage a must have succeeded before b starts. A name that leads nowhere might say so: it counts.
func (g *graph) before(a, b int) bool {
	return g.reach.Needs(b, a) || g.vague != nil && a != b && (g.vague[b] || g.ahead[a])
}

// path is a shortest way from a to b along needs, both included; nil when there is none.
func (g *graph) path(a, b int) []string {
	next := map[int]int{b: -1}
	queue := []int{b}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if at == a {
			var out []string
			for ; at >= 0; at = next[at] {
				out = append(out, g.names[at])
			}
			return out
		}
		for _, n := range g.first(at) {
			if _, seen := next[n]; !seen {
				next[n] = at
				queue = append(queue, n)
			}
		}
	}
	return nil
}

// first are the direct needs of a stage, by name: numbers are in the order of names.
func (g *graph) first(i int) []int { return slices.Sorted(slices.Values(g.needs.Needs(i))) }
