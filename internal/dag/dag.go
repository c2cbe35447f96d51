// Package dag is a directed graph of named vertices: order, cycles, reachability, dominators and transitive reduction.
//
// An edge says that one vertex needs another one. Vertices are numbered in the order in which they were added; everything
// inside works on numbers, and each answer is the same whatever the order in which the graph was put together. The zero
// Graph is empty and ready to use.
package dag

import (
	"cmp"
	"slices"
)

// Graph is a set of vertices, each with those that it needs.
type Graph[K cmp.Ordered] struct {
	names []K
	index map[K]int
	needs [][]int
	used  [][]int // the reverse: who needs it
}

// New returns an empty graph with room for n vertices.
func New[K cmp.Ordered](n int) *Graph[K] {
	return &Graph[K]{names: make([]K, 0, n), index: make(map[K]int, n), needs: make([][]int, 0, n), used: make([][]int, 0, n)}
}

// Add adds a vertex, once, and returns its number.
func (g *Graph[K]) Add(name K) int {
	if i, ok := g.index[name]; ok {
		return i
	}
	if g.index == nil {
		g.index = map[K]int{}
	}
	i := len(g.names)
	g.index[name] = i
	g.names = append(g.names, name)
	g.needs = append(g.needs, nil)
	g.used = append(g.used, nil)
	return i
}

// Need says that one vertex needs another. It reports whether both exist; an edge that is there already stays one.
func (g *Graph[K]) Need(name, needed K) bool {
	i, ok := g.index[name]
	j, known := g.index[needed]
	if !ok || !known {
		return false
	}
	g.Edge(i, j)
	return true
}

// Edge is Need by number.
func (g *Graph[K]) Edge(i, needed int) {
	// The shorter list is searched: one of them is short in nearly every graph.
	if len(g.needs[i]) <= len(g.used[needed]) {
		if slices.Contains(g.needs[i], needed) {
			return
		}
	} else if slices.Contains(g.used[needed], i) {
		return
	}
	g.needs[i] = append(g.needs[i], needed)
	g.used[needed] = append(g.used[needed], i)
}

// Len is the number of vertices.
func (g *Graph[K]) Len() int { return len(g.names) }

// Name is the name of a vertex by its number.
func (g *Graph[K]) Name(i int) K { return g.names[i] }

// Index is the number of a vertex by its name.
func (g *Graph[K]) Index(name K) (int, bool) {
	i, ok := g.index[name]
	return i, ok
}

// Needs are the numbers of the vertices that i needs, in the order in which the edges were added.
func (g *Graph[K]) Needs(i int) []int { return g.needs[i] }

// UsedBy are the numbers of the vertices that need i, in the order in which the edges were added.
func (g *Graph[K]) UsedBy(i int) []int { return g.used[i] }

// byName returns the numbers sorted by name, and of each number its rank.
func (g *Graph[K]) byName() (sorted, rank []int) {
	sorted = make([]int, len(g.names))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortFunc(sorted, func(a, b int) int { return cmp.Compare(g.names[a], g.names[b]) })
	rank = make([]int, len(g.names))
	for r, i := range sorted {
		rank[i] = r
	}
	return sorted, rank
}
