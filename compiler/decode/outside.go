package decode

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"

	"github.com/penstock-dev/penstock/internal/diag"
)

// outside explains an error of the user's package that isn't inside a pipeline: a definition that contradicts itself, a
// helper field without a value.
func (x *explainer) outside(e errors.Error) {
	format, args := e.Msg()
	if strings.HasSuffix(format, "errors in empty disjunction:") {
		return
	}
	msg, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	name := strings.Join(e.Path(), ".")
	r := x.place(e)
	if r.IsZero() {
		r = x.labelled(e.Path())
	}
	switch format {
	case "structural cycle", "cycle error", "cycle with field: %v":
		x.out.Errorf("reference-cycle", r, "", "%s refers to itself", name)
	case "incomplete value %v", "unresolved disjunction %v (type %s)", "unresolved disjunction: %v":
		x.out.Errorf("incomplete", r, "", "%s has no value", name).Hint = "give it one, or make it a definition (#) or a hidden field (_)"
	case "adding field %v not allowed as field set was already referenced":
		if slices.ContainsFunc(x.out, func(d diag.Diagnostic) bool { return d.Code == "swallowed" }) {
			return // said already, with the field's name
		}
		x.out.Errorf("swallowed", r, "", "the field %v is added to what the comprehension around it reads", args[0]).Hint = "read from a field of another name"
	case "field not allowed":
		x.out.Errorf("unknown-field", r, "", "unknown field %q in %s", last(e.Path()), strings.Join(e.Path()[:max(len(e.Path())-1, 0)], "."))
	case "conflicting values %s and %s", "conflicting values %s and %s (mismatched types %s and %s)":
		if name == "" {
			name = "this"
		}
		x.out.Errorf("conflict", r, "", "%s has two values: %s and %s", name, shorten(fmt.Sprint(args[0])), shorten(fmt.Sprint(args[1])))
	default:
		text, hint := plainer(msg)
		x.out.Errorf("bad-value", r, "", "%s", strings.TrimPrefix(name+": "+trim(text), ": ")).Hint = hint
	}
}

// labelled is where the user's files write a path that is in no pipeline, or what comes nearest above it.
func (x *explainer) labelled(path []string) diag.Range {
	var r diag.Range
	for _, f := range x.unit.Files {
		decls := f.Decls
		for _, sel := range path {
			i := slices.IndexFunc(decls, func(d ast.Decl) bool {
				field, ok := d.(*ast.Field)
				if !ok {
					return false
				}
				name, _, err := ast.LabelName(field.Label)
				return err == nil && name == unquote(sel)
			})
			if i < 0 {
				break
			}
			field := decls[i].(*ast.Field)
			r, decls = x.unit.Places.Node(field.Label), nil
			if body, ok := field.Value.(*ast.StructLit); ok {
				decls = body.Elts
			}
		}
		if !r.IsZero() {
			return r
		}
	}
	return r
}

func last(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return unquote(path[len(path)-1])
}
