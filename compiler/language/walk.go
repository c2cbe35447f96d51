package language

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/schema"
)

// place is where in a pipeline something stands.
type place struct {
	// root is the pipeline: "pipeline", "pipelines.NAME", or the field of the package that holds a definition of the schema.
	root string
	// path is what leads there from the root.
	path []string
	// typ is what the schema says it is; nil where it says nothing.
	typ reflect.Type
	// parent is the struct around it, and field the struct's field: for elements and keys those of the list or map.
	parent reflect.Type
	field  string
}

func (s place) child(key string) place {
	out := place{root: s.root, path: append(s.path[:len(s.path):len(s.path)], key), parent: s.parent, field: s.field}
	if hidden(key) {
		return out // #with and what a user calls _x are nothing of the schema's
	}
	if s.typ != nil && s.typ.Kind() == reflect.Struct {
		out.parent, out.field = s.typ, key
	}
	out.typ = decode.Inner(s.typ, key)
	return out
}

func hidden(key string) bool {
	return strings.HasPrefix(key, "#") || strings.HasPrefix(key, "_")
}

// top is the place of a field at the top of a file.
func top(key string) (place, bool) {
	switch key {
	case "pipeline":
		return place{root: key, typ: reflect.TypeFor[schema.Pipeline]()}, true
	case "pipelines":
		return place{root: key, typ: reflect.TypeFor[map[schema.PipelineName]schema.Pipeline]()}, true
	}
	return place{root: key}, false
}

// under is the place of a field of a body.
func under(s *place, f *field) place {
	if s == nil {
		p, _ := top(f.key)
		return p
	}
	if s.root == "pipelines" && len(s.path) == 0 {
		return place{root: "pipelines." + f.key, typ: reflect.TypeFor[schema.Pipeline]()}
	}
	return s.child(f.key)
}

// as is the place seen through the definition of the schema that an expression names.
func (w words) as(s place, v *value) place {
	if t := w.types[strings.TrimPrefix(v.definition, "#")]; v.definition != "" && t != nil {
		s.typ = t
	}
	return s
}

// visitor is called for what stands in a file. Each function may be nil.
type visitor struct {
	// field gets each field with the place of its value, and that of the body around it; nil at the top of a file.
	field func(f *field, in *place, at place)
	// text gets each string that stands alone as a value or an element.
	text func(l lexeme, at place)
}

// walk visits a file from top to bottom.
func (w words) walk(f *File, v visitor) { w.walkBody(f.top, nil, v) }

func (w words) walkBody(b *body, in *place, v visitor) {
	for _, f := range b.fields {
		at := w.as(under(in, f), f.value)
		if v.field != nil {
			v.field(f, in, at)
		}
		w.walkValue(f.value, at, v)
	}
	for _, part := range b.parts {
		for _, s := range part.structs {
			if in == nil {
				at := w.as(place{}, part)
				w.walkBody(s, &at, v)
				continue
			}
			w.walkBody(s, in, v)
		}
	}
}

func (w words) walkValue(x *value, at place, v visitor) {
	if x.literal != nil && v.text != nil {
		v.text(*x.literal, at)
	}
	for _, s := range x.structs {
		w.walkBody(s, &at, v)
	}
	for _, l := range x.lists {
		for i, e := range l.elems {
			w.walkValue(e, at.child(strconv.Itoa(i)), v)
		}
	}
}
