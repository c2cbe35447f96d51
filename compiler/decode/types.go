package decode

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// typeAt is the Go type of what stands at a path of CUE selectors in a pipeline; nil where the schema has nothing.
func typeAt(path []string) reflect.Type {
	t := reflect.TypeFor[schema.Pipeline]()
	for _, sel := range path {
		if t = inner(t, unquote(sel)); t == nil {
			return nil
		}
	}
	return t
}

// inner is the type of a field, a map's values or a list's elements.
func inner(t reflect.Type, name string) reflect.Type {
	t = deref(t)
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if got, _ := jsonField(t.Field(i)); got == name {
				return t.Field(i).Type
			}
		}
	case reflect.Map, reflect.Slice:
		return t.Elem()
	}
	return nil
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// jsonField is a field's name in CUE and whether it must be present.
func jsonField(f reflect.StructField) (name string, required bool) {
	name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, opts == ""
}

// fieldNames lists what a struct may hold, in the order of the schema.
func fieldNames(t reflect.Type) []string {
	t = deref(t)
	if t.Kind() != reflect.Struct {
		return nil
	}
	names := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		name, _ := jsonField(t.Field(i))
		names = append(names, name)
	}
	return names
}

// definitionPath writes a path of CUE selectors as package source does.
func definitionPath(path []string) string {
	out := ""
	t := reflect.TypeFor[schema.Pipeline]()
	for _, sel := range path {
		name := unquote(sel)
		n, err := strconv.Atoi(sel)
		if err == nil && (t == nil || deref(t).Kind() == reflect.Slice || deref(t).Kind() == reflect.Interface) {
			out = source.Index(out, n)
		} else if name != "" && (name[0] == '#' || name[0] == '_') {
			out = strings.TrimPrefix(out+"."+name, ".")
		} else {
			out = source.Join(out, name)
		}
		if t != nil {
			t = inner(t, name)
		}
	}
	return out
}

// subject is how a message calls what stands at a path: its last name, with the list index if it is an element.
func subject(path []string) string {
	if full := definitionPath(path); strings.HasSuffix(full, "]") {
		index := full[strings.LastIndexByte(full, '['):]
		list := definitionPath(path[:len(path)-1])
		if j := strings.LastIndexByte(list, '.'); j >= 0 && !strings.HasSuffix(list, "]") {
			list = list[j+1:]
		}
		return list + index
	}
	if len(path) == 0 {
		return "the pipeline"
	}
	return unquote(path[len(path)-1])
}
