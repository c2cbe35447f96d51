package compiler_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"

	"github.com/penstock-dev/penstock/schema"
)

// mutant is a file with one mistake that a user could make, and where the one diagnostic has to stand.
type mutant struct {
	// kind is what was done, of the kind of place that it was done to: "misspell Stage.needs".
	kind string
	// what says it in full, for the test's output.
	what string
	src  []byte
	// start and end are the bytes of src between which the diagnostic has to begin.
	start, end int
	code       string
	// hint is a word that the diagnostic has to name; empty asks for none.
	hint string
}

// mutator goes through a pipeline's syntax beside the schema's types and makes mistakes.
type mutator struct {
	src  []byte
	seen map[string]bool // kinds of mistake that were made already
	out  []mutant
}

// mutantsOf makes every mistake that can be made in a file and that no file before had.
func mutantsOf(t testing.TB, src []byte, seen map[string]bool) []mutant {
	t.Helper()
	f, err := parser.ParseFile("pipeline.cue", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	m := &mutator{src: src, seen: seen}
	for _, d := range f.Decls {
		field, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		switch name, _, _ := ast.LabelName(field.Label); name {
		case "pipeline":
			m.value(field.Label, field.Value, reflect.TypeFor[schema.Pipeline](), "pipeline")
		case "pipelines":
			m.value(field.Label, field.Value, reflect.TypeFor[map[string]schema.Pipeline](), "pipelines")
		}
	}
	return m.out
}

// add notes a mutant: src with the bytes from..to replaced, and the diagnostic expected at from plus at, or at the node.
func (m *mutator) add(kind, place string, from, to int, text string, want mutant) {
	key := kind + " " + place
	if m.seen[key] {
		return
	}
	m.seen[key] = true
	want.kind = key
	want.what = key + ": " + strconv.Quote(string(m.src[from:to])) + " → " + strconv.Quote(text)
	want.src = slices.Concat(m.src[:from], []byte(text), m.src[to:])
	m.out = append(m.out, want)
}

func offsets(n ast.Node) (from, to int) { return n.Pos().Offset(), n.End().Offset() }

// value makes mistakes in what stands behind a label. Place names the kind of place, "Stage.needs" or "Pipeline.stages[]".
func (m *mutator) value(label ast.Node, x ast.Expr, t reflect.Type, place string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	m.wrongTypes(x, t, place)
	switch x := x.(type) {
	case *ast.StructLit:
		switch t.Kind() {
		case reflect.Struct:
			m.fields(label, x, t)
		case reflect.Map:
			m.entries(x, t, place)
		}
	case *ast.ListLit:
		if t.Kind() == reflect.Slice {
			for _, e := range x.Elts {
				m.value(label, e, t.Elem(), place+"[]")
			}
		}
	case *ast.BasicLit:
		m.scalars(x, t, place)
	}
}

func (m *mutator) fields(label ast.Node, x *ast.StructLit, t reflect.Type) {
	known := schemaFields(t)
	times := map[string]int{}
	for _, d := range x.Elts {
		if f, ok := d.(*ast.Field); ok {
			name, _, _ := ast.LabelName(f.Label)
			times[name]++
		}
	}
	for _, d := range x.Elts {
		f, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		name, _, err := ast.LabelName(f.Label)
		if err != nil || known[name].Type == nil || times[name] > 1 { // written twice, one is not the whole
			continue
		}
		place := t.Name() + "." + name
		from, to := offsets(f.Label)
		for kind, wrong := range misspellings(name) {
			if known[wrong].Type != nil {
				continue
			}
			m.add(kind, place, from, to, wrong, mutant{start: from, end: from, code: "unknown-field", hint: strconv.Quote(name)})
		}
		if _, opts, _ := strings.Cut(known[name].Tag.Get("json"), ","); opts == "" && label != nil && x.Lbrace.IsValid() {
			at, _ := offsets(label)
			if _, list := label.(*ast.ListLit); !list {
				from, to := m.declaration(x, f)
				m.add("delete", place, from, to, "", mutant{start: at, end: at, code: "missing-field", hint: strconv.Quote(name)})
			}
		}
		m.value(f.Label, f.Value, known[name].Type, place)
	}
}

// declaration is a field of a struct with the comma or line end behind it.
func (m *mutator) declaration(x *ast.StructLit, f *ast.Field) (from, to int) {
	from, to = offsets(f)
	for to < len(m.src) && (m.src[to] == ' ' || m.src[to] == ',') {
		to++
	}
	return from, to
}

func (m *mutator) entries(x *ast.StructLit, t reflect.Type, place string) {
	for _, d := range x.Elts {
		f, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		from, to := offsets(f.Label)
		if t.Key().Name() != "string" && t.Key().Kind() == reflect.String {
			for kind, wrong := range map[string]string{"key with a space": `"a b"`, "key with a stop": `"a.b!"`, "empty key": `""`} {
				m.add(kind, place, from, to, wrong, mutant{start: from, end: from, code: "bad-name"})
			}
		}
		m.value(f.Label, f.Value, t.Elem(), place+"{}")
	}
}

// misspellings are the usual ways to write a field wrongly, by kind.
func misspellings(name string) map[string]string {
	out := map[string]string{"title case": strings.ToUpper(name[:1]) + name[1:]}
	if snake := snakeCase(name); snake != name {
		out["snake case"] = snake
		out["kebab case"] = strconv.Quote(strings.ReplaceAll(snake, "_", "-"))
	}
	if len(name) > 3 {
		out["swap"] = name[:len(name)-3] + name[len(name)-2:len(name)-1] + name[len(name)-3:len(name)-2] + name[len(name)-1:]
		out["drop"] = name[:2] + name[3:]
		out["double"] = name[:3] + name[2:]
		if strings.HasSuffix(name, "s") {
			out["singular"] = strings.TrimSuffix(name, "s")
		} else {
			out["plural"] = name + "s"
		}
	}
	for kind, wrong := range out {
		if wrong == name {
			delete(out, kind)
		}
	}
	return out
}

func snakeCase(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func schemaFields(t reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out[name] = t.Field(i)
	}
	return out
}

// wrongTypes puts values of other types in place of one.
func (m *mutator) wrongTypes(x ast.Expr, t reflect.Type, place string) {
	if t.Kind() == reflect.Interface {
		return
	}
	from, to := offsets(x)
	values := []struct {
		kind, text string
		fits       []reflect.Kind
	}{
		{"text", `"some text"`, []reflect.Kind{reflect.String}},
		{"number", `42`, []reflect.Kind{reflect.Int, reflect.Float64}},
		{"fraction", `1.5`, []reflect.Kind{reflect.Float64}},
		{"truth", `true`, []reflect.Kind{reflect.Bool}},
		{"null", `null`, nil},
		{"list", `["a"]`, []reflect.Kind{reflect.Slice}},
		{"empty list", `[]`, []reflect.Kind{reflect.Slice}},
		{"struct", `{a: 1}`, []reflect.Kind{reflect.Struct, reflect.Map}},
		{"empty struct", `{}`, []reflect.Kind{reflect.Struct, reflect.Map}},
		{"type string", `string`, nil},
		{"type int", `int`, nil},
		{"type top", `_`, nil},
	}
	for _, v := range values {
		if slices.Contains(v.fits, t.Kind()) || v.text == "_" && place == "ProcessReady.tcp" { // the schema says true
			continue
		}
		m.add(v.kind, place, from, to, v.text, mutant{start: from, end: from + len(v.text)})
	}
}

// scalars writes the values of one type wrongly.
func (m *mutator) scalars(x *ast.BasicLit, t reflect.Type, place string) {
	from, to := offsets(x)
	set := func(kind, text string) {
		m.add(kind, place, from, to, text, mutant{start: from, end: from + len(text)})
	}
	switch t.Kind() {
	case reflect.Int, reflect.Float64:
		set("quoted", strconv.Quote(x.Value))
		set("percent", strconv.Quote(x.Value+"%"))
		if x.Value != "0" && !strings.HasSuffix(place, ".above") && !strings.HasSuffix(place, ".below") {
			set("negative", "-"+x.Value)
		}
	case reflect.Bool:
		set("quoted", strconv.Quote(x.Value))
		set("yes", `"yes"`)
	case reflect.String:
		text, err := strconv.Unquote(x.Value)
		if err != nil {
			return
		}
		switch t {
		case reflect.TypeFor[schema.Duration]():
			for _, d := range []string{`"10"`, `"10 min"`, `"ten minutes"`, `"-5m"`, `"1.5h"`, `"5M"`, `"1m1h"`, `""`} {
				set("duration "+d, d)
			}
		case reflect.TypeFor[schema.StageName](), reflect.TypeFor[schema.EnvName](), reflect.TypeFor[schema.WorkloadName](),
			reflect.TypeFor[schema.ArtifactName](), reflect.TypeFor[schema.SLOName](), reflect.TypeFor[schema.VariableName]():
			m.add("reference", place, from, to, strconv.Quote(text+"x"), mutant{start: from, end: from, hint: strconv.Quote(text)})
			set("reference with a space", `"a b"`)
		default:
			if others[t] != nil {
				set("enum", strconv.Quote(text+"x"))
				set("enum upper", strconv.Quote(strings.ToUpper(text)))
				set("enum other", `"whatever"`)
			}
		}
	}
}
