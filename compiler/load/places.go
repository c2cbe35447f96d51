package load

import (
	"path/filepath"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
)

// schemaDir is the directory that the embedded schema's files pretend to stand in.
const schemaDir = "/penstock/" + schema.ModulePath

// Owner says whose file it is.
type Owner int

// The owners, nearest to the user first.
const (
	// Own is a file of the module that is being checked.
	Own Owner = iota
	// Shared is a file of another module, vendored or cached.
	Shared
	// Schema is a file of the embedded schema, or one that load added.
	Schema
)

// Places translates the positions of CUE into ranges of the user's files.
type Places struct {
	cwd, root string
}

// Owner says whose file a position is in; a position in no file counts as Schema.
func (p Places) Owner(pos token.Pos) Owner {
	name := pos.Filename()
	switch {
	case name == "-":
		return Own
	case name == "" || name == checkFile || strings.HasPrefix(name, schemaDir+"/"):
		return Schema
	}
	rel, ok := below(p.root, name)
	if !ok || rel == "cue.mod" || strings.HasPrefix(rel, "cue.mod/") {
		return Shared
	}
	return Own
}

// At is the place of a single position, without an end.
func (p Places) At(pos token.Pos) diag.Range { return p.span(pos, token.NoPos) }

// Node is the range of a syntax node.
func (p Places) Node(n ast.Node) diag.Range {
	if n == nil {
		return diag.Range{}
	}
	return p.span(n.Pos(), n.End())
}

func (p Places) span(from, to token.Pos) diag.Range {
	if !from.IsValid() {
		return diag.Range{}
	}
	start := from.Position()
	r := diag.Range{File: p.File(start.Filename), Start: diag.Position{Line: start.Line, Column: start.Column}}
	if to.IsValid() {
		end := to.Position()
		if end.Line > start.Line || end.Line == start.Line && end.Column > start.Column {
			r.End = diag.Position{Line: end.Line, Column: end.Column}
		}
	}
	return r
}

// File is how diagnostics name a file: relative to the command's directory unless that would lead far up.
func (p Places) File(name string) string {
	if rest, ok := strings.CutPrefix(name, schemaDir+"/"); ok {
		return schema.ImportPath + "/" + rest
	}
	if !filepath.IsAbs(name) {
		return filepath.ToSlash(name)
	}
	rel, err := filepath.Rel(p.cwd, name)
	if err != nil {
		return filepath.ToSlash(name)
	}
	rel = filepath.ToSlash(rel)
	if strings.HasPrefix(rel, "../../../") {
		return filepath.ToSlash(name)
	}
	return rel
}

// below returns name relative to dir, slash-separated, and whether it is inside.
func below(dir, name string) (string, bool) {
	rel, err := filepath.Rel(dir, name)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}
