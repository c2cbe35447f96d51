package decode

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/penstock-dev/penstock/internal/names"
)

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

// below finds the struct beside an unknown field that does have a field of its name, such as "deploy" for "canary" in a
// stage: the one that is written, or the only one.
func (x *explainer) below(parent []string, name string) string {
	t := typeAt(parent)
	if t == nil || deref(t).Kind() != reflect.Struct {
		return ""
	}
	t = deref(t)
	s, n := x.find(parent)
	var found []string
	for i := range t.NumField() {
		f := t.Field(i)
		home, _ := jsonField(f)
		if list := deref(f.Type); list.Kind() == reflect.Slice && slices.Contains(fieldNames(list.Elem()), name) {
			found = append(found, "each of "+home)
			continue
		}
		if !slices.Contains(fieldNames(f.Type), name) {
			continue
		}
		if n == len(parent) && len(x.child(s, home).sites) > 0 {
			return home
		}
		found = append(found, home)
	}
	if len(found) == 1 {
		return found[0]
	}
	return ""
}

// variantIn is the variant that an unknown field names as its value, as in strategy: "canary".
func (x *explainer) variantIn(parent []string, name string) string {
	t := typeAt(parent)
	s, n := x.find(append(slices.Clone(parent), name))
	best, ok := x.best(s)
	if t == nil || deref(t).Kind() != reflect.Struct || n <= len(parent) || !ok {
		return ""
	}
	value, ok := text(x.leaf(best))
	if !ok {
		return ""
	}
	t = deref(t)
	var variants []string
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("penstock") == "variant" {
			variant, _ := jsonField(f)
			variants = append(variants, variant)
		}
	}
	if slices.Contains(variants, value) {
		return value
	}
	near, _ := names.Nearest(value, variants)
	return near
}

// parameterFor says that an unknown field of the pipeline was meant for a definition that it is built from: with: for
// #with:, or what belongs into #with. The parameter isn't missing then, only misplaced.
func (x *explainer) parameterFor(parent []string, name string) string {
	if len(parent) > 0 {
		return ""
	}
	for _, param := range x.parameterNames() {
		if param == "#"+name {
			x.spoil([]string{param})
			return fmt.Sprintf("did you mean %q?", param)
		}
		s := x.child(x.root, param)
		x.expand(s)
		for _, l := range s.lits {
			if l.decls != nil && len(l.decls.named[name]) > 0 {
				x.spoil([]string{param, name})
				return fmt.Sprintf("%q is a field of %s", name, param)
			}
		}
	}
	return ""
}
