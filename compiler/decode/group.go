package decode

import (
	"fmt"
	"reflect"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

// group says once what CUE said about one path. The order of the cases is the order of trust: the first kind of
// error that is present tells the most.
func (x *explainer) group(g *group) {
	defer x.spoil(g.path)
	for _, try := range []struct {
		format string
		say    func(g *group, e located, args []any)
	}{
		{"field not allowed", x.notAllowed},
		{"undefined field: %s", x.undefined},
		{"cannot call non-function %s (type %s)", x.noFunction},
		{"structural cycle", x.cycle},
		{"cycle error", x.cycle},
		{"cycle with field: %v", x.cycle},
		{"conflicting values %s and %s (mismatched types %s and %s)", x.mismatch},
		{"incompatible list lengths (%d and %d)", x.lengths},
		{"conflicting values %s and %s", x.conflict},
		{"adding field %v not allowed as field set was already referenced", x.lateField},
		{"field is required but not present", x.required},
		{"incomplete value %v", x.incomplete},
		{"unresolved disjunction %v (type %s)", x.undecided},
		{"unresolved disjunction: %v", x.undecided},
	} {
		for _, e := range g.errs {
			if format, args := e.err.Msg(); format == try.format {
				try.say(g, e, args)
				return
			}
		}
	}
	for _, e := range g.errs {
		if format, args := e.err.Msg(); format != "%s" && !strings.HasSuffix(format, "errors in empty disjunction:") {
			x.other(g, e, format, args)
			return
		}
	}
	for _, e := range g.errs {
		if format, args := e.err.Msg(); format == "%s" {
			x.refused(g, fmt.Sprint(args[0]))
			return
		}
	}
}

// refused is a value that a rule of the schema refuses; rule is the schema's own sentence.
func (x *explainer) refused(g *group, rule string) {
	r, related, expr := x.where(g.path)
	t := typeAt(g.path)
	if x.key != "" && len(g.path) == 1 && subject(g.path) == "name" && expr == nil {
		x.add("bad-name", r, g.path, fmt.Sprintf("%q can't be a name under pipelines", x.key), rule, related)
		return
	}
	if expr == nil || t == nil {
		x.add("bad-value", r, g.path, rule, "", related)
		return
	}
	if k := kindOf(expr); !fits(k, t) {
		if w := wanted(t); w == plainText {
			x.add("wrong-type", r, g.path, rule+", not "+found(expr), wantedHint(t, expr), related)
			return
		}
		x.wrongType(r, g.path, t, expr, related)
		return
	}
	code, hint := diag.Code("bad-value"), ""
	switch deref(t).Kind() {
	case reflect.Int, reflect.Int64, reflect.Float64:
		code = "out-of-range"
	}
	if _, list, ok := strings.Cut(rule, " is one of "); ok {
		code = "unknown-value"
		if s, ok := text(expr); ok {
			if near, ok := names.Nearest(s, strings.Split(list, ", ")); ok {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
		}
	}
	x.add(code, r, g.path, rule+", not "+bare(expr), hint, related)
}

func (x *explainer) wrongType(r diag.Range, path []string, t reflect.Type, expr ast.Expr, related []diag.Related) {
	if deref(t) == reflect.TypeFor[schema.Secret]() { // what stands there may be the secret itself: don't repeat it
		msg := fmt.Sprintf("%s must be a reference to a secret, never the secret", subject(path))
		x.add("wrong-type", r, path, msg, "write env, file, vault or kubernetes: where the secret is", related)
		return
	}
	msg := fmt.Sprintf("%s must be %s, not %s", subject(path), wanted(t), found(expr))
	hint := wantedHint(t, expr)
	if name := x.bareName(path); name != "" && deref(t).Kind() == reflect.String {
		hint = fmt.Sprintf("write %q, the name in quotes", name)
	}
	x.add("wrong-type", r, path, msg, hint, related)
}

// bareName is the last name of the reference that stands at a path.
func (x *explainer) bareName(path []string) string {
	s, n := x.find(path)
	best, ok := x.best(s)
	if n < len(path) || !ok {
		return ""
	}
	return lastName(best.expr)
}

// mismatch is a value of another type than the schema's or the module's.
func (x *explainer) mismatch(g *group, e located, args []any) {
	r, related, expr := x.where(g.path)
	t := typeAt(g.path)
	if t != nil && expr != nil && !fits(kindOf(expr), t) {
		x.wrongType(r, g.path, t, expr, related)
		return
	}
	if odd, ok := x.otherType(g.path, t); ok {
		msg := fmt.Sprintf("%s must be %s, not the type %s", subject(g.path), wanted(t), written(odd.expr))
		x.add("wrong-type", x.unit.Places.Node(odd.expr), g.path, msg, "", nil)
		return
	}
	if other := x.otherPlace(e.err, r); other != nil && !x.schemaSays(e.err) && concrete(args[0]) && concrete(args[1]) {
		x.conflict(g, e, args)
		return
	}
	want, got := kindWords(fmt.Sprint(args[3])), kindWords(fmt.Sprint(args[2]))
	if expr != nil {
		got = found(expr)
		if k := kindOf(expr); k == cueKind(fmt.Sprint(args[3])) && k != reflect.Invalid {
			want = kindWords(fmt.Sprint(args[2]))
		}
	}
	if related == nil {
		if other := x.otherPlace(e.err, r); other != nil {
			related = []diag.Related{{Range: *other, Message: "this says what it must be"}}
		}
	}
	x.add("wrong-type", r, g.path, fmt.Sprintf("%s must be %s, not %s", subject(g.path), want, got), "", related)
}

// otherType is a site of the user's that only names a type, and not that of the schema.
func (x *explainer) otherType(path []string, t reflect.Type) (site, bool) {
	s, n := x.find(path)
	if t == nil || n < len(path) {
		return site{}, false
	}
	for _, st := range s.sites {
		id, ok := st.expr.(*ast.Ident)
		if k := cueKind(identName(id)); ok && id.Node == nil && k != reflect.Invalid && !fits(k, t) && x.owner(st) == load.Own {
			return st, true
		}
	}
	return site{}, false
}

func identName(id *ast.Ident) string {
	if id == nil {
		return ""
	}
	return id.Name
}

// concrete reports whether CUE's text of a value is that of a value and not of a type.
func concrete(arg any) bool {
	s := fmt.Sprint(arg)
	switch {
	case s == "true", s == "false", s == "null":
		return true
	case s == "":
		return false
	}
	return strings.ContainsRune(`"'-0123456789`, rune(s[0])) || s[0] == '{' && !strings.Contains(s, "!:") && !strings.Contains(s, "?:") || s[0] == '[' && !strings.Contains(s, "...")
}

func cueKind(kind string) reflect.Kind {
	switch kind {
	case "string":
		return reflect.String
	case "int":
		return reflect.Int
	case "float", "number":
		return reflect.Float64
	case "bool":
		return reflect.Bool
	case "list":
		return reflect.Slice
	case "struct":
		return reflect.Struct
	}
	return reflect.Invalid
}

// schemaSays reports whether one side of an error is the schema.
func (x *explainer) schemaSays(e errors.Error) bool {
	for _, p := range e.InputPositions() {
		if p.IsValid() && x.unit.Places.Owner(p) == load.Schema {
			return true
		}
	}
	return false
}

// otherPlace is a place of an error outside r and outside the schema.
func (x *explainer) otherPlace(e errors.Error, r diag.Range) *diag.Range {
	for _, p := range e.InputPositions() {
		if !p.IsValid() || x.unit.Places.Owner(p) == load.Schema {
			continue
		}
		if at := x.unit.Places.At(p); at.File != r.File || at.Start != r.Start {
			return &at
		}
	}
	return nil
}

func (x *explainer) add(code diag.Code, r diag.Range, path []string, msg, hint string, related []diag.Related) {
	d := x.out.Errorf(code, r, definitionPath(path), "%s", msg)
	d.Hint, d.Related = hint, related
}
