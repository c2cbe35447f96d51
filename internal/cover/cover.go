// Package cover answers how a vertex of a graph is reached without anybody having been asked: which ways to a change go
// past all approvals. Vet asks it of a pipeline's stages and policies ask it of a plan's, so that both say the same.
package cover

import (
	"slices"

	"github.com/penstock-dev/penstock/internal/bitset"
)

// Cover knows the checkpoints of a graph, such as approvals. A checkpoint covers everything that it waits for; what comes
// behind it has passed it.
type Cover struct {
	needs  [][]int
	before func(int) bitset.Set
	asks   bitset.Set
	// covered are the vertices that some checkpoint before the vertex has waited for, and those checkpoints.
	covered []bitset.Set
	// behind are the checkpoints and whatever comes after one.
	behind bitset.Set
}

// New computes the cover of a graph without cycles in one pass over its order. needs are the direct needs of each
// vertex, in the order in which ways are tried; before is all that a vertex needs, and isn't changed.
func New(needs [][]int, order []int, before func(int) bitset.Set, asks func(int) bool) *Cover {
	n := len(needs)
	c := &Cover{needs: needs, before: before, asks: bitset.New(n), covered: bitset.Table(n, n), behind: bitset.New(n)}
	for _, i := range order {
		if asks(i) {
			c.asks.Add(i)
			c.behind.Add(i)
		}
		for _, p := range needs[i] {
			c.covered[i].Join(c.covered[p])
			if c.asks.Has(p) {
				c.covered[i].Join(before(p))
				c.covered[i].Add(p)
			}
			if c.behind.Has(p) {
				c.behind.Add(i)
			}
		}
	}
	return c
}

// Asked are the checkpoints before i.
func (c *Cover) Asked(i int) bitset.Set {
	out := slices.Clone(c.asks)
	out.Meet(c.before(i))
	return out
}

// Behind reports whether i comes after a checkpoint or is one.
func (c *Cover) Behind(i int) bool { return c.behind.Has(i) }

// Past returns the vertices on a shortest way to i that passes no checkpoint, from one that needs nothing to i itself;
// none when everything that i waits for was waited for by a checkpoint before i, or comes behind one.
func (c *Cover) Past(i int) []int {
	if c.asks.Has(i) || !c.bypassed(i) {
		return nil
	}
	next := map[int]int{i: -1}
	for queue := []int{i}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if len(c.needs[at]) == 0 {
			return follow(next, at)
		}
		for _, p := range c.needs[at] {
			if _, seen := next[p]; seen || c.asks.Has(p) || !c.open(i, at, p) {
				continue
			}
			next[p] = at
			queue = append(queue, p)
		}
	}
	return nil
}

// bypassed reports whether something that i waits for goes past every checkpoint, or no checkpoint stands before i.
func (c *Cover) bypassed(i int) bool {
	if !c.behind.Has(i) {
		return true
	}
	covered := c.covered[i]
	for w, word := range c.before(i) {
		if word&^covered[w]&^c.behind[w] != 0 {
			return true
		}
	}
	return false
}

// open reports whether the edge p → at can be on a way to i past all checkpoints: as long as nothing without a checkpoint
// before it was reached, the way must not touch what a checkpoint has waited for.
func (c *Cover) open(i, at, p int) bool {
	if at != i && !c.behind.Has(at) {
		return true
	}
	return !c.covered[i].Has(p)
}

// follow lists a way from its beginning.
func follow(next map[int]int, from int) []int {
	var path []int
	for at := from; at >= 0; at = next[at] {
		path = append(path, at)
	}
	return path
}
