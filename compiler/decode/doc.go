// Package decode turns a loaded unit into plain data: each pipeline as a schema.Pipeline, a source.Map that leads from its
// definition paths to the user's files, and what is wrong with it in the user's words.
//
// Positions come from the syntax, not from CUE's values, which answer with lines of the schema for everything that is
// a struct. A tracer reads the package's files the way CUE merges them and finds every expression that writes a path, through
// references, comprehensions and imported definitions. For what only a shared module wrote, the first place is the
// user's reference to that module, and the module's own line follows it.
//
// CUE's errors are grouped by path, cleared of what follows from others, and said once with the user's line first. Unknown
// fields are looked for in the syntax as well, because CUE stops at the first error of a struct.
package decode
