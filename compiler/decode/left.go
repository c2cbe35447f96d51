package decode

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/names"
)

// left reports fields of the pipeline that only say what they may be. CUE takes `needs: [...string]` for an empty list,
// `canary: _` for an empty struct, and drops `timeout?: "5m"`: none of them is what its author sees there.
func (x *explainer) left() {
	suspects := map[*ast.Field]bool{}
	for _, f := range x.unit.Files {
		ast.Walk(f, func(n ast.Node) bool {
			f, ok := n.(*ast.Field)
			if ok && (f.Constraint == token.OPTION || open(f.Value)) {
				suspects[f] = true
			}
			if ok && len(f.Attrs) > 0 {
				x.attributes(f)
			}
			return true
		}, nil)
	}
	if len(suspects) > 0 { // hardly ever: the rest costs a walk over all of the pipeline
		if len(x.root.sites) > 0 && !x.leftAt(nil, x.root, suspects) {
			x.leftIn(nil, x.root, typeAt(nil), suspects)
		}
	}
}

// attributes reports those that nobody reads and that were most likely meant for CUE: it takes any, and ignores it.
func (x *explainer) attributes(f *ast.Field) {
	for _, a := range f.Attrs {
		key, _ := a.Split()
		if slices.Contains([]string{"tag", "embed", "if", "go"}, key) {
			continue
		}
		if near, ok := names.Nearest(key, []string{"tag", "embed"}); ok {
			msg := fmt.Sprintf("nothing reads the attribute @%s", key)
			d := x.out.Errorf("swallowed", x.unit.Places.Node(a), "", "%s", msg)
			d.Hint = fmt.Sprintf("did you mean @%s?", near)
		}
	}
}

// open reports whether an expression is a list or a struct of any content, or anything at all.
func open(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "_" && e.Node == nil
	case *ast.ListLit:
		return len(e.Elts) > 0 && !slices.ContainsFunc(e.Elts, func(el ast.Expr) bool { _, ok := el.(*ast.Ellipsis); return !ok })
	case *ast.StructLit:
		return len(e.Elts) > 0 && !slices.ContainsFunc(e.Elts, func(d ast.Decl) bool {
			if f, ok := d.(*ast.Field); ok {
				_, pattern := f.Label.(*ast.ListLit)
				return !pattern
			}
			_, ok := d.(*ast.Ellipsis)
			return !ok
		})
	case *ast.BinaryExpr:
		return e.Op == token.AND && open(e.X) && open(e.Y)
	case *ast.ParenExpr:
		return open(e.X)
	}
	return false
}

func (x *explainer) leftIn(path []string, s *spot, t reflect.Type, suspects map[*ast.Field]bool) {
	x.expand(s)
	if t == nil || len(s.lits) == 0 {
		return
	}
	t = deref(t)
	visit := func(name string, c *spot, t reflect.Type) {
		full := append(slices.Clone(path), name)
		if !x.leftAt(full, c, suspects) {
			x.leftIn(full, c, t, suspects)
		}
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			name, _ := jsonField(t.Field(i))
			if c := x.child(s, name); len(c.sites) > 0 {
				visit(name, c, t.Field(i).Type)
			}
		}
	case reflect.Map:
		for _, key := range x.keys(s) {
			visit(key, x.child(s, key), t.Elem())
		}
	case reflect.Slice:
		for i := range x.length(s) {
			visit(strconv.Itoa(i), x.element(s, i), t.Elem())
		}
	}
}

// leftAt reports a spot that a suspect stands for and nothing else.
func (x *explainer) leftAt(path []string, s *spot, suspects map[*ast.Field]bool) bool {
	var left *site
	for i, st := range s.sites {
		switch {
		case st.field != nil && suspects[st.field] && st.origin == nil && !st.maybe && x.owner(st) == load.Own:
			left = &s.sites[i]
		case !st.constraint && !open(st.expr):
			return false
		}
	}
	named := len(path) == 0 && x.key != "" // its name comes from load
	if left == nil || !named && x.filled(path) {
		return false
	}
	if left.field.Constraint == token.OPTION {
		name := subject(path)
		msg := name + " is written with a question mark, which only says what it may be"
		x.add("swallowed", x.unit.Places.Node(left.label), path, msg, "remove the question mark: "+name+": …", nil)
	} else {
		x.add("incomplete", x.unit.Places.Node(left.expr), path, subject(path)+" has no value, only a type", "give it a value, or leave it out", nil)
	}
	x.spoil(path)
	return true
}

// filled asks the evaluated value whether something that the syntax doesn't show gives it content.
func (x *explainer) filled(path []string) bool {
	v := x.value
	for _, sel := range path {
		v = member(v, sel)
	}
	switch v.IncompleteKind() {
	case cue.ListKind:
		n, err := v.Len().Int64()
		return err == nil && n > 0
	case cue.StructKind:
		it, err := v.Fields()
		for err == nil && it.Next() {
			if it.Value().Err() == nil { // CUE lists what is required and missing, too
				return true
			}
		}
		return false
	}
	return v.Err() == nil && v.IsConcrete()
}
