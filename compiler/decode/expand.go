package decode

import (
	"strconv"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// expand finds the literals behind the sites of a spot, once.
func (t *tracer) expand(s *spot) {
	if s.open {
		return
	}
	s.open = true
	e := expansion{tracer: t}
	for _, st := range s.sites {
		e.site(st)
	}
	s.lits = e.out
}

// expansion follows one spot's sites. Its stack holds the references under way, so that a circle ends.
type expansion struct {
	*tracer
	out   []literal
	stack []ast.Expr
}

func (e *expansion) site(s site) {
	e.steps++
	if e.steps > maxSteps || len(e.stack) > maxDepth {
		return
	}
	switch x := s.expr.(type) {
	case *ast.StructLit:
		fs := e.structFields(x)
		e.out = append(e.out, literal{site: s, decls: fs})
		for _, emb := range fs.embeds {
			e.site(s.with(emb))
		}
	case *ast.ListLit:
		e.out = append(e.out, literal{site: s, list: x})
	case *ast.BinaryExpr:
		e.binary(s, x)
	case *ast.ParenExpr:
		e.site(s.with(x.X))
	case *ast.UnaryExpr:
		if x.Op == token.MUL {
			e.site(s.with(x.X))
		}
	case *ast.Alias:
		e.site(s.with(x.Expr))
	case *ast.Comprehension:
		c := s.with(x.Value)
		c.maybe = true
		e.site(c)
		if x.Fallback != nil {
			c.expr = x.Fallback.Body
			e.site(c)
		}
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		e.reference(s)
	}
}

func (e *expansion) binary(s site, x *ast.BinaryExpr) {
	switch x.Op {
	case token.AND:
		e.site(s.with(x.X))
		e.site(s.with(x.Y))
	case token.OR:
		for _, arm := range []ast.Expr{x.X, x.Y} {
			a := s.with(arm)
			a.maybe = true
			e.site(a)
		}
	}
}

// with is the same place in the pipeline, written by another expression.
func (s site) with(x ast.Expr) site {
	s.expr = x
	return s
}

func (e *expansion) reference(s site) {
	for _, x := range e.stack {
		if x == s.expr {
			return
		}
	}
	e.stack = append(e.stack, s.expr)
	defer func() { e.stack = e.stack[:len(e.stack)-1] }()
	for _, target := range e.targets(s) {
		next := s
		next.expr, next.pkg, next.via = target.expr, target.pkg, target.via
		next.maybe = s.maybe || target.maybe
		next.hops = s.hops + 1
		if next.origin == nil {
			next.origin = s.expr
		}
		e.site(next)
	}
}

// targets are the expressions that a reference stands for.
func (e *expansion) targets(s site) []site {
	switch x := s.expr.(type) {
	case *ast.Ident:
		return e.ident(s, x)
	case *ast.SelectorExpr:
		name, _, err := ast.LabelName(x.Sel)
		if err != nil {
			return nil
		}
		if id, ok := x.X.(*ast.Ident); ok {
			if spec, ok := id.Node.(*ast.ImportSpec); ok {
				return e.imported(s, spec, name)
			}
		}
		return e.child(e.behind(s, x.X), name).sites
	case *ast.IndexExpr:
		return e.indexed(s, x)
	}
	return nil
}

// behind is the spot of an operand.
func (e *expansion) behind(s site, x ast.Expr) *spot {
	sub := expansion{tracer: e.tracer, stack: e.stack}
	sub.site(s.with(x))
	return &spot{open: true, lits: sub.out}
}

func (e *expansion) indexed(s site, x *ast.IndexExpr) []site {
	base := e.behind(s, x.X)
	if lit, ok := x.Index.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		name, err := strconv.Unquote(lit.Value)
		if err != nil {
			return nil
		}
		return e.child(base, name).sites
	}
	n := 0
	if lit, ok := x.Index.(*ast.BasicLit); ok && lit.Kind == token.INT {
		n, _ = strconv.Atoi(lit.Value)
		return e.element(base, n).sites
	}
	// the key is computed: it may be any of them
	var all []site
	for _, l := range base.lits {
		if l.decls == nil {
			continue
		}
		for _, fs := range l.decls.named {
			for _, f := range fs {
				c := l.at(f)
				c.maybe = true
				all = append(all, c)
			}
		}
	}
	return sortSites(all)
}

func (e *expansion) ident(s site, x *ast.Ident) []site {
	switch n := x.Node.(type) {
	case nil:
		return e.fieldsNamed(s, e.top(s.pkg), x.Name)
	case *ast.ImportSpec:
		return nil
	case *ast.LetClause:
		return []site{s.with(n.Expr)}
	case *ast.Field:
		return []site{s.with(n.Value)}
	case *ast.Alias:
		return []site{s.with(n.Expr)}
	}
	switch scope := x.Scope.(type) {
	case *ast.StructLit:
		if found := e.fieldsNamed(s, e.structFields(scope), x.Name); found != nil {
			return found
		}
	case *ast.File:
		if found := e.fieldsNamed(s, e.top(s.pkg), x.Name); found != nil {
			return found
		}
	}
	if n, ok := x.Node.(ast.Expr); ok {
		if _, loop := n.(*ast.Ident); !loop {
			return []site{s.with(n)}
		}
	}
	return nil
}

func (e *expansion) top(pkg *build.Instance) *fields {
	if pkg == e.unit.Package {
		return e.ownFields()
	}
	return e.packageFields(pkg)
}

func (e *expansion) fieldsNamed(s site, fs *fields, name string) []site {
	var out []site
	for _, f := range fs.named[name] {
		out = append(out, s.with(f.Value))
	}
	return out
}

// imported is a reference to a name of another package. The schema's own definitions write nothing.
func (e *expansion) imported(s site, spec *ast.ImportSpec, name string) []site {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return nil
	}
	pkg := s.pkg.LookupImport(path)
	if pkg == nil {
		return nil
	}
	var out []site
	for _, f := range e.packageFields(pkg).named[name] {
		target := s.with(f.Value)
		target.pkg = pkg
		switch e.unit.Places.Owner(f.Pos()) {
		case load.Schema:
			continue
		case load.Shared:
			if target.via.IsZero() {
				target.via = e.unit.Places.Node(s.expr)
			}
		case load.Own:
			target.via = diag.Range{}
		}
		out = append(out, target)
	}
	return out
}
