package decode

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
)

// notAllowed is a field that the schema or a shared definition doesn't have.
func (x *explainer) notAllowed(g *group, _ located, _ []any) {
	parent, name := g.path[:len(g.path)-1], g.path[len(g.path)-1]
	s, n := x.find(g.path)
	entries := x.places(s)
	if n < len(g.path) || len(entries) == 0 {
		r, related, _ := x.where(parent)
		x.unknownField(r, parent, name, related)
		return
	}
	x.unknownField(entries[0].Key, parent, name, sharedPlace(entries))
}

// unknownField says that a struct has no such field, or that a map's key isn't a name.
func (x *explainer) unknownField(r diag.Range, parent []string, name string, related []diag.Related) {
	path := append(slices.Clone(parent), name)
	t := typeAt(parent)
	if t != nil && deref(t).Kind() == reflect.Map {
		pattern, rule := `^[A-Za-z][A-Za-z0-9_-]{0,62}$`, "a name starts with a letter, has letters, digits, - and _, and at most 63 characters"
		if strings.HasSuffix(definitionPath(parent), "waivers") {
			pattern, rule = `^[a-z][a-z0-9./-]{0,62}$`, "the code of a policy has small letters, digits, and . / -"
		} else if last := parent[len(parent)-1]; last == "env" || last == "inject" || last == "secrets" || last == "vars" {
			pattern, rule = `^[A-Za-z_][A-Za-z0-9_]{0,127}$`, "the name of a variable has letters, digits and _, and doesn't start with a digit"
		}
		if ok, err := regexp.MatchString(pattern, unquote(name)); ok && err == nil {
			x.closedOut(r, parent, name, related)
			return
		}
		x.add("bad-name", r, path, fmt.Sprintf("%q can't be a name in %s", name, definitionPath(parent)), rule, related)
		return
	}
	known := x.siblings(parent, name)
	where := "a pipeline"
	if len(parent) > 0 {
		where = subject(parent)
	}
	if slices.Contains(known, name) {
		x.closedOut(r, parent, name, related)
		return
	}
	x.add("unknown-field", r, path, fmt.Sprintf("unknown field %q in %s", name, where), x.fieldHint(parent, name, known), related)
}

// fieldHint says what an unknown field was meant to be. What is said of a parameter keeps it from being missed, too.
func (x *explainer) fieldHint(parent []string, name string, known []string) string {
	t := typeAt(parent)
	if param := x.parameterFor(parent, name); param != "" {
		return param
	}
	if word := borrowed(t, name); word != "" {
		return fmt.Sprintf("did you mean %q?", word)
	}
	if near, ok := names.Nearest(name, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if variant := x.variantIn(parent, name); variant != "" {
		return fmt.Sprintf("write %s: and its settings in its place", variant)
	}
	if below := x.below(parent, name); below != "" {
		return fmt.Sprintf("%q is a field of %s", name, below)
	}
	if home := homeOf(parent, name); home != "" {
		return fmt.Sprintf("%q is a field of %s", name, home)
	}
	if above, home := aboveOf(parent, name); home != "" {
		return fmt.Sprintf("%q is a field of %s", above, home)
	}
	if len(known) > 0 {
		return "its fields are " + enumerate(known)
	}
	return ""
}

// closedOut is a field that the schema has, but a definition in between doesn't let in.
func (x *explainer) closedOut(r diag.Range, parent []string, name string, related []diag.Related) {
	msg := fmt.Sprintf("a definition that %s is built from has no field %q", subject(parent), name)
	s, n := x.find(parent)
	x.expand(s)
	for _, l := range s.lits {
		if n == len(parent) && l.decls != nil && l.origin != nil && len(l.decls.named[name]) == 0 {
			msg = fmt.Sprintf("%s is built from %s, which has no field %q", subject(parent), written(l.origin), name)
			related = append(related, diag.Related{Range: x.unit.Places.Node(l.origin), Message: "used here"})
			break
		}
	}
	x.add("unknown-field", r, append(slices.Clone(parent), name), msg, "add the field to the definition, or open it with \"...\"", related)
}

// siblings lists the fields that may stand beside an unknown one: those of the schema, or those that a shared definition
// declares.
func (x *explainer) siblings(parent []string, not string) []string {
	if t := typeAt(parent); t != nil {
		return fieldNames(t)
	}
	s, n := x.find(parent)
	if n < len(parent) {
		return nil
	}
	x.expand(s)
	var known []string
	for _, l := range s.lits {
		if l.decls == nil || l.origin == nil {
			continue
		}
		for name := range l.decls.named {
			if name != not {
				known = append(known, name)
			}
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// required is a field that must be there and isn't; the place is the label of the struct that lacks it.
func (x *explainer) required(g *group, _ located, _ []any) {
	x.missing(g.path[:len(g.path)-1], g.path[len(g.path)-1])
}

func (x *explainer) missing(parent []string, name string) {
	s, n := x.find(parent)
	entries := x.places(s)
	var r diag.Range
	if len(entries) > 0 {
		r = entries[0].Key
	}
	var related []diag.Related
	if n == len(parent) {
		related = sharedPlace(entries)
	}
	where := "the pipeline"
	if len(parent) > 0 {
		where = definitionPath(parent)
	}
	path := append(slices.Clone(parent), name)
	x.add("missing-field", r, path, fmt.Sprintf("%s needs a field %q", where, name), x.fieldDoc(parent, name), related)
	x.spoil(path)
}

// incomplete is a field that only says of what type it is.
func (x *explainer) incomplete(g *group, _ located, args []any) {
	r, related, expr := x.where(g.path)
	what := ""
	switch or, ok := expr.(*ast.BinaryExpr); {
	case ok && or.Op == token.OR && writes(expr):
		x.add("incomplete", r, g.path, undecidedText(g.path, ": "+written(or)), "", related)
		return
	case expr != nil && !writes(expr):
		what = ", only a type"
	case len(args) > 0 && x.dependsOnOpen(expr):
		what = ": what it refers to is open"
		if id, ok := expr.(*ast.Ident); ok && strings.HasPrefix(id.Name, "#") {
			x.add("incomplete", r, g.path, fmt.Sprintf("%s has no value: it is %s, which nothing gives", subject(g.path), id.Name), fmt.Sprintf("give it: %s: …", id.Name), related)
			return
		}
	}
	x.add("incomplete", r, g.path, subject(g.path)+" has no value"+what, x.giver(g.path), related)
}

// giver says who was meant to give an open value.
func (x *explainer) giver(path []string) string {
	s, n := x.find(path)
	if n < len(path) {
		return ""
	}
	best, ok := x.best(s)
	if !ok {
		return ""
	}
	if best.field != nil {
		for _, a := range best.field.Attrs {
			if key, body := a.Split(); key == "tag" {
				name, _, _ := strings.Cut(body, ",")
				return fmt.Sprintf("give it from outside: -t %s=VALUE", name)
			}
		}
	}
	if x.owner(best) == load.Shared {
		return "the shared module leaves it to you: give it here"
	}
	return ""
}

func undecidedText(path []string, choice string) string {
	return subject(path) + " could be several things, and nothing says which" + choice
}

// undecided is a choice that nothing makes.
func (x *explainer) undecided(g *group, e located, args []any) {
	r, related, _ := x.where(g.path)
	if p := x.place(e.err); !p.IsZero() && r.IsZero() {
		r = p
	}
	choice := ""
	if len(args) > 0 {
		if s := fmt.Sprint(args[0]); !strings.Contains(s, "_|_") {
			choice = ": " + shorten(strings.ReplaceAll(s, " | ", " or "))
		}
	}
	x.add("incomplete", r, g.path, undecidedText(g.path, choice), "", related)
}

func (x *explainer) dependsOnOpen(expr ast.Expr) bool {
	switch expr.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.Interpolation, *ast.CallExpr, *ast.IndexExpr, *ast.BinaryExpr:
		return true
	}
	return false
}

// undefined is a selector that its operand doesn't have.
func (x *explainer) undefined(g *group, e located, args []any) {
	name := strings.Trim(fmt.Sprint(args[0]), `"`)
	r := x.place(e.err)
	if r.IsZero() {
		r, _, _ = x.where(g.path)
	}
	d := x.out.Errorf("unknown-reference", r, definitionPath(g.path), "nothing is called %q here", name)
	if sel, ok := x.nodeAt(e.err.Position()).(*ast.SelectorExpr); ok {
		d.Message = fmt.Sprintf("%s has no %q", written(sel.X), name)
	}
	if near, ok := names.Nearest(name, x.members(e.err.Position())); ok {
		d.Hint = fmt.Sprintf("did you mean %q?", near)
	}
}

// noFunction is a call of something that a package doesn't have.
func (x *explainer) noFunction(g *group, e located, args []any) {
	if _, def, ok := strings.Cut(fmt.Sprint(args[0]), "#"); ok {
		x.add("unknown-reference", x.place(e.err), g.path, fmt.Sprintf("#%s is a definition and no function", def), "join it with what you add: & {…}", nil)
		return
	}
	x.add("unknown-reference", x.place(e.err), g.path, fmt.Sprintf("there is no function %s", args[0]), "", nil)
}

func (x *explainer) cycle(g *group, e located, _ []any) {
	r := x.place(e.err)
	if r.IsZero() {
		r, _, _ = x.where(g.path)
	}
	x.add("reference-cycle", r, g.path, fmt.Sprintf("%s refers to itself", subject(g.path)), "", nil)
}

// lateField is a comprehension that adds to what it reads.
func (x *explainer) lateField(g *group, e located, args []any) {
	msg := fmt.Sprintf("the field %v is added to what the comprehension around it reads", args[0])
	x.add("swallowed", x.place(e.err), g.path, msg, "read from a field of another name", nil)
}

// other is anything that CUE says and this package has no better words for.
func (x *explainer) other(g *group, e located, format string, args []any) {
	msg, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	r, related, expr := x.where(g.path)
	if strings.HasPrefix(format, "invalid value %v (out of bound") && expr != nil && len(args) == 2 {
		if at := x.place(e.err); !at.IsZero() && (at.File != r.File || at.Start != r.Start) {
			related = []diag.Related{{Range: at, Message: "this says what it must be"}}
		}
		x.add("out-of-range", r, g.path, fmt.Sprintf("%s must be %v, not %v", subject(g.path), args[1], args[0]), "", related)
		return
	}
	if p := x.place(e.err); !p.IsZero() {
		switch {
		case r.IsZero() || !x.inModule(e.err):
			r, related = p, nil
		case p.File != r.File:
			related = []diag.Related{{Range: p, Message: "in the shared module"}}
		}
	}
	msg, hint := plainer(msg)
	x.add("bad-value", r, g.path, fmt.Sprintf("%s: %s", subject(g.path), trim(msg)), hint, related)
}
