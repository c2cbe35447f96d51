package load

import (
	"fmt"
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
)

// noPipeline says that a package has no pipeline, unless it was only found by a pattern and is a library, or stands
// beside a package that has one.
func (s *session) noPipeline(r request, inst *build.Instance, places Places, beside bool) {
	field := nearPipeline(inst.Files)
	if field == nil && (r.found || beside) {
		return
	}
	if len(inst.BuildFiles) == 0 {
		dir := places.File(inst.Dir)
		s.diags.Errorf("no-pipeline", diag.Range{File: dir}, "", "no CUE files in %s", dir)
		return
	}
	if field == nil {
		if at := stagesAtTop(inst.Files); at != nil {
			s.diags.Errorf("no-pipeline", places.Node(at), "", "%s has no pipeline, and stages at its top", what(inst)).
				Hint = "the fields of a pipeline stand in braces: pipeline: {…}"
			return
		}
		s.diags.Errorf("no-pipeline", firstPlace(inst, places), "", "%s has no pipeline", what(inst)).
			Hint = "write it as the value of the field `pipeline`, or several under `pipelines: NAME:`"
		return
	}
	name, _, err := ast.LabelName(field.Label)
	if err != nil {
		return
	}
	if name == "pipelines" {
		s.noneBelow(field, places)
		return
	}
	d := s.diags.Errorf("no-pipeline", places.Node(field.Label), "", "%s has no pipeline, but a field %q", what(inst), name)
	d.Hint = "a pipeline is the value of the field `pipeline`, or of a name under `pipelines`"
	if near, ok := names.Nearest(name, []string{"pipeline", "pipelines"}); ok {
		d.Hint = fmt.Sprintf("did you mean %q?", near)
	}
}

// noneBelow says why there is nothing under `pipelines`.
func (s *session) noneBelow(field *ast.Field, places Places) {
	const hint = "write pipelines: NAME: and the pipeline"
	if body, ok := field.Value.(*ast.StructLit); ok && len(body.Elts) == 0 {
		s.diags.Errorf("no-pipeline", places.Node(field.Label), "", "there is no pipeline under pipelines").Hint = hint
		return
	}
	s.diags.Errorf("no-pipeline", places.Node(field.Value), "", "pipelines must be a struct of names and pipelines").Hint = hint
}

// nearPipeline finds a top-level field that was meant to be the pipeline: by its name, or because it has stages.
func nearPipeline(files []*ast.File) *ast.Field {
	var byName, byBody *ast.Field
	topLevel(files, func(name string, f *ast.Field) {
		if _, ok := names.Nearest(name, []string{"pipeline", "pipelines"}); ok && byName == nil {
			byName = f
		}
		if _, ident := f.Label.(*ast.Ident); !ident || name[0] != '#' && name[0] != '_' {
			if byBody == nil && hasField(f.Value, "stages") {
				byBody = f
			}
		}
	})
	if byName != nil {
		return byName
	}
	return byBody
}

// stagesAtTop finds the stages of a pipeline whose fields stand at the top of the file.
func stagesAtTop(files []*ast.File) (at ast.Node) {
	topLevel(files, func(name string, f *ast.Field) {
		if _, lit := f.Value.(*ast.StructLit); name == "stages" && lit && at == nil {
			at = f.Label
		}
	})
	return at
}

// hasField reports whether an expression is a struct, or a unification with one, that has the field.
func hasField(x ast.Expr, name string) bool {
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return hasField(x.X, name) || hasField(x.Y, name)
	case *ast.ParenExpr:
		return hasField(x.X, name)
	case *ast.StructLit:
		return slices.ContainsFunc(x.Elts, func(d ast.Decl) bool {
			f, ok := d.(*ast.Field)
			if !ok {
				return false
			}
			got, _, err := ast.LabelName(f.Label)
			return err == nil && got == name
		})
	}
	return false
}

func what(inst *build.Instance) string {
	if inst.PkgName == "" || inst.PkgName == "_" {
		return "the file"
	}
	return fmt.Sprintf("package %q", inst.PkgName)
}

// firstPlace is the package clause of the first file, or the file's beginning.
func firstPlace(inst *build.Instance, places Places) diag.Range {
	for _, f := range inst.Files {
		if f.Filename == checkFile {
			continue
		}
		for _, d := range f.Decls {
			if p, ok := d.(*ast.Package); ok {
				return places.Node(p.Name)
			}
		}
		return diag.Range{File: places.File(f.Filename), Start: diag.Position{Line: 1, Column: 1}}
	}
	return diag.Range{}
}

// checkFound says so when patterns led to no pipeline at all.
func (s *session) checkFound(reqs []request) {
	if len(s.units) > 0 || len(s.diags) > 0 {
		return
	}
	for _, r := range reqs {
		if !r.found {
			return
		}
	}
	s.diags.Errorf("no-pipeline", diag.Range{}, "", "no pipeline in %s", describe(s.opts.Args)).
		Hint = "a pipeline is the value of the field `pipeline` at the top of a package"
}

func describe(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	return fmt.Sprintf("%q", args)
}

// unknownTag finds the tag that CUE's loader stopped at because no file in insts has a @tag for it.
func unknownTag(insts []*build.Instance) (string, bool) {
	for _, inst := range insts {
		for _, e := range errors.Errors(inst.Err) {
			if format, args := e.Msg(); (format == "no tag for %q" || format == "tag %q not used in any file") && len(args) == 1 {
				return fmt.Sprint(args[0]), true
			}
		}
	}
	return "", false
}

// checkTags reports the tags that no package knows.
func (s *session) checkTags() {
	for _, t := range s.opts.Tags {
		if !s.taken[t] {
			s.diags.Errorf("unknown-tag", diag.Range{}, "", "no file has a @tag for %q", t)
		}
	}
}
