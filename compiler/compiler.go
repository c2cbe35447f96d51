// Package compiler turns CUE files into plans. Its phases stand in one list; each is a package of its own below this
// one. [Vet] ends where everything that can be proved offline is proved, [Compile] goes on to the plan.
//
// What the user wrote wrongly comes back as a diag.List, sorted and the same on each run; an error is what could not be
// done. A pipeline with errors goes no further, and does not keep others from it.
package compiler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/penstock-dev/penstock/compiler/allow"
	"github.com/penstock-dev/penstock/compiler/bind"
	"github.com/penstock-dev/penstock/compiler/check"
	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/compiler/inspect"
	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/compiler/lower"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/watch"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

// phase is one step from files to plans.
type phase struct {
	name string
	// all is set for the phase that works on everything at once, one for those that take a pipeline at a time.
	all func(context.Context, *work) error
	one func(*work, *pipeline) (diag.List, error)
	// alongside phases look at a pipeline in which the phase before has found errors, too: they don't build on it.
	alongside bool
	// compile marks the phases that vet leaves out.
	compile bool
}

// phases is the way through the compiler.
func phases() []phase {
	return []phase{
		{name: "load and decode", all: loadAll},         // files → CUE values → plain data and a map back to the user's lines
		{name: "inspect", one: inspectOne},              // the local files that it names
		{name: "check", one: checkOne, alongside: true}, // what CUE cannot say
		{name: "allow", all: allowAll},                  // the comments that allow findings: known, used, with a reason
		{name: "lower", one: lowerOne, compile: true},   // stages and strategies → instructions and monitors
		{name: "bind", one: bindOne, compile: true},     // workloads, digests, holes
		{name: "seal", one: sealOne, compile: true},     // canonical bytes and the id over them
	}
}

// Options says what to compile.
type Options struct {
	// Dir is the directory the command was started in: arguments and the files in diagnostics are relative to it. Empty
	// means the process's working directory.
	Dir string
	// Args are files, directories, patterns such as "./...", import paths, or "-"; none means ".".
	Args  []string
	Stdin io.Reader
	// Tags are CUE tags, "key=value" or "key".
	Tags []string
	// Overlay replaces or adds files by absolute path, for editors and tests.
	Overlay map[string][]byte
	// Limits bound what all of it may cost. What goes beyond is a diagnostic, and goes on in the background until it ends: a
	// caller that can't live with that has to exit.
	Limits watch.Limits
	// Trial, when set, reports whether evaluating the same in another process ends that; see load.Options.
	Trial func(context.Context) (dies bool)
	// Digests are artifacts that were built elsewhere, by name: "sha256:…".
	Digests map[string]string
	// Today is the day that checks of calendars and waivers count from, "2026-11-28"; empty leaves them out. The compiler
	// asks no clock.
	Today string
	// Version is the compiler's own, for the plan's provenance.
	Version string
}

// Vetted is a pipeline that vet looked at.
type Vetted struct {
	// Name is the pipeline's, Unit the package it is in.
	Name, Unit string
	// Pipeline and Source are nil when it could not be decoded.
	Pipeline *schema.Pipeline
	Source   *source.Map
	// Errors says that it has diagnostics of severity error.
	Errors bool
	// Found is what is wrong with it, Allowed what comments in the user's files allow; both sorted.
	Found   diag.List
	Allowed []diag.Allowed
	// Inputs are the files that it depends on.
	Inputs Inputs
}

// Result is what vet looked at.
type Result struct {
	// Pipelines come in the order of their packages.
	Pipelines []Vetted
	// Packages is what keeps packages from being read, or is wrong with the command line: no pipeline has it.
	Packages diag.List
}

// Names are the names of the pipelines.
func (r Result) Names() []string {
	out := make([]string, 0, len(r.Pipelines))
	for _, p := range r.Pipelines {
		out = append(out, p.Name)
	}
	return out
}

// Compiled is a pipeline with its plan.
type Compiled struct {
	Name, Unit string
	// Dir is the absolute directory of the pipeline: paths in the plan are relative to it. ModuleRoot holds its cue.mod.
	Dir, ModuleRoot string
	File            plan.File
	// Plan is what File holds.
	Plan     *plan.Plan
	Pipeline *schema.Pipeline
	Source   *source.Map
}

// Vet checks pipelines offline: the phases up to check.
func Vet(ctx context.Context, o Options) (Result, diag.List, error) {
	w, err := run(ctx, o, false)
	if err != nil {
		return Result{}, nil, err
	}
	r := Result{Packages: w.unread.Normalize()}
	for _, p := range w.pipelines {
		r.Pipelines = append(r.Pipelines, Vetted{
			Name: p.name, Unit: p.unit.Name, Pipeline: p.decoded, Source: p.source, Errors: p.failed, Found: p.list.Normalize(), Allowed: p.allowed,
			Inputs: inputsOf(p),
		})
	}
	return r, w.list.Normalize(), nil
}

// Compile makes the plans of pipelines. Those with errors are left out; the list says why.
func Compile(ctx context.Context, o Options) ([]Compiled, diag.List, error) {
	w, err := run(ctx, o, true)
	if err != nil {
		return nil, nil, err
	}
	var out []Compiled
	for _, p := range w.pipelines {
		if p.failed {
			continue
		}
		out = append(out, Compiled{
			Name: p.name, Unit: p.unit.Name, Dir: p.unit.Dir, ModuleRoot: p.unit.ModuleRoot,
			File: p.file, Plan: p.plan, Pipeline: p.decoded, Source: p.source,
		})
	}
	return out, w.list.Normalize(), nil
}

// work is everything that is being compiled.
type work struct {
	opts      Options
	pipelines []*pipeline
	list      diag.List
	unread    diag.List // of the list, what load said
	allows    allow.Set
	doing     *watch.Doing
}

// pipeline is one pipeline on its way. The fields are filled from top to bottom.
type pipeline struct {
	unit    *origin
	name    string
	decoded *schema.Pipeline
	source  *source.Map
	files   inspect.Files
	plan    *plan.Plan
	prov    plan.Provenance
	file    plan.File
	// list is what was found in it, allowed what comments allow.
	list    diag.List
	allowed []diag.Allowed
	// failed says that there are errors: no phase that builds on it runs.
	failed bool
}

// origin is what remains of a unit once its value is gone.
type origin struct {
	Name, Dir, ModuleRoot string
	Inputs                map[string]string
	Tags                  []string
	// files are those of the package and of the packages of its module that it imports, as diagnostics name them.
	files []string
	// embeds are the patterns of files that the package embeds, absolute.
	embeds []string
}

func run(ctx context.Context, o Options, compile bool) (*work, error) {
	w := &work{opts: o, doing: &watch.Doing{}}
	given := "."
	if len(o.Args) == 1 {
		given = o.Args[0]
	}
	w.doing.Begin(diag.Range{File: given}, true)
	err := watch.Run(ctx, o.Limits, w.doing, func(ctx context.Context) error { return w.run(ctx, compile) })
	var over *watch.Exceeded
	switch {
	case errors.As(err, &over):
		return beyond(o.Limits, over), nil // w is still being worked on
	case err != nil:
		return nil, err
	}
	return w, nil
}

func (w *work) run(ctx context.Context, compile bool) error {
	for _, ph := range phases() {
		if ph.compile && !compile {
			break
		}
		if ph.all != nil {
			if err := ph.all(ctx, w); err != nil {
				return err
			}
			continue
		}
		if err := w.each(ctx, ph); err != nil {
			return err
		}
	}
	return nil
}

// each runs a phase for each pipeline that came so far.
func (w *work) each(ctx context.Context, ph phase) error {
	found := make([]diag.List, len(w.pipelines))
	err := spread(ctx, len(found), func(i int) (err error) {
		p := w.pipelines[i]
		if p.decoded == nil || p.failed && !ph.alongside {
			return nil
		}
		defer w.doing.Begin(diag.Range{File: p.unit.Name}, false)()
		if found[i], err = ph.one(w, p); err != nil {
			return fmt.Errorf("%s pipeline %q: %w", ph.name, p.name, err)
		}
		return nil
	})
	for i, list := range found {
		w.remarks(w.pipelines[i])
		w.report(w.pipelines[i], list)
	}
	return err
}

// spread calls f for 0 to n-1, as many at a time as there are processors: each writes to a place of its own.
func spread(ctx context.Context, n int, f func(i int) error) error {
	wait, ctx := errgroup.WithContext(ctx)
	wait.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		wait.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(i)
		})
	}
	return wait.Wait()
}

// loadAll loads and decodes. A unit is decoded as soon as it is evaluated and its value let go: nothing behind this phase holds
// one.
func loadAll(ctx context.Context, w *work) error {
	o := w.opts
	var mu sync.Mutex
	decoded := map[*load.Unit][]decode.Decoded{}
	comments := map[*load.Unit][]allow.File{}
	units, list, err := load.Load(ctx, load.Options{
		Dir: o.Dir, Args: o.Args, Stdin: o.Stdin, Tags: o.Tags, Overlay: o.Overlay, Doing: w.doing, Trial: o.Trial,
		Use: func(u *load.Unit) {
			d, c := decode.Decode(u), allow.Read(u)
			mu.Lock()
			defer mu.Unlock()
			decoded[u], comments[u] = d, c
		},
	})
	if err != nil {
		return err
	}
	w.list, w.unread = append(w.list, list...), list
	for _, u := range units {
		from := &origin{
			Name: u.Name, Dir: u.Dir, ModuleRoot: u.ModuleRoot, Inputs: u.Inputs, Tags: u.Tags, embeds: u.Embeds,
			files: w.allows.Add(comments[u]),
		}
		for _, d := range decoded[u] {
			p := &pipeline{unit: from, name: d.Name, decoded: d.Pipeline, source: d.Source, failed: d.Pipeline == nil}
			w.pipelines = append(w.pipelines, p)
			w.report(p, d.Diags)
		}
	}
	return nil
}

func inspectOne(w *work, p *pipeline) (list diag.List, err error) {
	start, err := filepath.Abs(w.opts.Dir)
	if err != nil {
		return nil, err
	}
	p.files, list, err = inspect.Run(p.decoded, p.source, inspect.Options{Dir: p.unit.Dir, Start: start, Root: p.unit.ModuleRoot, Overlay: w.opts.Overlay})
	return list, err
}

func checkOne(w *work, p *pipeline) (diag.List, error) {
	return check.Run(check.Input{
		Pipeline: p.decoded, Map: p.source, Kinds: targets.Kinds(), Files: p.files, Tags: p.unit.Tags, Today: w.opts.Today,
	}), nil
}

func lowerOne(_ *work, p *pipeline) (diag.List, error) {
	inputs := map[string]string{}
	for _, t := range p.unit.Tags {
		key, value, _ := strings.Cut(t, "=")
		inputs[key] = value
	}
	var err error
	p.plan, p.prov, err = lower.Lower(lower.Input{Pipeline: p.decoded, Source: p.source, Digests: p.files.Digests, Inputs: inputs})
	return nil, err
}

func bindOne(w *work, p *pipeline) (diag.List, error) {
	if err := bind.Workloads(p.plan, p.decoded, p.files); err != nil {
		return nil, err
	}
	return bind.Digests(p.plan, w.digestsFor(p)), nil
}

// digestsFor are the digests given from outside that are meant for a pipeline: with several pipelines, those of artifacts
// that only others have are not.
func (w *work) digestsFor(p *pipeline) map[string]string {
	out := map[string]string{}
	for name, digest := range w.opts.Digests {
		elsewhere := false
		for _, o := range w.pipelines {
			if o != p && o.decoded != nil {
				_, has := o.decoded.Artifacts[schema.ArtifactName(name)]
				elsewhere = elsewhere || has
			}
		}
		if _, own := p.decoded.Artifacts[schema.ArtifactName(name)]; own || !elsewhere {
			out[name] = digest
		}
	}
	return out
}

func sealOne(w *work, p *pipeline) (diag.List, error) {
	p.prov.Compiler = w.opts.Version
	p.prov.Inputs = map[string]string{}
	for name, sum := range p.unit.Inputs {
		p.prov.Inputs[name] = sum
	}
	below, err := filepath.Rel(p.unit.ModuleRoot, p.unit.Dir)
	if err != nil {
		return nil, err
	}
	for name, sum := range p.files.Digests {
		p.prov.Inputs[path.Join(filepath.ToSlash(below), name)] = strings.TrimPrefix(sum, "sha256:")
	}
	if err := w.rootPlaces(p); err != nil {
		return nil, err
	}
	p.file, err = plan.Seal(p.plan, p.prov)
	return nil, err
}

// rootPlaces makes the files of a plan's origins relative to the module's root: the same wherever the command is started.
func (w *work) rootPlaces(p *pipeline) error {
	start, err := filepath.Abs(w.opts.Dir)
	if err != nil {
		return err
	}
	for _, origins := range []map[string]plan.Origin{p.prov.Nodes, p.prov.Definitions} {
		for id, o := range origins {
			if o.File == "" || o.File == "-" {
				continue
			}
			file := filepath.FromSlash(o.File)
			if !filepath.IsAbs(file) {
				file = filepath.Join(start, file)
			}
			if rel, err := filepath.Rel(p.unit.ModuleRoot, file); err == nil {
				o.File = filepath.ToSlash(rel)
				origins[id] = o
			}
		}
	}
	return nil
}
