package load

import (
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/schema"
)

// standard lists the packages that CUE brings along.
func standard() []string {
	return []string{
		"crypto/ed25519", "crypto/hmac", "crypto/md5", "crypto/sha1", "crypto/sha256", "crypto/sha512", "encoding/base64",
		"encoding/csv", "encoding/hex", "encoding/json", "encoding/toml", "encoding/yaml", "html", "list", "math", "math/bits",
		"net", "path", "regexp", "strconv", "strings", "struct", "text/tabwriter", "text/template", "time", "uuid",
	}
}

// knownPackages lists what can be imported here besides the standard packages: the schema, packages of the module, and
// vendored ones.
func (x *explainer) knownPackages() []string {
	known := []string{schema.ImportPath}
	vendor := filepath.Join(x.places.root, "cue.mod", "pkg")
	if dirs, err := x.disk.walk(vendor, true); err == nil {
		for _, dir := range dirs {
			if rel, ok := below(vendor, dir); ok {
				known = append(known, rel)
			}
		}
	}
	module, _, _ := strings.Cut(x.inst.Module, "@")
	if module == "" {
		return known
	}
	dirs, err := x.disk.walk(x.places.root, true)
	if err != nil {
		return known
	}
	for _, dir := range dirs {
		if rel, ok := below(x.places.root, dir); ok {
			known = append(known, path.Join(module, rel))
		}
	}
	return known
}

// inScope lists the names that could be referred to at pos: fields, lets and loop variables around it, the top level of
// the package, imports.
func (x *explainer) inScope(pos token.Pos) []string {
	var known []string
	x.walk(pos, func(_ ast.Node, around []ast.Node) {
		for _, n := range around {
			switch n := n.(type) {
			case *ast.StructLit:
				known = append(known, declared(n.Elts)...)
			case *ast.File:
				known = append(known, imports(n)...)
			case *ast.Comprehension:
				known = append(known, bound(n.Clauses)...)
			}
		}
	})
	for _, f := range x.inst.Files {
		if f.Filename != checkFile {
			known = append(known, declared(f.Decls)...)
		}
	}
	known = append(known, "len", "close", "and", "or", "div", "mod", "quo", "rem", "error", "string", "int", "number", "float", "bool", "bytes")
	slices.Sort(known)
	return slices.Compact(known)
}

// declared lists the identifiers that declarations introduce.
func declared(decls []ast.Decl) []string {
	var out []string
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.Field:
			if name, ident, err := ast.LabelName(d.Label); err == nil && ident {
				out = append(out, name)
			}
			if a, ok := d.Label.(*ast.Alias); ok {
				out = append(out, a.Ident.Name)
			}
		case *ast.LetClause:
			out = append(out, d.Ident.Name)
		case *ast.Alias:
			out = append(out, d.Ident.Name)
		}
	}
	return out
}

func imports(f *ast.File) []string {
	var out []string
	for spec := range f.ImportSpecs() {
		if spec.Name != nil {
			out = append(out, spec.Name.Name)
			continue
		}
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			out = append(out, ast.ParseImportPath(p).Qualifier)
		}
	}
	return out
}

// bound lists the names that the clauses of a comprehension bind.
func bound(clauses []ast.Clause) []string {
	var out []string
	for _, c := range clauses {
		switch c := c.(type) {
		case *ast.ForClause:
			for _, id := range []*ast.Ident{c.Key, c.Value} {
				if id != nil {
					out = append(out, id.Name)
				}
			}
		case *ast.LetClause:
			out = append(out, c.Ident.Name)
		}
	}
	return out
}
