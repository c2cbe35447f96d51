package language

import (
	"reflect"
	"strings"

	"github.com/penstock-dev/penstock/schema"
)

// kind is a kind of thing that pipelines give names to.
type kind struct {
	typ reflect.Type
	// word is what a person calls one; field is where they are declared in a pipeline.
	word, field string
	// prefix stands before the name in a reference; suffix begins what may follow it.
	prefix, suffix string
}

// kinds lists what can be referred to.
func kinds() []kind {
	return []kind{
		{typ: reflect.TypeFor[schema.StageName](), word: "stage", field: "stages"},
		{typ: reflect.TypeFor[schema.EnvName](), word: "environment", field: "environments"},
		{typ: reflect.TypeFor[schema.WorkloadName](), word: "workload", field: "workloads"},
		{typ: reflect.TypeFor[schema.ArtifactName](), word: "artifact", field: "artifacts"},
		{typ: reflect.TypeFor[schema.SLOName](), word: "SLO", field: "slos"},
		{typ: reflect.TypeFor[schema.GroupName](), word: "group", field: "groups", prefix: "group:"},
		{typ: reflect.TypeFor[schema.VariableName](), word: "variable", field: "variables"},
	}
}

func kindOf(t reflect.Type) (kind, bool) {
	for _, k := range kinds() {
		if k.typ == t {
			return k, true
		}
	}
	return kind{}, false
}

func kindNamed(field string) kind {
	for _, k := range kinds() {
		if k.field == field {
			return k
		}
	}
	return kind{}
}

// refersTo is what kind of thing a text of the type, in the field of the struct, is a reference to.
func refersTo(parent reflect.Type, name string, t reflect.Type) (kind, bool) {
	switch {
	case t == nil:
		return kind{}, false
	case t == reflect.TypeFor[schema.Principal]():
		return kindNamed("groups"), true
	case parent == reflect.TypeFor[schema.Inject]() && name == "output":
		k := kindNamed("workloads")
		k.suffix = "."
		return k, true
	}
	return kindOf(t)
}

// named is the name inside a reference's text.
func (k kind) named(text string) (string, bool) {
	name, ok := strings.CutPrefix(text, k.prefix)
	if k.suffix != "" {
		name, _, _ = strings.Cut(name, k.suffix)
	}
	return name, ok && name != ""
}

// declares reports whether the keys of the map in that field of the struct are declarations rather than references.
func declares(parent reflect.Type, name string) bool {
	switch parent {
	case reflect.TypeFor[schema.Pipeline]():
		return kindNamed(name).word != ""
	case reflect.TypeFor[schema.Environment]():
		return name == "variables"
	}
	return false
}

// keyKind is what the keys of a map type refer to.
func keyKind(t reflect.Type) (kind, bool) {
	if t == nil || t.Kind() != reflect.Map {
		return kind{}, false
	}
	return kindOf(t.Key())
}
