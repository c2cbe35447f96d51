// Package load turns CUE files into units: one evaluated package each, its pipelines unified with the schema.
//
// It takes what a user may name on a command line (files, directories, "./...", import paths, "-" for standard input)
// and never touches the network: the module penstock.dev/schema comes from the binary, other modules from
// cue.mod/pkg or CUE's module cache. A single file outside any module works as well.
//
// The check against #Pipeline doesn't depend on an import. Load adds one small file of its own to each package, which
// constrains `pipeline` and each of `pipelines`; evaluation then happens once, in a context of the unit's own.
//
// What the user wrote wrongly (syntax, unknown packages and names, no pipeline at all) comes back as a diag.List. Errors
// of values stay in the Unit for package decode to explain.
package load
