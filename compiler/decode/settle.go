package decode

import (
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"
)

// settle asks CUE which of several possible sites of a spot were chosen, by the conditions around them and the labels that
// loops put together, and drops the others. It costs an evaluation of what the spot's fields say, so it is only done where the
// syntax leaves a choice.
func (t *tracer) settle(s *spot, v func() cue.Value) {
	open := 0
	for _, st := range s.sites {
		if st.maybe {
			open++
		}
	}
	if open < 2 || s.settled {
		return
	}
	s.settled = true
	_, parts := v().Expr()
	var real []token.Position
	for _, p := range parts {
		real = append(real, p.Pos().Position())
	}
	was := func(st site) bool {
		return slices.Contains(real, st.expr.Pos().Position()) || st.label != nil && slices.Contains(real, st.label.Pos().Position())
	}
	if !slices.ContainsFunc(s.sites, was) {
		return
	}
	s.sites = slices.DeleteFunc(slices.Clone(s.sites), func(st site) bool { return st.maybe && !was(st) })
}

// find is lookup with what CUE knows about the value: where the syntax leaves a choice, the chosen site is followed.
func (x *explainer) find(path []string) (*spot, int) {
	s, v := x.root, x.value
	for i, sel := range path {
		c := x.step(s, sel)
		v = member(v, sel)
		x.settle(c, func() cue.Value { return v })
		if len(c.sites) == 0 {
			return s, i
		}
		s = c
	}
	return s, len(path)
}

// member is a field, definition or element of a value by the text of its selector.
func member(v cue.Value, sel string) cue.Value {
	name := unquote(sel)
	if len(name) > 0 && name[0] == '#' {
		return v.LookupPath(cue.MakePath(cue.Def(name)))
	}
	if n, ok := listIndex(sel); ok && v.IncompleteKind() == cue.ListKind {
		return v.LookupPath(cue.MakePath(cue.Index(n)))
	}
	return v.LookupPath(cue.MakePath(cue.Str(name)))
}
