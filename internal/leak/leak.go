package leak

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Finding is one secret in a text.
type Finding struct {
	// Rule is the name of the format.
	Rule string
	// Start and End are its place in the text.
	Start, End int
}

// Find returns the secrets of known formats, in the order of the text. Where several rules know one secret, one of them
// is named.
func Find(text string) []Finding {
	t := rules()
	out := passwordsInURLs(text)
	for _, i := range t.candidates(text) {
		out = append(out, t.rules[i].parsed().find(t, text)...)
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
	kept := out[:0]
	for _, f := range out {
		if len(kept) == 0 || f.Start >= kept[len(kept)-1].End {
			kept = append(kept, f)
		}
	}
	return kept
}

func (r *format) find(t *table, text string) []Finding {
	var out []Finding
	for _, m := range r.expr.FindAllStringSubmatchIndex(text, -1) {
		from, to := r.secret(m)
		secret := text[from:to]
		if secret == "" || entropy(secret) <= r.entropy || strings.HasSuffix(text[:from], "sha256:") {
			continue
		}
		if is(secret, r.allow) || is(secret, t.global.parsed().allow) || placeholder(secret) {
			continue
		}
		out = append(out, Finding{r.id, from, to})
	}
	return out
}

// secret is the group that the rule names, or the first that matched, or all of it.
func (r *format) secret(m []int) (from, to int) {
	if r.group > 0 && 2*r.group+1 < len(m) && m[2*r.group] >= 0 {
		return m[2*r.group], m[2*r.group+1]
	}
	for i := 2; i+1 < len(m); i += 2 {
		if m[i] >= 0 && m[i+1] > m[i] {
			return m[i], m[i+1]
		}
	}
	return m[0], m[1]
}

func is(secret string, list []allowed) bool {
	return slices.ContainsFunc(list, func(a allowed) bool {
		if a.expr == nil {
			return strings.Contains(strings.ToLower(secret), a.stop)
		}
		return a.expr.MatchString(secret)
	})
}

// entropy is Shannon's, in bits for each byte.
func entropy(s string) float64 {
	var counts [256]int
	for i := range len(s) {
		counts[s[i]]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(s))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}
