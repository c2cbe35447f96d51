package load

import (
	"context"
	"io"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"

	"github.com/penstock-dev/penstock/internal/watch"
)

// Options says what to load.
type Options struct {
	// Dir is the directory the command was started in: arguments are relative to it, and so are the files that
	// diagnostics name. Empty means the process's working directory.
	Dir string
	// Args are files, directories, patterns such as "./...", import paths, or "-"; none means ".". Files that are named one
	// by one form a single package together, as they do for CUE.
	Args []string
	// Stdin is read for the argument "-".
	Stdin io.Reader
	// Tags are CUE tags, "key=value" or "key", for @tag attributes in the packages named by Args.
	Tags []string
	// Overlay replaces or adds files by absolute path, for editors and tests.
	Overlay map[string][]byte
	// Doing, when set, is told what is read and evaluated, for those who bound it.
	Doing *watch.Doing
	// Trial, when set, is asked before anything is evaluated that could need more memory in one step than there is: Go then
	// ends the process, and nothing in it can keep it from that. It reports whether evaluating ends a process.
	Trial func(context.Context) (dies bool)
	// Use is called with each unit as soon as it is evaluated, from several goroutines; its Value is dropped when Use
	// returns, so that the values of a thousand packages need not fit into memory at once. Without Use they are kept.
	Use func(*Unit)
}

// Unit is one evaluated package with at least one pipeline. It lives until decode returns.
type Unit struct {
	// Name is the package's directory relative to Options.Dir, slash-separated ("." for the directory itself), with
	// ":package" behind it where a directory holds several packages; the file names where files were named.
	Name string
	// Dir is the absolute directory of the package.
	Dir string
	// ModuleRoot is the absolute directory that holds cue.mod, or Dir where there is none.
	ModuleRoot string
	// Value is the package. Its pipelines are unified with the schema's #Pipeline and may hold errors.
	Value cue.Value
	// Files are the user's own files of the package, in the order in which CUE reads them.
	Files []*ast.File
	// Package gives access to the files of imported packages. Its own Files end with one that load added.
	Package *build.Instance
	// Inputs holds the lower-case hex sha256 of every file that was read, by slash-separated path relative to ModuleRoot;
	// files of cached modules by module@version/path, the schema by its module and version.
	Inputs map[string]string
	// Embeds are the absolute names and patterns of the files that @embed attributes name.
	Embeds []string
	// Tags are the tags that the package took, sorted.
	Tags []string
	// Pipelines are the pipelines of the package, in the order of their names.
	Pipelines []Pipeline
	// Places translates CUE's positions.
	Places Places
}

// Pipeline says where one pipeline stands in a Unit.
type Pipeline struct {
	// Key is the name under `pipelines`; empty for `pipeline`.
	Key string
	// Path leads to it from the Unit's Value.
	Path cue.Path
}
