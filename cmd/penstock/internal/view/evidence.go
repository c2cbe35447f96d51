package view

import (
	"regexp"
	"slices"
	"strings"
)

// proof is the part of a tick that says how strong evidence must be; it stays the same as long as a monitor watches.
var proof = regexp.MustCompile(` \(proof at [^)]*\)`)

// news shortens a tick of a monitor for those who have read the last one: the strength that proves is not repeated, and a
// clause that stood in the last tick word for word is left out. The verdict and the clause's name stay.
func news(last, line string) string {
	if last == "" {
		return line
	}
	said := strings.Split(proof.ReplaceAllString(last, ""), "; ")
	var fresh []string
	for i, clause := range strings.Split(proof.ReplaceAllString(line, ""), "; ") {
		if i == 0 || !slices.Contains(said, clause) {
			fresh = append(fresh, clause)
		}
	}
	return strings.Join(fresh, "; ")
}
