// Package check proves what CUE cannot say: that names lead somewhere, that the graph has no cycle, that exactly one
// variant is chosen, that nothing is written twice at once, that artifacts exist before they are used, that a target can do
// what is asked.
//
// [Run] takes a decoded pipeline with its source map and the capabilities of the targets, and returns diagnostics at the
// user's own lines. It reads no file, asks nobody and needs time linear in the pipeline (but for the order of stages,
// which is stages × edges / 64). The list of checks is in checks.go; each stands in a file of its own with the text that
// `penstock explain` prints.
package check
