package decode

import (
	"cmp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
)

// explainer says what is wrong with one pipeline.
type explainer struct {
	*tracer
	key   string // under pipelines; empty for pipeline
	root  *spot
	value cue.Value
	// spoilt are the paths, as strings.Join(path, "\x00"), that a diagnostic covers: errors at or below them follow from it.
	spoilt map[string]bool
	// marked are the fields that carry @deprecated, with what to use instead.
	marked map[*ast.Field]string
	// wrong are the parameters, such as "#target", about which CUE has errors of their own.
	wrong map[string]bool
	out   diag.List
}

// explain checks one pipeline. The errors are all those of the unit, not only of its pipelines.
func (t *tracer) explain(p load.Pipeline, root *spot, v cue.Value, errs []errors.Error) diag.List {
	x := &explainer{tracer: t, key: p.Key, root: root, value: v, spoilt: map[string]bool{}}
	x.duplicates()
	x.swallowed()
	x.left()
	inside, outside := split(errs, p)
	if len(inside) > 0 {
		all := grouped(inside)
		x.references(all)
		x.walk(nil, root, typeAt(nil))
		x.parametersMissing()
		x.groups(all)
	}
	for _, e := range outside {
		x.outside(e)
	}
	x.unsaid(inside, outside)
	x.deprecated()
	return source.Once(x.out.Normalize())
}

// unsaid makes sure that no error of CUE passes without a diagnostic.
func (x *explainer) unsaid(inside []located, outside []errors.Error) {
	if x.out.HasErrors() || len(inside)+len(outside) == 0 {
		return
	}
	var path []string
	var e errors.Error
	if len(inside) > 0 {
		e, path = inside[0].err, inside[0].path
	} else {
		e = outside[0]
	}
	format, args := e.Msg()
	x.other(&group{path: path}, located{e, path}, format, args)
}

// located is one of CUE's errors with its path inside the pipeline.
type located struct {
	err  errors.Error
	path []string
}

// split separates the errors of one pipeline from those outside any pipeline; those of other pipelines are left out.
func split(errs []errors.Error, p load.Pipeline) (inside []located, outside []errors.Error) {
	prefix := []string{"pipeline"}
	if p.Key != "" {
		prefix = []string{"pipelines", p.Key}
	}
	for _, e := range errs {
		path := slices.Clone(e.Path())
		for i := range path {
			path[i] = unquote(path[i])
		}
		switch {
		case len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix):
			inside = append(inside, located{e, path[len(prefix):]})
		case len(path) > 0 && (path[0] == "pipeline" || path[0] == "pipelines" && len(path) > 1):
		default:
			outside = append(outside, e)
		}
	}
	return inside, outside
}

func joined(path []string) string { return strings.Join(path, "\x00") }

// spoil marks a path as explained.
func (x *explainer) spoil(path []string) { x.spoilt[joined(path)] = true }

// follows reports whether a path is at or below an explained one.
func (x *explainer) follows(path []string) bool {
	for i := len(path); i >= 0; i-- {
		if x.spoilt[joined(path[:i])] {
			return true
		}
	}
	return false
}

// group is what CUE says about one path.
type group struct {
	path []string
	errs []located
}

// grouped puts errors together by path, the shortest paths first.
func grouped(errs []located) []*group {
	byPath := map[string]*group{}
	var all []*group
	for _, e := range errs {
		g := byPath[joined(e.path)]
		if g == nil {
			g = &group{path: e.path}
			byPath[joined(e.path)] = g
			all = append(all, g)
		}
		g.errs = append(g.errs, e)
	}
	slices.SortStableFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(len(a.path), len(b.path)), slices.Compare(a.path, b.path))
	})
	return all
}

// references explains the groups in which a reference leads nowhere, before anything is said to be missing for want of it.
func (x *explainer) references(all []*group) {
	for _, g := range all {
		for _, e := range g.errs {
			switch format, _ := e.err.Msg(); format {
			case "undefined field: %s", "cannot call non-function %s (type %s)", "structural cycle", "cycle error":
				if !x.follows(g.path) {
					x.group(g)
				}
			}
		}
	}
}

// groups explains the errors path by path. What CUE only says because something else is wrong comes last, and only if
// nothing else was found.
func (x *explainer) groups(all []*group) {
	x.wrong = map[string]bool{}
	for _, g := range all {
		if name := last(g.path); strings.HasPrefix(name, "#") {
			x.wrong[name] = true
		}
	}
	var later []*group
	for _, g := range all {
		if x.derived(g) {
			later = append(later, g)
			continue
		}
		if !x.follows(g.path) {
			x.group(g)
		}
	}
	for _, g := range later {
		if !x.out.HasErrors() && !x.follows(g.path) {
			x.group(g)
		}
	}
}

// derived reports whether a group only says that something it refers to is wrong.
func (x *explainer) derived(g *group) bool {
	for _, e := range g.errs {
		format, _ := e.err.Msg()
		switch {
		case strings.HasSuffix(format, "errors in empty disjunction:"):
		case format == "%s" && !x.hasUserPlace(e.err):
		case format == "invalid interpolation", format == "non-concrete value %s in operand to %s", format == "required field missing: %s":
		case x.carries(g):
		default:
			return false
		}
	}
	return true
}

// carries reports whether what stands at a group's path is a parameter that CUE refuses itself.
func (x *explainer) carries(g *group) bool {
	s, n := x.find(g.path)
	best, ok := x.best(s)
	if n < len(g.path) || !ok {
		return false
	}
	id, ok := best.expr.(*ast.Ident)
	return ok && x.wrong[id.Name]
}

func (x *explainer) hasUserPlace(e errors.Error) bool {
	return slices.ContainsFunc(e.InputPositions(), func(p token.Pos) bool { return x.unit.Places.Owner(p) != load.Schema })
}

// where is the best place for a path: the expression that writes it, or the label of the nearest parent that is written.
func (x *explainer) where(path []string) (r diag.Range, related []diag.Related, expr ast.Expr) {
	s, n := x.find(path)
	entries := x.places(s)
	if len(entries) == 0 {
		return diag.Range{}, nil, nil
	}
	r = entries[0].Value
	if n < len(path) {
		r = entries[0].Key
		return r, nil, nil
	}
	if best, ok := x.best(s); ok {
		expr = x.leaf(best)
	}
	return r, sharedPlace(entries), expr
}

// sharedPlace names the line of a shared module when that is what wrote a value.
func sharedPlace(entries []source.Entry) []diag.Related {
	if len(entries) < 2 || entries[0].Module != "" || entries[0].Key != entries[0].Value || entries[1].Module == "" {
		return nil
	}
	return []diag.Related{{Range: entries[1].Value, Message: "written here, in " + entries[1].Module}}
}

// best is the site that most likely wrote the value of a spot.
func (t *tracer) best(s *spot) (site, bool) {
	var best site
	ok := false
	for _, st := range s.sites {
		if t.owner(st) != load.Schema && (!ok || t.rank(st) < t.rank(best)) {
			best, ok = st, true
		}
	}
	return best, ok
}

// leaf follows references from a site to the literal behind them; the site's own expression when there is none.
func (t *tracer) leaf(s site) ast.Expr {
	e := expansion{tracer: t}
	cur := s
	for range maxDepth {
		var next []site
		switch x := cur.expr.(type) {
		case *ast.ParenExpr:
			next = []site{cur.with(x.X)}
		case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
			next, _ = e.targets(cur)
		case *ast.BasicLit, *ast.StructLit, *ast.ListLit, *ast.UnaryExpr:
			return x
		}
		if len(next) != 1 {
			return s.expr
		}
		cur = next[0]
	}
	return s.expr
}
