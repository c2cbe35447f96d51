package decode

import (
	"reflect"
	"strings"

	"cuelang.org/go/cue/ast"

	"github.com/penstock-dev/penstock/schema"
)

// fieldDoc is what the schema says about a field of the struct at parent, as one line without the final stop; "" when it
// says nothing.
func (t *tracer) fieldDoc(parent []string, name string) string {
	typ := typeAt(parent)
	if typ == nil || deref(typ).Kind() != reflect.Struct {
		return ""
	}
	pkg := t.unit.Package.LookupImport(schema.ImportPath)
	if pkg == nil {
		return ""
	}
	for _, def := range t.packageFields(pkg).named["#"+deref(typ).Name()] {
		body, ok := def.Value.(*ast.StructLit)
		if !ok {
			continue
		}
		for _, f := range t.structFields(body).named[name] {
			for _, c := range ast.Comments(f) {
				if c.Doc {
					return strings.TrimSuffix(strings.Join(strings.Fields(c.Text()), " "), ".")
				}
			}
		}
	}
	return ""
}
