package decode

import (
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// place is the first of an error's positions that is in the user's files, or else in a shared module's.
func (x *explainer) place(e errors.Error) diag.Range {
	all := append([]token.Pos{e.Position()}, e.InputPositions()...)
	for _, owner := range []load.Owner{load.Own, load.Shared} {
		for _, p := range all {
			if p.IsValid() && x.unit.Places.Owner(p) == owner {
				return x.expressionAt(p)
			}
		}
	}
	return diag.Range{}
}

// inModule reports whether an error names places of shared modules and none of the user's.
func (x *explainer) inModule(e errors.Error) bool {
	all := append([]token.Pos{e.Position()}, e.InputPositions()...)
	return !slices.ContainsFunc(all, func(p token.Pos) bool { return p.IsValid() && x.unit.Places.Owner(p) == load.Own })
}

// expressionAt is the range of the expression at a position.
func (x *explainer) expressionAt(p token.Pos) diag.Range {
	if n := x.nodeAt(p); n != nil {
		r := x.unit.Places.Node(n)
		if at := x.unit.Places.At(p); at.Start != r.Start {
			return at
		}
		return r
	}
	return x.unit.Places.At(p)
}

// nodeAt is the syntax that CUE means by a position: the innermost expression that starts there, or, for a position
// inside a selector, the whole selector.
func (t *tracer) nodeAt(p token.Pos) ast.Node {
	if !p.IsValid() {
		return nil
	}
	var hit ast.Node
	for _, f := range t.sources() {
		if f.Filename != p.Filename() {
			continue
		}
		ast.Walk(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if n.Sel.Pos().IsValid() && n.Sel.Pos().Offset() == p.Offset() {
					hit = n
					return false
				}
			case *ast.Field, *ast.File, *ast.EmbedDecl:
				return true
			}
			if x, ok := n.(ast.Expr); ok && x.Pos().IsValid() && x.Pos().Offset() == p.Offset() {
				hit = x
			}
			return true
		}, nil)
	}
	return hit
}

// sources are all files of the unit: the user's and those of the packages it imports.
func (t *tracer) sources() []*ast.File {
	all := slices.Clone(t.unit.Files)
	for _, p := range t.unit.Package.Dependencies() {
		all = append(all, p.Files...)
	}
	return all
}

// members lists what could have been selected where a selector names something unknown.
func (x *explainer) members(p token.Pos) []string {
	sel, ok := x.nodeAt(p).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		if spec, ok := id.Node.(*ast.ImportSpec); ok {
			return x.exported(spec)
		}
	}
	e := expansion{tracer: x.tracer}
	var known []string
	for _, l := range e.behind(site{pkg: x.unit.Package}, sel.X).lits {
		if l.decls == nil {
			continue
		}
		for name := range l.decls.named {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	return known
}

// exported lists the top level of an imported package.
func (x *explainer) exported(spec *ast.ImportSpec) []string {
	path := unquote(spec.Path.Value)
	pkg := x.unit.Package.LookupImport(path)
	if pkg == nil {
		return nil
	}
	var known []string
	for name := range x.packageFields(pkg).named {
		known = append(known, name)
	}
	slices.Sort(known)
	return known
}

// written is the text of an expression, on one line.
func written(x ast.Node) string {
	b, err := format.Node(x)
	if err != nil {
		return "this"
	}
	return shorten(string(b))
}
