// Package explain holds the text of every code that a diagnostic can have: what was found, why it matters, an example that
// has the mistake and one that hasn't. `penstock explain` prints it and docs/checks.md is generated from it.
//
// The texts of load, decode and check stand beside what reports them; the others stand here. The rules of policies describe
// themselves, in their annotations.
package explain

import (
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/compiler/check"
	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/internal/diag"
)

// Doc explains one code.
type Doc struct {
	Code diag.Code `json:"code"`
	// Phase is the part of the way at which it is found: "decode" (with load), "inspect", "check", "allow", "bind",
	// "policy" or "limits".
	Phase string `json:"phase"`
	// Title is one line; What says what was found, Why what would go wrong otherwise.
	Title string `json:"title"`
	What  string `json:"what"`
	Why   string `json:"why"`
	// Bad has the mistake, Good hasn't. Each is what a file would hold, or several files, each behind a line
	// "-- name --". Both are empty where it takes a command line.
	Bad  string `json:"bad"`
	Good string `json:"good"`
	// Adds says that the examples are fields that are added to the pipeline of check.Base, not files.
	Adds bool `json:"adds,omitempty"`
	// Allow says that a comment in the user's file may allow the finding.
	Allow bool `json:"allow,omitempty"`
}

// Waiver is the comment that allows the finding; "" where none may.
func (d Doc) Waiver() string {
	if !d.Allow {
		return ""
	}
	return "// penstock:allow " + string(d.Code) + " and why"
}

// All returns the texts of all codes, in the order of the codes.
func All() []Doc {
	out := slices.Concat(fileDocs(), manifestDocs(), digestDocs(), policyDocs(), allowDocs(), limitDocs())
	for _, d := range decode.Docs() {
		out = append(out, Doc{Code: d.Code, Phase: "decode", Title: d.Title, What: d.What, Why: d.Why, Bad: d.Bad, Good: d.Good})
	}
	for _, d := range check.Docs() {
		out = append(out, Doc{Code: d.Code, Phase: "check", Title: d.Title, What: d.What, Why: d.Why, Bad: d.Bad, Good: d.Good, Adds: true, Allow: d.Allow})
	}
	slices.SortFunc(out, func(a, b Doc) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return out
}

// Lookup returns the text of a code, and whether there is one.
func Lookup(code diag.Code) (Doc, bool) {
	all := All()
	i := slices.IndexFunc(all, func(d Doc) bool { return d.Code == code })
	if i < 0 {
		return Doc{}, false
	}
	return all[i], true
}

// file is a package of one file with a pipeline that has the fields.
func file(fields string) string {
	return "package web\n\npipeline: {\n\tname: \"web\"\n\t" + strings.ReplaceAll(fields, "\n", "\n\t") + "\n}\n"
}

// build is a stage that makes a pipeline whole.
const build = `stages: build: exec: command: ["make"]`
