package decode

import "reflect"

// Field is a field of one of the schema's structs, for who shows the language to people.
type Field struct {
	// Name is how CUE writes it.
	Name string
	Type reflect.Type
	// Required says that it must be present, Variant that it is one of those of which one is chosen.
	Required, Variant bool
}

// Fields lists what a struct of the schema may hold, in the order of the Go type; nil for anything else.
func Fields(t reflect.Type) []Field {
	if t == nil || deref(t).Kind() != reflect.Struct {
		return nil
	}
	t = deref(t)
	out := make([]Field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, required := jsonField(f)
		out = append(out, Field{Name: name, Type: deref(f.Type), Required: required, Variant: f.Tag.Get("penstock") == "variant"})
	}
	return out
}

// Inner is the type of a field, of a map's values or of a list's elements; nil where t has no such thing.
func Inner(t reflect.Type, name string) reflect.Type {
	if t == nil {
		return nil
	}
	if t = inner(t, name); t != nil {
		t = deref(t)
	}
	return t
}

// Wanted says in words what a type accepts, such as `a duration such as "10m"`.
func Wanted(t reflect.Type) string { return wanted(t) }
