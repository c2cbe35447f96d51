package dag

import (
	"container/heap"
	"fmt"
	"slices"
	"strings"
)

// CycleError means that vertices need each other in a circle.
type CycleError struct {
	// Path names the vertices of one shortest cycle through its smallest name, which stands first: each needs the next
	// one and the last needs the first.
	Path []string
}

func (e *CycleError) Error() string {
	return "cycle: " + strings.Join(append(slices.Clone(e.Path), e.Path[0]), " → ")
}

// Order returns the numbers so that each comes after all that it needs; of those that could come next the smallest name
// does. A graph with a cycle has no order: the error is a [CycleError].
func (g *Graph[K]) Order() ([]int, error) {
	sorted, rank := g.byName()
	wait := make([]int, len(g.names))
	ready := make(ranks, 0, len(g.names))
	for r, i := range sorted {
		if wait[i] = len(g.needs[i]); wait[i] == 0 {
			ready = append(ready, r) // rising, so it is a heap already
		}
	}
	order := make([]int, 0, len(g.names))
	for len(ready) > 0 {
		i := sorted[heap.Pop(&ready).(int)]
		order = append(order, i)
		for _, u := range g.used[i] {
			if wait[u]--; wait[u] == 0 {
				heap.Push(&ready, rank[u])
			}
		}
	}
	if len(order) == len(g.names) {
		return order, nil
	}
	err := &CycleError{}
	for _, name := range g.Cycle() {
		err.Path = append(err.Path, fmt.Sprint(name))
	}
	return nil, err
}

// ranks is a heap of ranks by name.
type ranks []int

func (r ranks) Len() int           { return len(r) }
func (r ranks) Less(a, b int) bool { return r[a] < r[b] }
func (r ranks) Swap(a, b int)      { r[a], r[b] = r[b], r[a] }
func (r *ranks) Push(x any)        { *r = append(*r, x.(int)) }
func (r *ranks) Pop() any {
	old := *r
	x := old[len(old)-1]
	*r = old[:len(old)-1]
	return x
}

// Cycle returns the names of one cycle, or nil when there is none: the smallest name that is on any cycle stands first,
// each needs the next, the last needs the first. Among the cycles through that name it is a shortest one, and of these
// the first by name.
func (g *Graph[K]) Cycle() []K {
	all := g.Cycles()
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// Cycles returns one cycle, as [Graph.Cycle] describes it, for each knot of vertices that need each other, by the smallest
// names.
func (g *Graph[K]) Cycles() [][]K {
	comp := g.components()
	size := map[int]int{}
	for _, c := range comp {
		size[c]++
	}
	var out [][]K
	sorted, rank := g.byName()
	seen := map[int]bool{}
	for _, i := range sorted {
		if !seen[comp[i]] && (size[comp[i]] > 1 || slices.Contains(g.needs[i], i)) {
			seen[comp[i]] = true
			out = append(out, g.shortest(i, comp, rank))
		}
	}
	return out
}

// shortest returns a shortest way from i along needs back to i, which has to exist within i's component.
func (g *Graph[K]) shortest(i int, comp, rank []int) []K {
	before := map[int]int{}
	for queue := []int{i}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		needs := slices.Clone(g.needs[at])
		slices.SortFunc(needs, func(a, b int) int { return rank[a] - rank[b] })
		for _, n := range needs {
			if n == i {
				return g.back(before, i, at)
			}
			if _, seen := before[n]; !seen && comp[n] == comp[i] {
				before[n] = at
				queue = append(queue, n)
			}
		}
	}
	return nil
}

// back follows before from at to i and returns the names the other way round.
func (g *Graph[K]) back(before map[int]int, i, at int) []K {
	var path []K
	for ; at != i; at = before[at] {
		path = append(path, g.names[at])
	}
	path = append(path, g.names[i])
	slices.Reverse(path)
	return path
}

// components numbers the strongly connected components (Tarjan, without recursion).
func (g *Graph[K]) components() []int {
	n := len(g.names)
	comp, low, num := make([]int, n), make([]int, n), make([]int, n)
	var stack []int
	next, comps := 1, 0
	type frame struct{ i, edge int }
	for root := range n {
		if num[root] != 0 {
			continue
		}
		call := []frame{{root, 0}}
		for len(call) > 0 {
			f := &call[len(call)-1]
			if f.edge == 0 && num[f.i] == 0 {
				num[f.i], low[f.i] = next, next
				next++
				stack = append(stack, f.i)
				comp[f.i] = -1
			}
			if f.edge < len(g.needs[f.i]) {
				j := g.needs[f.i][f.edge]
				f.edge++
				switch {
				case num[j] == 0:
					call = append(call, frame{j, 0})
				case comp[j] == -1:
					low[f.i] = min(low[f.i], num[j])
				}
				continue
			}
			done := *f
			call = call[:len(call)-1]
			if len(call) > 0 {
				up := call[len(call)-1].i
				low[up] = min(low[up], low[done.i])
			}
			if low[done.i] != num[done.i] {
				continue
			}
			for {
				j := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				comp[j] = comps
				if j == done.i {
					break
				}
			}
			comps++
		}
	}
	return comp
}
