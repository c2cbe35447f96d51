package schema

import (
	"reflect"
	"strings"
)

// Variants returns the JSON names of the variant fields of v that are present,
// in the order of declaration. v is one of this package's structs or a pointer
// to one; a nil pointer has none.
func Variants(v any) []string {
	rv := reflect.Indirect(reflect.ValueOf(v))
	if !rv.IsValid() {
		return nil
	}
	var names []string
	eachTagged(rv.Type(), "variant", func(i int, name string) {
		if !rv.Field(i).IsZero() {
			names = append(names, name)
		}
	})
	return names
}

// VariantNames returns the JSON names of all variant fields that v's type has,
// in the order of declaration, whether present or not.
func VariantNames(v any) []string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var names []string
	eachTagged(t, "variant", func(_ int, name string) { names = append(names, name) })
	return names
}

// eachTagged calls f for each field of struct type t that has the penstock tag.
func eachTagged(t reflect.Type, tag string, f func(i int, name string)) {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("penstock") == tag {
			f(i, jsonName(t.Field(i)))
		}
	}
}

// jsonName is the name of a field in JSON and CUE.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// Variants returns the actions that are present.
func (s Stage) Variants() []string { return Variants(s) }

// Variants returns the strategies that are present.
func (d Deploy) Variants() []string { return Variants(d) }

// Variants returns the kinds of step that are present.
func (s Step) Variants() []string { return Variants(s) }

// Variants returns the kinds of gate that are present.
func (g Gate) Variants() []string { return Variants(g) }

// Variants returns the targets that are present.
func (e Environment) Variants() []string { return Variants(e) }

// Variants returns the targets that are present, overlays apart.
func (w Workload) Variants() []string { return Variants(w) }

// Variants returns the targets that are present.
func (o Overlay) Variants() []string { return Variants(o) }

// Variants returns the kinds of artifact that are present.
func (a Artifact) Variants() []string { return Variants(a) }

// Variants returns the kinds of indicator that are present.
func (s SLI) Variants() []string { return Variants(s) }
