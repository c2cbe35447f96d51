package decode

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
)

// conflict is two different values for one path.
func (x *explainer) conflict(g *group, e located, args []any) {
	a, b := shorten(fmt.Sprint(args[0])), shorten(fmt.Sprint(args[1]))
	name := subject(g.path)
	own, shared := x.rivals(g, e.err)
	if x.choice(g) {
		return
	}
	switch {
	case x.key != "" && len(g.path) == 1 && name == "name":
		r, related, expr := x.where(g.path)
		if expr != nil {
			a = bare(expr)
		}
		msg := fmt.Sprintf("name is %s, but the key under pipelines says %q", a, x.key)
		x.add("conflict", r, g.path, msg, "leave the name out: the key is the name", related)
	case len(own) > 1:
		first, again := own[0], own[len(own)-1]
		rel := []diag.Related{{Range: x.unit.Places.Node(first.expr), Message: "first written here"}}
		msg := fmt.Sprintf("%s has two values: %s and %s", name, bare(x.leaf(first)), bare(x.leaf(again)))
		x.add("conflict", x.unit.Places.Node(again.expr), g.path, msg, "remove one of them", rel)
	case len(own) == 1 && len(shared) > 0:
		mine, theirs := bare(x.leaf(own[0])), a
		if theirs == mine {
			theirs = b
		}
		rel := []diag.Related{{Range: x.unit.Places.Node(shared[0].expr), Message: "what " + shared[0].pkg.ImportPath + " says"}}
		msg := fmt.Sprintf("%s is %s here, but the shared module says %s", name, mine, theirs)
		x.add("conflict", x.unit.Places.Node(own[0].expr), g.path, msg, "remove it here, or change it in the module", rel)
	default:
		r, related, expr := x.where(g.path)
		if expr != nil && len(own) == 1 && x.schemaSays(e.err) {
			theirs := a
			if theirs == bare(expr) {
				theirs = b
			}
			x.add("bad-value", r, g.path, fmt.Sprintf("%s must be %s, not %s", name, theirs, bare(expr)), "", related)
			return
		}
		x.add("conflict", r, g.path, fmt.Sprintf("%s has two values: %s and %s", name, a, b), "", related)
	}
}

// choice explains a text that is none of those that the package or a shared module allows.
func (x *explainer) choice(g *group) bool {
	r, related, expr := x.where(g.path)
	mine, ok := text(expr)
	if !ok {
		return false
	}
	var allowed []string
	empty := false
	for _, e := range g.errs {
		format, args := e.err.Msg()
		empty = empty || strings.HasSuffix(format, "errors in empty disjunction:")
		if format != "conflicting values %s and %s" {
			continue
		}
		for _, arg := range args {
			if s, err := strconv.Unquote(fmt.Sprint(arg)); err == nil && s != mine {
				allowed = append(allowed, s)
			}
		}
	}
	if slices.Sort(allowed); !empty || len(allowed) < 2 {
		return false
	}
	hint := ""
	if near, ok := names.Nearest(mine, allowed); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	x.add("unknown-value", r, g.path, fmt.Sprintf("%s is one of %s, not %q", subject(g.path), strings.Join(slices.Compact(allowed), ", "), mine), hint, related)
	return true
}

// rivals are the sites that an error sets against each other, those of the user's module and those of shared ones, in
// the order of the files. CUE also names references that led to them; only what writes the path itself counts.
func (x *explainer) rivals(g *group, e errors.Error) (own, shared []site) {
	s, n := x.find(g.path)
	if n < len(g.path) {
		return nil, nil
	}
	named := e.InputPositions()
	for _, st := range s.sites {
		leaf := x.leaf(st)
		if st.constraint || !slices.ContainsFunc(named, func(p token.Pos) bool {
			return p.Position() == st.expr.Pos().Position() || p.Position() == leaf.Pos().Position()
		}) {
			continue
		}
		switch x.owner(st) {
		case load.Own:
			own = append(own, st)
		case load.Shared:
			shared = append(shared, st)
		}
	}
	return sortSites(own), sortSites(shared)
}

// lengths is a list that is too short, or two lists of different length.
func (x *explainer) lengths(g *group, e located, args []any) {
	s, _ := x.find(g.path)
	var lists []site
	for _, st := range s.sites {
		if _, ok := x.leaf(st).(*ast.ListLit); ok && !st.constraint && x.owner(st) != load.Schema {
			lists = append(lists, st)
		}
	}
	if len(lists) > 1 {
		lists = sortSites(lists)
		if x.listsOfTwo(g.path, lists) {
			return
		}
		last := lists[len(lists)-1]
		rel := []diag.Related{{Range: x.unit.Places.Node(lists[0].expr), Message: "first written here"}}
		x.add("conflict", x.unit.Places.Node(last.expr), g.path, fmt.Sprintf("%s is written twice, with different lists", subject(g.path)), "remove one of them", rel)
		return
	}
	r, related, expr := x.where(g.path)
	got, want := fmt.Sprint(args[0]), fmt.Sprint(args[1])
	if l, ok := expr.(*ast.ListLit); ok && strconv.Itoa(len(l.Elts)) == want {
		got, want = want, got
	}
	msg := fmt.Sprintf("%s has %s elements and needs %s", subject(g.path), got, want)
	if got == "0" {
		msg = subject(g.path) + " is empty and needs at least one element"
	}
	x.add("bad-value", r, g.path, msg, "", related)
}

// listsOfTwo explains lists of different length, one of them the user's and the other of a shared module.
func (x *explainer) listsOfTwo(path []string, lists []site) bool {
	var own, shared []site
	for _, l := range lists {
		if x.owner(l) == load.Own {
			own = append(own, l)
		} else {
			shared = append(shared, l)
		}
	}
	if len(own) == 0 || len(shared) == 0 {
		return false
	}
	rel := []diag.Related{{Range: x.unit.Places.Node(shared[0].expr), Message: "what " + shared[0].pkg.ImportPath + " says"}}
	msg := fmt.Sprintf("%s is %s here, but the shared module says %s", subject(path), written(x.leaf(own[0])), written(x.leaf(shared[0])))
	x.add("conflict", x.unit.Places.Node(own[0].expr), path, msg, "remove it here, or change it in the module", rel)
	return true
}
