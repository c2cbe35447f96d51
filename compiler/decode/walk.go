package decode

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/penstock-dev/penstock/internal/names"
)

// walk looks for unknown and missing fields in the syntax, beside the types of the schema. CUE reports only one error of
// a struct, and none of what is missing while anything else is wrong.
func (x *explainer) walk(path []string, s *spot, t reflect.Type) {
	x.expand(s)
	if t == nil || len(s.lits) == 0 {
		return
	}
	t = deref(t)
	switch t.Kind() {
	case reflect.Struct:
		unknown := x.unknownIn(path, s, t)
		x.missingIn(path, s, t, unknown)
		for i := range t.NumField() {
			name, _ := jsonField(t.Field(i))
			if c := x.child(s, name); len(c.sites) > 0 {
				x.walk(append(slices.Clone(path), name), c, t.Field(i).Type)
			}
		}
	case reflect.Map:
		if x.namelessEntry(path, s, t) {
			return
		}
		for _, key := range x.keys(s) {
			x.walk(append(slices.Clone(path), key), x.child(s, key), t.Elem())
		}
	case reflect.Slice:
		for i := range x.length(s) {
			x.walk(append(slices.Clone(path), strconv.Itoa(i)), x.element(s, i), t.Elem())
		}
	}
}

// namelessEntry reports a map whose entry was written without its name: environments: tier: "staging", or
// workloads: process: listen: ":80".
func (x *explainer) namelessEntry(path []string, s *spot, t reflect.Type) bool {
	entry := t.Elem()
	for _, key := range x.keys(s) {
		field := inner(entry, key)
		if field == nil || deref(entry).Kind() != reflect.Struct {
			continue
		}
		c := x.child(s, key)
		best, ok := x.best(c)
		if !ok || best.maybe || fits(kindOf(x.leaf(best)), entry) && !x.holdsOnly(c, field, entry) {
			continue
		}
		msg := fmt.Sprintf("%q is a field of one entry and stands where the entry's name belongs", key)
		x.add("wrong-type", x.places(c)[0].Key, append(slices.Clone(path), key), msg, fmt.Sprintf("write %s: NAME: %s: …", last(path), key), nil)
		x.spoil(path)
		return true
	}
	return false
}

// holdsOnly reports whether the keys of a spot are fields of one struct type, and not all of them also of another.
func (x *explainer) holdsOnly(s *spot, of, not reflect.Type) bool {
	keys := x.keys(s)
	known, others := fieldNames(of), fieldNames(not)
	return len(keys) > 0 && !slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(known, k) }) &&
		slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(others, k) })
}

// unknownIn reports the fields that are certainly written and that the type doesn't have.
func (x *explainer) unknownIn(path []string, s *spot, t reflect.Type) []string {
	known := fieldNames(t)
	var unknown []string
	for _, name := range x.keys(s) {
		if name == "" || name[0] == '#' || name[0] == '_' || slices.Contains(known, name) {
			continue
		}
		c := x.child(s, name)
		if !slices.ContainsFunc(c.sites, func(st site) bool { return !st.constraint && !st.maybe }) {
			continue
		}
		unknown = append(unknown, name)
		entries := x.places(c)
		if full := append(slices.Clone(path), name); len(entries) > 0 && !x.follows(full) {
			x.unknownField(entries[0].Key, path, name, sharedPlace(entries))
			x.spoil(full)
		}
	}
	return unknown
}

// missingIn reports the fields that the type requires and nothing writes. A field that was only misspelt isn't missing.
func (x *explainer) missingIn(path []string, s *spot, t reflect.Type, unknown []string) {
	if !slices.ContainsFunc(s.lits, func(l body) bool { return l.decls != nil && !l.maybe && !l.constraint }) {
		return
	}
	for i := range t.NumField() {
		name, required := jsonField(t.Field(i))
		if !required || len(x.child(s, name).sites) > 0 || x.exists(path, name) {
			continue
		}
		misspelt := x.misplaced(path, name) || slices.ContainsFunc(unknown, func(u string) bool {
			near, ok := names.Nearest(u, fieldNames(t))
			return ok && near == name || borrowed(t, u) == name
		})
		if full := append(slices.Clone(path), name); !misspelt && !x.follows(full) {
			x.missing(path, name)
		}
	}
}

// misplaced reports whether a field stands one level too high, where it is unknown.
func (x *explainer) misplaced(path []string, name string) bool {
	if len(path) == 0 {
		return false
	}
	up := path[:len(path)-1]
	t := typeAt(up)
	s, n := x.find(up)
	return t != nil && n == len(up) && deref(t).Kind() == reflect.Struct && !slices.Contains(fieldNames(t), name) && len(x.child(s, name).sites) > 0
}

// exists asks the evaluated value, for fields that come out of something that the tracer can't read.
func (x *explainer) exists(path []string, name string) bool {
	v := x.value
	for _, sel := range append(slices.Clone(path), name) {
		v = member(v, sel)
	}
	return v.Exists()
}

// keys lists the labels that are written in so many words, sorted.
func (t *tracer) keys(s *spot) []string {
	t.expand(s)
	var keys []string
	for _, l := range s.lits {
		if l.decls == nil || l.maybe {
			continue
		}
		for name := range l.decls.named {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// length is the number of elements of the longest list literal of a spot.
func (t *tracer) length(s *spot) int {
	t.expand(s)
	n := 0
	for _, l := range s.lits {
		if l.list != nil {
			n = max(n, len(l.list.Elts))
		}
	}
	return n
}
