package decode

import (
	"cmp"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/compiler/source"
)

// rank orders sites by how likely the user means this one: the own file before a shared module, what writes a value before
// what restricts it, the pipeline itself before what it refers to, the certain before the possible.
func (t *tracer) rank(s site) int {
	r := min(s.hops, 99)
	if s.maybe {
		r += 100
	}
	if s.constraint || !writes(s.expr) {
		r += 1000
	}
	if t.owner(s) != load.Own {
		r += 10000
	}
	return r
}

func (t *tracer) owner(s site) load.Owner {
	if s.expr == nil {
		return load.Schema
	}
	return t.unit.Places.Owner(s.expr.Pos())
}

// writes reports whether an expression is a value rather than a type that restricts one.
func writes(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		switch x.Name {
		case "string", "int", "number", "float", "bool", "bytes", "uint", "_":
			return x.Node != nil
		}
	case *ast.UnaryExpr:
		return x.Op == token.SUB || x.Op == token.ADD || x.Op == token.NOT
	case *ast.BinaryExpr:
		if x.Op == token.AND || x.Op == token.OR {
			return writes(x.X) || writes(x.Y)
		}
	case *ast.ParenExpr:
		return writes(x.X)
	case *ast.SelectorExpr, *ast.BottomLit:
		return true
	}
	return true
}

// places lists where a spot is written, the best first.
func (t *tracer) places(s *spot) []source.Entry {
	sites := s.sites
	if len(sites) > 1 {
		sites = slices.Clone(sites)
		slices.SortStableFunc(sites, func(a, b site) int { return cmp.Compare(t.rank(a), t.rank(b)) })
	}
	var out []source.Entry
	for _, st := range sites {
		if e, ok := t.entry(st); ok {
			if !st.via.IsZero() && len(out) == 0 {
				out = append(out, source.Entry{Key: st.via, Value: st.via})
			}
			out = append(out, e)
		}
	}
	return out
}

func (t *tracer) entry(s site) (source.Entry, bool) {
	owner := t.owner(s)
	if owner == load.Schema {
		return source.Entry{}, false
	}
	e := source.Entry{
		Value:    t.unit.Places.Node(s.expr),
		Borrowed: s.hops > 0 || s.origin != nil,
		Perhaps:  s.maybe || s.constraint,
	}
	e.Key = e.Value
	if s.label != nil {
		e.Key = t.unit.Places.Node(s.label)
	}
	if owner == load.Shared {
		e.Module = s.pkg.ImportPath
	}
	if lit, ok := s.expr.(*ast.BasicLit); ok && lit.Kind == token.STRING && !strings.Contains(lit.Value, "\n") {
		e.Literal = lit.Value
	}
	return e, true
}

// sortSites puts sites into the order in which they stand in the files.
func sortSites(sites []site) []site {
	slices.SortStableFunc(sites, func(a, b site) int {
		p, q := a.expr.Pos().Position(), b.expr.Pos().Position()
		return cmp.Or(cmp.Compare(p.Filename, q.Filename), cmp.Compare(p.Offset, q.Offset))
	})
	return sites
}
