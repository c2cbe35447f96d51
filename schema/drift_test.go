package schema_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"

	"github.com/penstock-dev/penstock/schema"
)

// TestTypesMirrorDefinitions walks the Go types from Pipeline and holds each
// struct against the CUE definition of the same name, both ways. Every
// definition with fields must be reached.
func TestTypesMirrorDefinitions(t *testing.T) {
	root := compileSchema(t, cuecontext.New())
	w := &mirror{t: t, root: root, seen: map[string]bool{}}
	w.structs(reflect.TypeFor[schema.Pipeline]())
	for it, _ := root.Fields(cue.Definitions(true)); it.Next(); {
		name := strings.TrimPrefix(it.Selector().String(), "#")
		if it.Value().IncompleteKind() == cue.StructKind && !w.seen[name] {
			t.Errorf("#%s has no Go type that Pipeline reaches", name)
		}
	}
	if len(w.seen) < 50 {
		t.Errorf("only %d types were compared", len(w.seen))
	}
}

type mirror struct {
	t    *testing.T
	root cue.Value
	seen map[string]bool
}

// structs compares Go struct type typ with #Name, and what it holds.
func (m *mirror) structs(typ reflect.Type) {
	name := typ.Name()
	if m.seen[name] {
		return
	}
	m.seen[name] = true
	def := m.root.LookupPath(cue.MakePath(cue.Def("#" + name)))
	if !def.Exists() {
		m.t.Errorf("Go type %s has no definition #%s", name, name)
		return
	}
	if !def.IsClosed() {
		m.t.Errorf("#%s is open, so a typo would pass", name)
	}
	inCUE := map[string]bool{}
	it, err := def.Fields(cue.Optional(true))
	if err != nil {
		m.t.Fatal(err)
	}
	for it.Next() {
		sel := it.Selector()
		inCUE[sel.Unquoted()] = true
		field, ok := fieldNamed(typ, sel.Unquoted())
		if !ok {
			m.t.Errorf("#%s.%s has no Go field", name, sel.Unquoted())
			continue
		}
		m.field(fmt.Sprintf("#%s.%s", name, sel.Unquoted()), field, sel.ConstraintType(), it.Value())
	}
	for i := range typ.NumField() {
		if n := tagName(typ.Field(i)); !inCUE[n] {
			m.t.Errorf("Go field %s.%s (json %q) is not in #%s", name, typ.Field(i).Name, n, name)
		}
	}
}

// field compares one field: optional or required, and its type.
func (m *mirror) field(path string, f reflect.StructField, constraint cue.SelectorType, v cue.Value) {
	omitted := strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
	if optional := constraint == cue.OptionalConstraint; optional != omitted {
		m.t.Errorf("%s: optional in CUE is %v, omitted when empty in Go is %v", path, optional, omitted)
	}
	if !omitted && f.Type.Kind() == reflect.Pointer {
		m.t.Errorf("%s: required, yet a pointer", path)
	}
	if omitted && f.Type.Kind() == reflect.Struct {
		m.t.Errorf("%s: optional, yet a struct that cannot be absent", path)
	}
	m.value(path, f.Type, v)
}

// value compares a Go type with a CUE value and goes on into what it holds.
func (m *mirror) value(path string, typ reflect.Type, v cue.Value) {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	want := map[reflect.Kind]cue.Kind{
		reflect.String: cue.StringKind, reflect.Bool: cue.BoolKind, reflect.Float64: cue.NumberKind, reflect.Int: cue.IntKind,
		reflect.Slice: cue.ListKind, reflect.Map: cue.StructKind, reflect.Struct: cue.StructKind, reflect.Interface: cue.TopKind,
	}[typ.Kind()]
	if got := v.IncompleteKind(); got != want {
		m.t.Errorf("%s: CUE has %v, Go type %v wants %v", path, got, typ, want)
		return
	}
	switch typ.Kind() {
	case reflect.Struct:
		if ref := definitionOf(v); ref != "#"+typ.Name() {
			m.t.Errorf("%s: CUE refers to %q, Go to %s", path, ref, typ.Name())
		}
		m.structs(typ)
	case reflect.Map:
		m.value(path+"[…]", typ.Elem(), valueOfMap(m.t, path, v))
	case reflect.Slice:
		elem := v.LookupPath(cue.MakePath(cue.AnyIndex))
		if !elem.Exists() {
			m.t.Errorf("%s: the list has no element type", path)
			return
		}
		m.value(path+"[]", typ.Elem(), elem)
	}
}

// definitionOf is the name of the definition that v is a reference to.
func definitionOf(v cue.Value) string {
	_, path := v.ReferencePath()
	if sels := path.Selectors(); len(sels) == 1 {
		return sels[0].String()
	}
	return ""
}

// valueOfMap is the value that the pattern of a map gives; [string] is a pattern like any other.
func valueOfMap(t *testing.T, path string, v cue.Value) cue.Value {
	if any := v.LookupPath(cue.MakePath(cue.AnyString)); any.Exists() {
		return any
	}
	it, err := v.Fields(cue.Patterns(true))
	if err != nil {
		t.Fatal(err)
	}
	for it.Next() {
		if it.Selector().ConstraintType() == cue.PatternConstraint {
			return it.Value()
		}
	}
	t.Fatalf("%s: no pattern in the map", path)
	return cue.Value{}
}

func fieldNamed(typ reflect.Type, name string) (reflect.StructField, bool) {
	for i := range typ.NumField() {
		if tagName(typ.Field(i)) == name {
			return typ.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

func tagName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// TestEnumsMirrorConstants holds the Go constants of each word list against its CUE definition.
func TestEnumsMirrorConstants(t *testing.T) {
	root := compileSchema(t, cuecontext.New())
	for name, want := range map[string][]string{
		"#Concurrency":  words(schema.Queue, schema.Reject, schema.Supersede),
		"#Interrupted":  words(schema.InterruptedFail, schema.InterruptedRerun, schema.InterruptedCheck),
		"#Require":      words(schema.NoHarm, schema.ProvenSafe),
		"#Inconclusive": words(schema.InconclusiveRollback, schema.InconclusiveHold, schema.InconclusiveApprove),
		"#Tier":         words(schema.Tiers()...),
		"#Weekday":      words(schema.Monday, schema.Tuesday, schema.Wednesday, schema.Thursday, schema.Friday, schema.Saturday, schema.Sunday),
		"#Occasion": words(schema.OnStarted, schema.OnWaiting, schema.OnDone, schema.OnFailed,
			schema.OnRolledBack, schema.OnUnsettled),
	} {
		op, args := root.LookupPath(cue.ParsePath(name)).Expr()
		if op != cue.OrOp {
			t.Errorf("%s is no disjunction", name)
			continue
		}
		var got []string
		for _, arg := range args {
			if s, err := arg.String(); err == nil {
				got = append(got, s)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s is %q in CUE and %q in Go", name, got, want)
		}
	}
}

func words[T ~string](consts ...T) []string {
	var out []string
	for _, c := range consts {
		out = append(out, string(c))
	}
	slices.Sort(out)
	return out
}
