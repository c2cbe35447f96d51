package decode

import (
	"strconv"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// expand finds the literals behind the sites of a spot, once.
func (t *tracer) expand(s *spot) {
	if s.open {
		return
	}
	s.open, s.busy = true, true
	defer func() { s.busy = false }()
	e := expansion{tracer: t, self: s}
	for _, st := range s.sites {
		e.site(st)
	}
	s.lits, s.computed = e.out, s.computed || e.computed
}

// expansion follows one spot's sites. Its stack holds the references under way, so that a circle ends.
type expansion struct {
	*tracer
	self  *spot // whose literals are looked for
	out   []body
	stack []ast.Expr
	// computed is set when what was found can't be all.
	computed bool
}

func (e *expansion) site(s site) {
	e.steps++
	if e.steps > maxSteps || len(e.stack) > maxDepth {
		e.computed = true
		return
	}
	if s.maybe || s.field != nil && len(s.field.Attrs) > 0 {
		e.computed = true
	}
	switch x := s.expr.(type) {
	case *ast.StructLit:
		fs := e.structFields(x)
		s.env = &scope{lit: x, spot: e.self, outer: s.env}
		e.out = append(e.out, body{site: s, decls: fs})
		if len(fs.dynamic)+len(fs.pattern) > 0 {
			e.computed = true
		}
		for _, emb := range fs.embeds {
			e.site(s.with(emb))
		}
	case *ast.ListLit:
		e.out = append(e.out, body{site: s, list: x})
	case *ast.BinaryExpr:
		e.binary(s, x)
	case *ast.ParenExpr:
		e.site(s.with(x.X))
	case *ast.UnaryExpr:
		e.computed = true
		if x.Op == token.MUL {
			e.site(s.with(x.X))
		}
	case *ast.Alias:
		e.site(s.with(x.Expr))
	case *ast.Comprehension:
		e.computed = true
		c := s.with(x.Value)
		c.maybe = true
		e.site(c)
		if x.Fallback != nil {
			c.expr = x.Fallback.Body
			e.site(c)
		}
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		e.reference(s)
	default:
		e.computed = true
	}
}

func (e *expansion) binary(s site, x *ast.BinaryExpr) {
	switch x.Op {
	case token.AND:
		e.site(s.with(x.X))
		e.site(s.with(x.Y))
	case token.OR:
		e.computed = true
		for _, arm := range []ast.Expr{x.X, x.Y} {
			a := s.with(arm)
			a.maybe = true
			e.site(a)
		}
	default:
		e.computed = true
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
			e.computed = true
			return
		}
	}
	e.stack = append(e.stack, s.expr)
	defer func() { e.stack = e.stack[:len(e.stack)-1] }()
	targets, whole := e.targets(s)
	e.computed = e.computed || !whole
	for _, target := range targets {
		next := s
		next.expr, next.pkg, next.env, next.via = target.expr, target.pkg, target.env, target.via
		if next.via.IsZero() && e.owner(target) != load.Own {
			next.via = s.via
		}
		next.maybe = s.maybe || target.maybe
		next.hops = s.hops + 1
		if next.origin == nil {
			next.origin = s.expr
		}
		e.site(next)
	}
}

// targets are the expressions that a reference stands for, and whether they are certainly all.
func (e *expansion) targets(s site) (found []site, whole bool) {
	switch x := s.expr.(type) {
	case *ast.Ident:
		return e.ident(s, x)
	case *ast.SelectorExpr:
		name, _, err := ast.LabelName(x.Sel)
		if err != nil {
			return nil, false
		}
		if id, ok := x.X.(*ast.Ident); ok {
			if spec, ok := id.Node.(*ast.ImportSpec); ok {
				return e.imported(s, spec, name)
			}
		}
		base := e.behind(s, x.X)
		found = e.child(base, name).sites
		return found, len(found) > 0 && !base.computed
	case *ast.IndexExpr:
		return e.indexed(s, x), false
	}
	return nil, false
}

// behind is the spot of an operand.
func (e *expansion) behind(s site, x ast.Expr) *spot {
	sp := &spot{open: true, busy: true}
	sub := expansion{tracer: e.tracer, self: sp, stack: e.stack}
	sub.site(s.with(x))
	sp.lits, sp.computed, sp.busy = sub.out, sub.computed, false
	return sp
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

func (e *expansion) ident(s site, x *ast.Ident) (found []site, whole bool) {
	switch n := x.Node.(type) {
	case nil:
		return e.packageNamed(s, x.Name)
	case *ast.ImportSpec:
		return nil, false
	case *ast.LetClause:
		return []site{s.with(n.Expr)}, true
	case *ast.Field:
		return []site{s.with(n.Value)}, false
	case *ast.Alias:
		return []site{s.with(n.Expr)}, false
	}
	switch in := x.Scope.(type) {
	case *ast.StructLit:
		return e.scoped(s, in, x.Name)
	case *ast.File:
		return e.packageNamed(s, x.Name)
	}
	return nil, false
}

// scoped is a reference to a field of a struct literal around it.
func (e *expansion) scoped(s site, lit *ast.StructLit, name string) (found []site, whole bool) {
	for env := s.env; env != nil; env = env.outer {
		if env.lit != lit {
			continue
		}
		if env.spot.busy { // a literal that embeds its own field
			break
		}
		found = e.child(env.spot, name).sites
		return found, len(found) > 0 && !env.spot.computed
	}
	for _, f := range e.structFields(lit).named[name] {
		found = append(found, s.with(f.Value))
	}
	return found, false
}

// packageNamed is a reference to a field at the top of the package.
func (e *expansion) packageNamed(s site, name string) (found []site, whole bool) {
	fs := e.packageFields(s.pkg)
	if s.pkg == e.unit.Package {
		fs = e.ownFields()
	}
	for _, f := range fs.named[name] {
		target := s.with(f.Value)
		target.env = nil
		found = append(found, target)
	}
	return found, len(found) > 0 && len(fs.embeds)+len(fs.dynamic)+len(fs.pattern) == 0
}

// imported is a reference to a name of another package. The schema's own definitions write nothing, which is all that there is
// to know of them.
func (e *expansion) imported(s site, spec *ast.ImportSpec, name string) (found []site, whole bool) {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return nil, false
	}
	pkg := s.pkg.LookupImport(path)
	if pkg == nil {
		return nil, false
	}
	fields := e.packageFields(pkg).named[name]
	for _, f := range fields {
		target := s.with(f.Value)
		target.pkg, target.env = pkg, nil
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
		found = append(found, target)
	}
	return found, len(fields) > 0
}
