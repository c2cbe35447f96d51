package decode

import (
	"reflect"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
)

// Decoded is one pipeline of a unit.
type Decoded struct {
	// Name is the pipeline's name, or the name of its package's directory when it has none that can be read.
	Name string
	// Pipeline is nil when Diags holds errors.
	Pipeline *schema.Pipeline
	// Source leads from definition paths to the user's files. It is empty when Pipeline is nil.
	Source *source.Map
	// Diags is what is wrong with this pipeline, sorted.
	Diags diag.List
}

// Decode returns the pipelines of a unit in the order of the unit.
func Decode(u *load.Unit) []Decoded {
	t := newTracer(u)
	errs := list(u.Value.Validate(cue.Concrete(true), cue.Final()))
	out := make([]Decoded, 0, len(u.Pipelines))
	if l := t.nameless(u); len(l) > 0 {
		return []Decoded{{Name: u.Name, Source: &source.Map{}, Diags: l}}
	}
	for _, p := range u.Pipelines {
		out = append(out, decodeOne(t, p, errs))
	}
	t.namedTwice(u, out)
	return out
}

func decodeOne(t *tracer, p load.Pipeline, errs []errors.Error) Decoded {
	d := Decoded{Name: t.unit.Name, Source: &source.Map{}}
	v := t.unit.Value.LookupPath(p.Path)
	if name, err := v.LookupPath(cue.MakePath(cue.Str("name"))).String(); err == nil {
		d.Name = name
	}
	root := t.pipeline(p)
	d.Diags = t.explain(p, root, v, errs)
	if d.Diags.HasErrors() {
		return d
	}
	var pipe schema.Pipeline
	r := &reader{tracer: t, out: d.Source, names: map[reflect.Type]map[string]int{}}
	r.read("", root, &lazy{value: v, known: true}, reflect.ValueOf(&pipe).Elem())
	if r.err != nil {
		d.Source = &source.Map{}
		d.Diags = append(d.Diags, t.explain(p, root, v, list(r.err))...).Normalize()
		return d
	}
	if p.Key != "" {
		pipe.Name = schema.PipelineName(p.Key) // what load's own file says, not the user's
	}
	d.Pipeline = &pipe
	return d
}

// namedTwice reports a name under `pipelines` that `pipeline` has, too: runs and locks would take them for one.
func (t *tracer) namedTwice(u *load.Unit, all []Decoded) {
	for i, p := range u.Pipelines {
		if p.Key == "" || u.Pipelines[0].Key != "" || all[0].Name != p.Key {
			continue
		}
		at, first := t.places(t.pipeline(p)), t.places(t.pipeline(u.Pipelines[0]))
		if len(at) == 0 || len(first) == 0 {
			continue
		}
		all[i].Pipeline, all[i].Source = nil, &source.Map{}
		d := all[i].Diags.Errorf("duplicate-definition", at[0].Key, "", "pipeline %q is defined twice", p.Key)
		d.Hint = "give one of them another name: a run and its locks go by it"
		d.Related = []diag.Related{{Range: first[0].Key, Message: "first defined here"}}
	}
}

// nameless reports a pipeline that stands under `pipelines` itself, where its name belongs.
func (t *tracer) nameless(u *load.Unit) diag.List {
	for _, f := range t.ownFields().named["pipelines"] {
		s := &spot{sites: []site{{expr: f.Value, label: f.Label, field: f, pkg: u.Package}}}
		x := &explainer{tracer: t, root: s, spoilt: map[string]bool{}}
		if x.namelessEntry([]string{"pipelines"}, s, reflect.TypeFor[map[string]schema.Pipeline]()) {
			return x.out
		}
	}
	return nil
}

// list is every single one of CUE's errors in err.
func list(err error) []errors.Error {
	if err == nil {
		return nil
	}
	return errors.Errors(errors.Promote(err, "evaluate"))
}
