package language

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/schema"
)

// Code is a policy's code with what it asks for.
type Code struct{ Name, Doc string }

// Language knows the schema. It may be used by several goroutines.
type Language struct {
	codes func() []Code
	words func() (words, error)
}

// New returns a Language; the schema is read at the first question. Codes lists the policies that can be waived, and is
// called once, when it is needed; nil means that they aren't known.
func New(codes func() []Code) *Language {
	if codes == nil {
		codes = func() []Code { return nil }
	}
	return &Language{codes: sync.OnceValue(codes), words: sync.OnceValues(readWords)}
}

// words is what the schema says, by the name of its definitions without "#".
type words struct {
	defs  map[string]*definition
	types map[string]reflect.Type
}

// definition is one of the schema's.
type definition struct {
	doc    string
	fields map[string]fieldWords
	expr   ast.Expr
}

// fieldWords is what the schema says about one field.
type fieldWords struct {
	doc  string
	expr ast.Expr
}

// readWords reads the embedded schema's syntax. Nothing is evaluated.
func readWords() (words, error) {
	w := words{defs: map[string]*definition{}, types: map[string]reflect.Type{}}
	files, err := schema.Files()
	if err != nil {
		return w, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.Contains(name, "/") {
			continue
		}
		f, err := parser.ParseFile(name, files[name], parser.ParseComments)
		if err != nil {
			return w, fmt.Errorf("parse the embedded schema: %w", err)
		}
		for _, d := range f.Decls {
			if field, ok := d.(*ast.Field); ok {
				w.add(field)
			}
		}
	}
	w.addTypes(reflect.TypeFor[schema.Pipeline]())
	return w, nil
}

func (w words) add(f *ast.Field) {
	name, _, err := ast.LabelName(f.Label)
	if err != nil {
		return
	}
	name = strings.TrimPrefix(name, "#")
	d := w.defs[name]
	if d == nil {
		d = &definition{fields: map[string]fieldWords{}, expr: f.Value}
		w.defs[name] = d
	}
	if d.doc == "" {
		d.doc = docOf(f)
	}
	st, ok := f.Value.(*ast.StructLit)
	if !ok {
		return
	}
	for _, e := range st.Elts {
		in, ok := e.(*ast.Field)
		if !ok {
			continue
		}
		if name, _, err := ast.LabelName(in.Label); err == nil {
			d.fields[name] = fieldWords{doc: docOf(in), expr: in.Value}
		}
	}
}

// addTypes finds the Go type of each definition: they have the same names.
func (w words) addTypes(t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || w.types[t.Name()] != nil {
		return
	}
	w.types[t.Name()] = t
	for _, f := range decode.Fields(t) {
		w.addTypes(f.Type)
	}
}

// says is what the schema says about a field of a struct type.
func (w words) says(parent reflect.Type, name string) fieldWords {
	if parent == nil || parent.Kind() != reflect.Struct || w.defs[parent.Name()] == nil {
		return fieldWords{}
	}
	return w.defs[parent.Name()].fields[name]
}

// typeDoc is the comment of a type's definition.
func (w words) typeDoc(t reflect.Type) string {
	if t == nil || t.PkgPath() == "" || w.defs[t.Name()] == nil {
		return ""
	}
	return w.defs[t.Name()].doc
}

// values are the strings that an expression of the schema lets one choose from; for a list those of its elements.
func (w words) values(x ast.Expr) []string {
	return w.choices(x, 0)
}

// maxReferences bounds how many definitions are followed one after the other.
const maxReferences = 8

func (w words) choices(x ast.Expr, depth int) []string {
	if depth > maxReferences {
		return nil
	}
	switch x := x.(type) {
	case *ast.Ident:
		if d := w.defs[strings.TrimPrefix(x.Name, "#")]; d != nil {
			return w.choices(d.expr, depth+1)
		}
	case *ast.BinaryExpr:
		if x.Op == token.OR {
			return append(w.choices(x.X, depth), w.choices(x.Y, depth)...)
		}
	case *ast.BasicLit:
		if s, err := strconv.Unquote(x.Value); err == nil && x.Kind == token.STRING {
			return []string{s}
		}
	case *ast.ListLit:
		for _, e := range x.Elts {
			if el, ok := e.(*ast.Ellipsis); ok {
				e = el.Type
			}
			if v := w.choices(e, depth+1); v != nil {
				return v
			}
		}
	}
	return nil
}

func docOf(n ast.Node) string {
	for _, c := range ast.Comments(n) {
		if c.Doc {
			return strings.Join(strings.Fields(c.Text()), " ")
		}
	}
	return ""
}
