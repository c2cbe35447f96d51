package check

import (
	"fmt"
	"strings"

	"github.com/penstock-dev/penstock/compiler/inspect"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/cover"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

// pass is one run over one pipeline.
type pass struct {
	pipe   *schema.Pipeline
	source *source.Map
	kinds  map[string]targets.Capabilities
	files  inspect.Files
	tags   []string
	today  string
	// stages are the names of all stages, sorted; graph numbers them by their place in it.
	stages []string
	// defs are their definitions, in the same order.
	defs []schema.Stage
	// paths are the definition paths of the stages.
	paths []*at
	graph *graph
	// deploys are the stages that bring a workload somewhere, with what is known of both.
	deploys []deployment
	// approved is computed when the first check asks what approvals cover.
	approved *cover.Cover
	// impossible are the pairs of environments of which the first requires the second and cannot.
	impossible map[[2]string]bool
	// watched is what watches returns.
	watched []watch
	list    diag.List
}

// deployment is a deploy stage whose names resolve.
type deployment struct {
	stage    int
	name     string
	deploy   *schema.Deploy
	where    *at // of the deploy
	env      schema.Environment
	workload schema.Workload // as it is in env
}

func newPass(in Input) *pass {
	p := &pass{
		pipe: in.Pipeline, source: in.Map, files: in.Files, tags: in.Tags, today: in.Today, stages: names.Sorted(in.Pipeline.Stages),
		kinds: make(map[string]targets.Capabilities, len(in.Kinds)), impossible: map[[2]string]bool{},
	}
	for _, k := range in.Kinds {
		p.kinds[k.Kind] = k
	}
	p.graph = newGraph(p.stages, p.pipe.Stages)
	p.paths, p.defs = make([]*at, 0, len(p.stages)), make([]schema.Stage, 0, len(p.stages))
	top := root("stages")
	for i, name := range p.stages {
		p.paths = append(p.paths, top.field(name))
		p.defs = append(p.defs, p.pipe.Stages[schema.StageName(name)])
		d := p.defs[i].Deploy
		if d == nil {
			continue
		}
		env, found := p.pipe.Environments[d.In]
		w, known := p.pipe.Workloads[d.Workload]
		if !found || !known {
			continue
		}
		resolved, _ := w.Resolve(d.In)
		p.deploys = append(p.deploys, deployment{
			stage: i, name: name, deploy: d, where: p.paths[i].field("deploy"), env: env, workload: resolved,
		})
	}
	return p
}

// diagnostic is what a check reports and fills in further.
type diagnostic = diag.Diagnostic

// at is a definition path, built from its end when somebody asks for it: most are never written down.
type at struct {
	up    *at
	key   string
	index int // -1 for a key
}

// root is the path of a top-level field.
func root(field string) *at { return &at{key: field, index: -1} }

// field goes to a field or map key below.
func (a *at) field(key string) *at { return &at{up: a, key: key, index: -1} }

// item goes to an element of a list.
func (a *at) item(i int) *at { return &at{up: a, index: i} }

// String writes the path in the syntax of package source.
func (a *at) String() string {
	if a == nil {
		return ""
	}
	if a.index >= 0 {
		return source.Index(a.up.String(), a.index)
	}
	return source.Join(a.up.String(), a.key)
}

// stageOf is a stage by its number.
func (p *pass) stageOf(i int) *schema.Stage { return &p.defs[i] }

// stageAt is the path of a stage.
func (p *pass) stageAt(name string) *at { return p.paths[p.graph.index[name]] }

// errorf reports an error at the value that the user wrote there.
func (p *pass) errorf(code diag.Code, where *at, format string, args ...any) *diagnostic {
	path := where.String()
	return p.list.Errorf(code, p.source.Value(path), path, format, args...)
}

// errorKey reports an error at the label that the user wrote there: for map keys that are names.
func (p *pass) errorKey(code diag.Code, where *at, format string, args ...any) *diagnostic {
	path := where.String()
	return p.list.Errorf(code, p.source.Key(path), path, format, args...)
}

// warnf reports a warning at the value that the user wrote there.
func (p *pass) warnf(code diag.Code, where *at, format string, args ...any) *diagnostic {
	path := where.String()
	return p.list.Warnf(code, p.source.Value(path), path, format, args...)
}

// warnKey reports a warning at the label that the user wrote there.
func (p *pass) warnKey(code diag.Code, where *at, format string, args ...any) *diagnostic {
	path := where.String()
	return p.list.Warnf(code, p.source.Key(path), path, format, args...)
}

// relate adds a second place to a diagnostic.
func (p *pass) relate(d *diagnostic, where *at, format string, args ...any) {
	r := p.source.Key(where.String())
	if !r.IsZero() {
		d.Related = append(d.Related, diag.Related{Range: r, Message: fmt.Sprintf(format, args...)})
	}
}

// unknown finishes the diagnostic of a name that leads nowhere: with the name that was meant, or with those there are.
func unknown(d *diagnostic, kind, plural, word string, known []string) {
	if near, ok := names.Nearest(word, known); ok {
		d.Message += fmt.Sprintf(" (did you mean %q?)", near)
		return
	}
	const few = 8
	switch {
	case len(known) == 0:
		d.Hint = fmt.Sprintf("the pipeline has no %s; declare %q under %s", kind, word, plural)
	case len(known) <= few:
		d.Hint = fmt.Sprintf("%s are %s", plural, join(known))
	default:
		d.Hint = fmt.Sprintf("%s are %s and %d more", plural, strings.Join(known[:few], ", "), len(known)-few)
	}
}

// related is a second place with its text.
func related(r diag.Range, message string) diag.Related {
	return diag.Related{Range: r, Message: message}
}

// join lists words: "a, b and c".
func join(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
