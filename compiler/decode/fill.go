package decode

import (
	"reflect"
	"strings"

	"github.com/penstock-dev/penstock/compiler/source"
)

// filler writes the source map of one decoded pipeline: it walks the decoded value and the syntax side by side.
type filler struct {
	*tracer
	out   *source.Map
	types map[reflect.Type][]string
}

func (f *filler) fill(path string, s *spot, v reflect.Value) {
	for _, e := range f.places(s) {
		f.out.Add(path, e)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			f.inside(path, s, v.Elem())
		}
	default:
		f.inside(path, s, v)
	}
}

// inside goes into what a value holds.
func (f *filler) inside(path string, s *spot, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			f.inside(path, s, v.Elem())
		}
	case reflect.Struct:
		for i, name := range jsonNames(f.types, v.Type()) {
			if v.Field(i).IsZero() && !f.hasLabel(s, name) {
				continue
			}
			f.fill(source.Join(path, name), f.child(s, name), v.Field(i))
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			key := it.Key().String()
			f.fill(source.Join(path, key), f.child(s, key), it.Value())
		}
	case reflect.Slice:
		for i := range v.Len() {
			f.fill(source.Index(path, i), f.element(s, i), v.Index(i))
		}
	}
}

// hasLabel reports whether a field is written in so many words, if only with a zero value.
func (t *tracer) hasLabel(s *spot, name string) bool {
	t.expand(s)
	for _, l := range s.lits {
		if l.decls != nil && !l.maybe && len(l.decls.named[name]) > 0 {
			return true
		}
	}
	return false
}

// jsonNames are the names of a struct's fields in CUE, by index.
func jsonNames(cache map[reflect.Type][]string, t reflect.Type) []string {
	names, ok := cache[t]
	if ok {
		return names
	}
	names = make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	cache[t] = names
	return names
}
