package decode

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/names"
)

// swallowed reports what CUE drops without a word.
func (x *explainer) swallowed() {
	x.parameters()
	for _, f := range x.sources() {
		if x.unit.Places.Owner(f.Pos()) == load.Schema {
			continue
		}
		ast.Walk(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Comprehension:
				x.selfFeeding(n)
			case *ast.Field:
				x.mark(n)
			}
			return true
		}, nil)
	}
}

// parameters reports a definition field such as #with in the pipeline that no definition behind it declares: definitions
// may be added to closed structs, so CUE accepts a misspelt one and the parameter keeps its default.
func (x *explainer) parameters() {
	x.expand(x.root)
	if !slices.ContainsFunc(x.root.lits, func(l body) bool { return l.origin != nil }) {
		return
	}
	for _, l := range x.root.lits {
		if l.decls == nil || l.origin != nil || l.maybe {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(l.decls.named)) {
			fs := l.decls.named[name]
			if name == "" || name[0] != '#' || x.declared(name) || x.referenced(name) || x.unit.Places.Owner(fs[0].Pos()) != load.Own {
				continue
			}
			known := x.parameterNames()
			hint := "the definition takes no parameters"
			if len(known) > 0 {
				hint = "its parameters are " + enumerate(known)
			}
			if near, ok := names.Nearest(name, known); ok {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			msg := fmt.Sprintf("no definition of this pipeline has a parameter %s, and CUE would ignore it", name)
			x.add("swallowed", x.unit.Places.Node(fs[0].Label), []string{name}, msg, hint, nil)
		}
	}
}

// declared reports whether a definition that the pipeline is built from has the field.
func (x *explainer) declared(name string) bool { return slices.Contains(x.parameterNames(), name) }

func (x *explainer) parameterNames() []string {
	var known []string
	for _, l := range x.root.lits {
		if l.decls == nil || l.origin == nil {
			continue
		}
		for name := range l.decls.named {
			if name != "" && name[0] == '#' {
				known = append(known, name)
			}
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// parametersMissing reports the parameters that a definition requires and nothing gives.
func (x *explainer) parametersMissing() {
	for _, param := range x.parameterNames() {
		s := x.child(x.root, param)
		x.expand(s)
		if best, ok := x.best(s); ok {
			if k := kindOf(x.leaf(best)); k != reflect.Struct && k != reflect.Invalid {
				continue // it is no struct at all
			}
		}
		declared := x.siblings([]string{param}, "")
		for _, l := range s.lits {
			if l.decls == nil || l.maybe {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(l.decls.named)) {
				path := []string{param, name}
				if l.decls.named[name][0].Constraint != token.NOT || x.given(s, name) || x.follows(path) {
					continue
				}
				if x.misspeltParameter(s, declared, name) {
					x.spoil(path)
					continue
				}
				x.missing(path[:1], name)
			}
		}
	}
}

// misspeltParameter reports whether something is given that most likely means the parameter.
func (x *explainer) misspeltParameter(s *spot, declared []string, name string) bool {
	return slices.ContainsFunc(x.keys(s), func(k string) bool {
		near, ok := names.Nearest(k, declared)
		return !slices.Contains(declared, k) && ok && near == name
	})
}

// given reports whether a field is written by something other than a constraint.
func (x *explainer) given(s *spot, name string) bool {
	return slices.ContainsFunc(x.child(s, name).sites, func(st site) bool { return !st.constraint })
}

// referenced reports whether the user's files refer to a name.
func (x *explainer) referenced(name string) bool {
	hit := false
	for _, f := range x.unit.Files {
		ast.Walk(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == name && id.Node != nil { // labels aren't resolved to a node
				hit = true
			}
			return !hit
		}, nil)
	}
	return hit
}

// selfFeeding reports a comprehension over one of the pipeline's maps that adds to the same map. CUE reads the map once,
// and drops what is added afterwards.
func (x *explainer) selfFeeding(c *ast.Comprehension) {
	body, ok := c.Value.(*ast.StructLit)
	if !ok {
		return
	}
	for _, clause := range c.Clauses {
		loop, ok := clause.(*ast.ForClause)
		if !ok {
			continue
		}
		name := lastName(loop.Source)
		if !slices.Contains(collections(), name) {
			continue
		}
		for _, d := range body.Elts {
			f, ok := d.(*ast.Field)
			if !ok {
				continue
			}
			if label, _, err := ast.LabelName(f.Label); err != nil || label != name {
				continue
			}
			r := x.unit.Places.Node(f.Label)
			hint := fmt.Sprintf("keep the %s that are read in a field of their own, such as _%s, and add both to %s", name, name, name)
			x.add("swallowed", r, []string{name}, fmt.Sprintf("this loop reads %s and adds to %s: CUE would drop what it adds", name, name), hint, nil)
			x.spoil([]string{name})
		}
	}
}

// lastName is the last name of a reference: "stages" for stages, pipeline.stages and _base.stages.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if name, _, err := ast.LabelName(e.Sel); err == nil {
			return name
		}
	case *ast.ParenExpr:
		return lastName(e.X)
	}
	return ""
}
