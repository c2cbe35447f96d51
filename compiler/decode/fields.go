package decode

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"

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
		rule := "a name starts with a letter, has letters, digits, - and _, and at most 63 characters"
		if strings.HasSuffix(definitionPath(parent), "waivers") {
			rule = "the code of a policy has small letters, digits, and . / -"
		} else if last := parent[len(parent)-1]; last == "env" || last == "inject" || last == "secrets" || last == "vars" {
			rule = "the name of a variable has letters, digits and _, and doesn't start with a digit"
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
	hint := ""
	if near, ok := names.Nearest(name, known); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if home := homeOf(parent, name); home != "" {
		hint = fmt.Sprintf("%q is a field of %s", name, home)
	} else if above, home := aboveOf(parent, name); home != "" {
		hint = fmt.Sprintf("%q is a field of %s", above, home)
	} else if len(known) > 0 {
		hint = "its fields are " + enumerate(known)
	}
	x.add("unknown-field", r, path, fmt.Sprintf("unknown field %q in %s", name, where), hint, related)
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

// homeOf finds the variant beside parent that does have a field of the name, such as "canary" for "steps" in "rolling".
func homeOf(parent []string, name string) string {
	if len(parent) == 0 {
		return ""
	}
	t := typeAt(parent[:len(parent)-1])
	if t == nil || deref(t).Kind() != reflect.Struct {
		return ""
	}
	t = deref(t)
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("penstock") == "variant" && slices.Contains(fieldNames(f.Type), name) {
			home, _ := jsonField(f)
			return home
		}
	}
	return ""
}

// aboveOf finds the struct around parent that has a field of the name, or nearly.
func aboveOf(parent []string, name string) (field, home string) {
	for i := len(parent) - 1; i >= 1; i-- {
		t := typeAt(parent[:i])
		if t == nil || deref(t).Kind() != reflect.Struct {
			continue
		}
		known := fieldNames(t)
		if slices.Contains(known, name) {
			return name, definitionPath(parent[:i])
		}
		if near, ok := names.Nearest(name, known); ok {
			return near, definitionPath(parent[:i])
		}
	}
	return "", ""
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
	if expr != nil && !writes(expr) {
		what = ", only a type"
	}
	if len(args) > 0 && what == "" && x.dependsOnOpen(expr) {
		what = ": what it refers to is open"
	}
	x.add("incomplete", r, g.path, subject(g.path)+" has no value"+what, "", related)
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
	x.add("incomplete", r, g.path, subject(g.path)+" could be several things, and nothing says which"+choice, "", related)
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
	r, related, _ := x.where(g.path)
	if p := x.place(e.err); !p.IsZero() {
		r, related = p, nil
	}
	x.add("bad-value", r, g.path, fmt.Sprintf("%s: %s", subject(g.path), trim(msg)), "", related)
}
