// Package names finds the known name that a misspelt one most likely stands for.
package names

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// minPrefix is the least number of letters that a shortened word must share with the name it stands for.
const minPrefix = 3

// Nearest returns the known name that word most likely means, and whether there is one close enough to be worth a
// question. Letter case and the difference between "-", "_" and "." cost nothing. Otherwise names are ranked by the number of
// letters to insert, drop, replace or swap with their neighbour (optimal string alignment); up to a third of the longer
// of the two words may differ. A word that starts a name, or goes on after one, counts as one letter away from it.
// Ties go to the name whose length is nearest, then to the one that sorts first, so the answer doesn't depend on the order
// of known.
func Nearest(word string, known []string) (string, bool) {
	folded := fold(word)
	best, least, off := "", -1, 0
	for _, name := range known {
		if name == "" || name == word {
			continue
		}
		limit := allowed(word, name)
		if least >= 0 {
			limit = min(limit, least)
		}
		d := cost(folded, fold(name), limit)
		if d > limit {
			continue
		}
		o := len(name) - len(word)
		o = max(o, -o)
		if least < 0 || d < least || o < off || o == off && name < best {
			best, least, off = name, d, o
		}
	}
	return best, least >= 0
}

// Ask returns ` (did you mean "name"?)` for the nearest known name, or "" when none is near.
func Ask(word string, known []string) string {
	name, ok := Nearest(word, known)
	if !ok {
		return ""
	}
	return ` (did you mean "` + name + `"?)`
}

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '.' {
			return '-'
		}
		return r
	}, strings.ToLower(s))
}

// allowed is how many letters may differ before two words are taken to be different things.
func allowed(a, b string) int {
	n := max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
	if n <= 2 {
		return 0
	}
	return max(1, n/3)
}

// cost is the distance of a and b, or something above limit.
func cost(a, b string, limit int) int {
	if a == b {
		return 0
	}
	if limit < 1 {
		return limit + 1
	}
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	if len(short) >= minPrefix && strings.HasPrefix(long, short) {
		return 1
	}
	ra, rb := []rune(a), []rune(b)
	if d := len(ra) - len(rb); d > limit || -d > limit {
		return limit + 1
	}
	return distance(ra, rb)
}

// distance is the optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours count
// one each, and no piece of the word is edited twice.
func distance(a, b []rune) int {
	two := make([]int, len(b)+1)
	one := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := one[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(one[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one, row = one, row, two
	}
	return one[len(b)]
}

// Sorted returns the keys of a map of names, sorted: what a message lists.
func Sorted[K ~string, V any](m map[K]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, string(k))
	}
	slices.Sort(out)
	return out
}
