// Package policies holds the rules that ship with penstock, in Rego, one per file with its tests beside it.
//
// A rule is a package with annotations (title, description, code, severity, how to fix and how to waive it) that adds
// to the partial sets deny, warn or info. What it sees is described in docs/policies.md. The Go side, which evaluates
// these and users' rules, is policies/engine.
package policies

import "embed"

// Files holds the rules and their tests (names ending in _test.rego).
//
//go:embed *.rego
var Files embed.FS
