// Package bitset holds sets of small whole numbers: which stages come before which, for graphs with thousands of them.
package bitset

import "math/bits"

// Set is a set of numbers below the n it was made for. Sets that are joined or met were made for the same n.
type Set []uint64

// New returns an empty set for the numbers below n.
func New(n int) Set { return make(Set, (n+63)/64) }

// Table returns rows empty sets for the numbers below n, which share one allocation.
func Table(rows, n int) []Set {
	width := (n + 63) / 64
	words := make(Set, rows*width)
	out := make([]Set, rows)
	for i := range out {
		out[i] = words[i*width : (i+1)*width : (i+1)*width]
	}
	return out
}

// Add puts i into the set.
func (s Set) Add(i int) { s[i/64] |= 1 << (i % 64) }

// Has reports whether i is in the set.
func (s Set) Has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// Join adds all members of o.
func (s Set) Join(o Set) {
	for i := range s {
		s[i] |= o[i]
	}
}

// Meet keeps only the members of o.
func (s Set) Meet(o Set) {
	for i := range s {
		s[i] &= o[i]
	}
}

// Each calls f with the members in rising order.
func (s Set) Each(f func(i int)) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			f(w*64 + bits.TrailingZeros64(word))
		}
	}
}
