package dag

import "math/bits"

// Ancestors returns the numbers of everything that i needs, directly or not, in no particular order; i itself only when
// it is on a cycle. It costs the part of the graph that it visits.
func (g *Graph[K]) Ancestors(i int) []int { return walk(g.needs, i) }

// Descendants returns the numbers of everything that needs i, directly or not.
func (g *Graph[K]) Descendants(i int) []int { return walk(g.used, i) }

func walk(next [][]int, i int) []int {
	seen := map[int]bool{}
	var out []int
	for todo := []int{i}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range next[at] {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
				todo = append(todo, n)
			}
		}
	}
	return out
}

// Reach answers for all pairs of vertices which needs which. It takes a bit for each pair.
type Reach struct {
	words int
	bits  []uint64
}

// NewReach computes the closure of a graph without cycles in one pass over order, which [Graph.Order] returned.
func (g *Graph[K]) NewReach(order []int) *Reach {
	n := len(g.names)
	r := &Reach{words: (n + 63) / 64}
	r.bits = make([]uint64, n*r.words)
	for _, i := range order {
		row := r.row(i)
		for _, need := range g.needs[i] {
			for w, b := range r.row(need) {
				row[w] |= b
			}
			row[need/64] |= 1 << (need % 64)
		}
	}
	return r
}

func (r *Reach) row(i int) []uint64 { return r.bits[i*r.words : (i+1)*r.words] }

// Needs reports whether i needs j, directly or not.
func (r *Reach) Needs(i, j int) bool { return r.row(i)[j/64]&(1<<(j%64)) != 0 }

// All are the vertices that i needs, directly or not, as bits. It is not a copy.
func (r *Reach) All(i int) []uint64 { return r.row(i) }

// Ordered reports whether one of two vertices needs the other, or they are the same.
func (r *Reach) Ordered(i, j int) bool { return i == j || r.Needs(i, j) || r.Needs(j, i) }

// Count is how many vertices i needs, directly or not.
func (r *Reach) Count(i int) int {
	n := 0
	for _, w := range r.row(i) {
		n += bits.OnesCount64(w)
	}
	return n
}

// Redundant returns the edges {from, needed} that follow from others: from also needs a third vertex that needs needed,
// directly or not. Without them the graph is its transitive reduction, and orders the same. They come by from, then in
// the order in which they were added.
func (g *Graph[K]) Redundant(r *Reach) [][2]int {
	var out [][2]int
	above := make([]uint64, r.words)
	for i, needs := range g.needs {
		if len(needs) < 2 {
			continue
		}
		clear(above)
		for _, n := range needs {
			for w, b := range r.row(n) {
				above[w] |= b
			}
		}
		for _, n := range needs {
			if above[n/64]&(1<<(n%64)) != 0 {
				out = append(out, [2]int{i, n})
			}
		}
	}
	return out
}
