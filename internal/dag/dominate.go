package dag

// Tree is a dominator tree: the vertices that every way to a vertex passes, where a way begins at a vertex that needs
// nothing and follows the edges from needed to needing.
type Tree struct {
	parent []int // the nearest dominator; -1 at the top
	depth  []int
	jump   []int // an ancestor in the tree, chosen so that any depth is reached in logarithmic time
}

// NewTree computes the dominators of a graph without cycles in one pass over order, which [Graph.Order] returned. In a
// graph without cycles a vertex's nearest dominator is the lowest common ancestor, in the tree so far, of all that it needs.
func (g *Graph[K]) NewTree(order []int) *Tree {
	n := len(g.names)
	t := &Tree{parent: make([]int, n), depth: make([]int, n), jump: make([]int, n)}
	for _, i := range order {
		dom := -1
		for k, need := range g.needs[i] {
			if k == 0 {
				dom = need
				continue
			}
			dom = t.meet(dom, need)
		}
		t.hang(i, dom)
	}
	return t
}

// hang puts i below its parent. The jump pointers are those of a skew-binary list (Myers 1983).
func (t *Tree) hang(i, parent int) {
	t.parent[i] = parent
	if parent < 0 {
		t.depth[i], t.jump[i] = 1, -1
		return
	}
	t.depth[i] = t.depth[parent] + 1
	if j := t.jump[parent]; j >= 0 && t.depth[parent]-t.depth[j] == t.depth[j]-t.depthOf(t.jump[j]) {
		t.jump[i] = t.jump[j]
		return
	}
	t.jump[i] = parent
}

func (t *Tree) depthOf(i int) int {
	if i < 0 {
		return 0
	}
	return t.depth[i]
}

// climb returns i's ancestor at a depth that is at most its own.
func (t *Tree) climb(i, depth int) int {
	for t.depthOf(i) > depth {
		if j := t.jump[i]; t.depthOf(j) >= depth {
			i = j
			continue
		}
		i = t.parent[i]
	}
	return i
}

// meet returns the lowest common ancestor of two vertices, -1 when there is none.
func (t *Tree) meet(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	d := min(t.depth[a], t.depth[b])
	a, b = t.climb(a, d), t.climb(b, d)
	for a != b {
		if ja, jb := t.jump[a], t.jump[b]; ja != jb {
			a, b = ja, jb
			continue
		}
		a, b = t.parent[a], t.parent[b]
	}
	return a
}

// Nearest is the nearest dominator of i besides i itself, -1 when there is none.
func (t *Tree) Nearest(i int) int { return t.parent[i] }

// Dominates reports whether every way to i passes d; a vertex dominates itself.
func (t *Tree) Dominates(d, i int) bool {
	return t.depth[d] <= t.depth[i] && t.climb(i, t.depth[d]) == d
}
