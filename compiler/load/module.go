package load

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

// moduleFile is the file to blame for what has no position: the module file where there is one.
func (x *explainer) moduleFile() diag.Range {
	mod := x.modulePath()
	if x.disk.isFile(mod) {
		return diag.Range{File: x.places.File(mod), Start: diag.Position{Line: 1, Column: 1}}
	}
	return diag.Range{File: x.places.File(x.places.root)}
}

func (x *explainer) modulePath() string { return filepath.Join(x.places.root, "cue.mod", "module.cue") }

func (x *explainer) inModuleFile(e errors.Error) bool {
	return path.Base(e.Position().Filename()) == "module.cue"
}

var oddVersion = regexp.MustCompile(`language version "?([^" ]+)"? (?:is not|in module|declared)`)

// badModule explains what is wrong with a module file.
func (x *explainer) badModule(e errors.Error) {
	r, msg := x.moduleFile(), plain(e)
	if e.Position().IsValid() {
		r = x.places.At(e.Position())
	}
	switch m := oddVersion.FindStringSubmatch(msg); {
	case msg == "field not allowed":
		x.moduleField(e, r)
	case strings.HasPrefix(msg, "no language version"):
		x.out.Errorf("bad-module", r, "", "the module names no version of CUE").Hint = fmt.Sprintf("add: language: version: %q", schema.Language)
	case m != nil:
		if f := x.moduleLine("language"); f != nil {
			r = x.places.Node(f.Value)
		}
		why := fmt.Sprintf("language version %q can't be read", m[1])
		if strings.Contains(msg, "too new") {
			why = fmt.Sprintf("language version %q is newer than this program's CUE", m[1])
		}
		x.out.Errorf("bad-module", r, "", "%s", why).Hint = fmt.Sprintf("write %q, or a later one that the program knows", schema.Language)
	default: // the file is named by its place already
		x.out.Errorf("bad-module", r, "", "%s", strings.ReplaceAll(msg, x.modulePath()+": ", ""))
	}
}

// moduleField explains a field that module files don't have.
func (x *explainer) moduleField(e errors.Error, r diag.Range) {
	known := []string{"module", "language", "source", "deps", "custom", "description"}
	name := ""
	if p := e.Path(); len(p) > 0 {
		name = p[len(p)-1]
	}
	if len(e.Path()) > 1 {
		known = []string{"version", "v", "default", "kind"}
	}
	d := x.out.Errorf("bad-module", r, "", "unknown field %q in the module file", name)
	if near, ok := names.Nearest(name, known); ok {
		d.Hint = fmt.Sprintf("did you mean %q?", near)
	}
}

// moduleLine is the innermost field below one at the top of the module file.
func (x *explainer) moduleLine(name string) *ast.Field {
	mod := x.modulePath()
	f, err := parser.ParseFile(mod, x.source(mod))
	if err != nil {
		return nil
	}
	var hit *ast.Field
	for _, d := range f.Decls {
		field, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		if got, _, err := ast.LabelName(field.Label); err != nil || got != name {
			continue
		}
		hit = field
		for {
			body, ok := hit.Value.(*ast.StructLit)
			if !ok || len(body.Elts) != 1 {
				return hit
			}
			inner, ok := body.Elts[0].(*ast.Field)
			if !ok {
				return hit
			}
			hit = inner
		}
	}
	return hit
}
