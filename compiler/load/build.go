package load

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/inject/embed"
	"golang.org/x/sync/errgroup"

	"github.com/penstock-dev/penstock/internal/diag"
)

// result is what came of one request.
type result struct {
	group    group
	request  request
	tags     []string
	packages []*pkg
}

// pkg is one package of a result.
type pkg struct {
	inst   *build.Instance
	places Places
	unit   *Unit // nil when diags stop the work
	whole  bool  // its pipelines have what every pipeline has
	diags  diag.List
}

// prepare readies the instances of one request for building: afterwards they share nothing that a build changes. prepared
// holds the packages that use the parsed schema already.
func (s *session) prepare(g group, r request, insts []*build.Instance, tags []string, prepared map[*build.Instance]bool) *result {
	res := &result{group: g, request: r, tags: slices.Sorted(slices.Values(tags))}
	for _, inst := range insts {
		if empty(inst) && len(insts) > 1 {
			continue
		}
		p := &pkg{inst: inst, places: Places{cwd: s.cwd, root: g.root}}
		res.packages = append(res.packages, p)
		if inst.Err != nil {
			p.diags = s.translate(inst, inst.Err, p.places)
			continue
		}
		p.unit = &Unit{Dir: inst.Dir, ModuleRoot: g.root, Files: slices.Clone(inst.Files), Package: inst, Places: p.places, Tags: res.tags}
		if l := append(s.notText(p), otherSchema(p)...); len(l) > 0 {
			p.unit, p.diags = nil, l
			continue
		}
		useSchema(s.schema, inst, prepared)
		if err := addCheck(inst); err != nil {
			p.unit, p.diags = nil, s.translate(inst, err, p.places)
		}
	}
	for _, p := range res.packages {
		if p.unit != nil {
			p.unit.Name = s.name(r, p.inst, len(res.packages) > 1)
		}
	}
	return res
}

// perContext is how many small packages share a context, and with it the compiled schema. A context remembers all that was
// ever built in it, so it is not kept for all.
const perContext = 8

// build evaluates all prepared packages, as many at a time as there are processors. Neighbours share a context.
func (s *session) build(ctx context.Context) error {
	var all []*pkg
	for _, res := range s.results {
		for _, p := range res.packages {
			if p.unit != nil {
				all = append(all, p)
			}
		}
	}
	procs := runtime.GOMAXPROCS(0)
	size := min(max(len(all)/(2*procs), 1), perContext)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(procs)
	for some := range slices.Chunk(all, size) {
		g.Go(func() error {
			in := cuecontext.New(cuecontext.WithInjection(embed.New()))
			for _, p := range some {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := s.evaluate(in, p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// evaluate builds one package. A panic of CUE becomes an error, so that one package can't take a server down.
func (s *session) evaluate(in *cue.Context, p *pkg) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("evaluate %s: CUE failed: %v", p.inst.Dir, r)
		}
	}()
	defer s.opts.Doing.Begin(whereabouts(p.inst, p.places), false)()
	v := in.BuildInstance(p.inst)
	if errs := errors.Append(p.inst.Err, p.inst.ResolutionErr); errs != nil {
		p.unit, p.diags = nil, s.translate(p.inst, errs, p.places)
		return nil
	}
	p.unit.Value, p.unit.Pipelines = v, pipelines(v)
	p.whole = whole(p.unit)
	if s.opts.Use != nil {
		if len(p.unit.Pipelines) > 0 {
			s.opts.Use(p.unit)
		}
		p.unit.Value = cue.Value{}
	}
	return nil
}

// collect turns the results into units and diagnostics, in the order of the requests.
func (s *session) collect() {
	for _, res := range s.results {
		found := false // or can't be known
		for _, p := range res.packages {
			s.diags = append(s.diags, p.diags...)
			found = found || p.unit == nil || len(p.unit.Pipelines) > 0
		}
		strays := s.strays(res)
		for _, p := range res.packages {
			switch {
			case p.unit == nil, strays[p]:
			case len(p.unit.Pipelines) == 0:
				s.noPipeline(res.request, p.inst, p.places, found)
			default:
				p.unit.Inputs, p.unit.Embeds = s.inputs(p.inst, res.group)
				s.units = append(s.units, p.unit)
			}
		}
	}
}

// empty reports whether CUE made an instance of files that don't exist, as it does for those without a package clause.
func empty(inst *build.Instance) bool {
	return len(inst.BuildFiles) == 0 && len(inst.InvalidFiles) == 0 && (inst.PkgName == "_" || inst.PkgName == "")
}

// pipelines finds `pipeline` and everything below `pipelines`.
func pipelines(v cue.Value) []Pipeline {
	var out []Pipeline
	if p := cue.MakePath(cue.Str("pipeline")); v.LookupPath(p).Exists() {
		out = append(out, Pipeline{Path: p})
	}
	it, err := v.LookupPath(cue.MakePath(cue.Str("pipelines"))).Fields()
	if err != nil {
		return out
	}
	for it.Next() {
		key := it.Selector().Unquoted()
		out = append(out, Pipeline{Key: key, Path: cue.MakePath(cue.Str("pipelines"), cue.Str(key))})
	}
	slices.SortStableFunc(out, func(a, b Pipeline) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// name is what a unit is called in messages and reports.
func (s *session) name(r request, inst *build.Instance, several bool) string {
	places := Places{cwd: s.cwd}
	switch {
	case r.files != nil:
		names := make([]string, 0, len(r.files))
		for _, f := range r.files {
			names = append(names, places.File(f))
		}
		return strings.Join(names, " ")
	case r.path != "":
		return r.path
	}
	name := places.File(inst.Dir)
	if several || r.pkg != "" {
		name += ":" + inst.PkgName
	}
	return name
}

// topLevel calls f for each field at the top of the user's files.
func topLevel(files []*ast.File, f func(name string, field *ast.Field)) {
	for _, file := range files {
		if file.Filename == checkFile {
			continue
		}
		for _, d := range file.Decls {
			field, ok := d.(*ast.Field)
			if !ok {
				continue
			}
			if name, _, err := ast.LabelName(field.Label); err == nil {
				f(name, field)
			}
		}
	}
}
