package decode

import (
	"reflect"

	"github.com/penstock-dev/penstock/compiler/source"
)

// fill writes the source map of a value that CUE decoded.
func (r *reader) fill(path string, s *spot, at *lazy, v reflect.Value) {
	r.settle(s, at.get)
	for _, e := range r.places(s) {
		r.out.Add(path, e)
	}
	r.inside(path, s, at, v)
}

// inside goes into what a value holds.
func (r *reader) inside(path string, s *spot, at *lazy, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			r.inside(path, s, at, v.Elem())
		}
	case reflect.Struct:
		for name, i := range r.fieldIndex(v.Type()) {
			if v.Field(i).IsZero() && !r.hasLabel(s, name) {
				continue
			}
			r.fill(source.Join(path, name), r.child(s, name), at.field(name), v.Field(i))
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			key := it.Key().String()
			r.fill(source.Join(path, key), r.child(s, key), at.field(key), it.Value())
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.fill(source.Index(path, i), r.element(s, i), at.index(i), v.Index(i))
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
