package check

import (
	"strings"

	"github.com/penstock-dev/penstock/schema"
)

func targetDocs() []Doc {
	return []Doc{
		{
			Code:  "target-mismatch",
			Title: "a workload does not fit the environment it goes to",
			What:  "A stage deploys, verifies or previews a workload in an environment of another target, or the workload has nothing for that environment at all.",
			Why:   "A set of manifests cannot be a function, and a function cannot be a process.",
			Bad:   `stages: odd: {needs: ["production"], preview: {workload: "web", in: "account"}}`,
			Good:  `stages: odd: {needs: ["production"], preview: {workload: "cluster", in: "account"}}`,
		},
		{
			Code:  "workload-incomplete",
			Title: "a workload lacks what its target needs",
			What:  "After its part for the environment is filled in, the workload still lacks a field that the target cannot do without.",
			Why:   "There would be nothing to run, to listen on or to apply.",
			Bad:   "workloads: batch: lambda: {alias: \"live\", artifact: \"archive\"}\nstages: batch: {needs: [\"build\"], deploy: {workload: \"batch\", in: \"functions\", allAtOnce: {}}}",
			Good:  "workloads: batch: lambda: {function: \"batch\", alias: \"live\", artifact: \"archive\"}\nstages: batch: {needs: [\"build\"], deploy: {workload: \"batch\", in: \"functions\", allAtOnce: {}}}",
		},
		{
			Code:  "overlay-conflict",
			Title: "an environment's part of a workload overrides it",
			What:  "What stands under a workload's `in` says something else than the workload itself.",
			Why:   "A part for an environment may fill in what is open; if it could override, nobody could read the workload alone.",
			Bad:   `workloads: cluster: in: account: terraform: module: "elsewhere"`,
			Good:  `workloads: cluster: in: account: terraform: parallelism: 2`,
		},
	}
}

// workloadTargets holds workloads against the environments they go to.
func workloadTargets(p *pass) {
	complete := map[schema.WorkloadName]bool{}
	for _, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		switch {
		case s.Deploy != nil:
			p.fits(name, "deploy", s.Deploy.Workload, s.Deploy.In, complete)
		case s.Verify != nil:
			p.fits(name, "verify", s.Verify.Workload, s.Verify.In, complete)
		case s.Preview != nil:
			p.fits(name, "preview", s.Preview.Workload, s.Preview.In, complete)
		}
	}
	for name, w := range p.pipe.Workloads {
		for env := range w.In {
			_, conflicts := w.Resolve(env)
			for _, c := range conflicts {
				p.conflict(name, c)
			}
		}
	}
}

// fits checks one use of a workload. complete remembers workloads without parts that were found complete.
func (p *pass) fits(stage, action string, workload schema.WorkloadName, env schema.EnvName, complete map[schema.WorkloadName]bool) {
	w, known := p.pipe.Workloads[workload]
	e, found := p.pipe.Environments[env]
	kind := kindOf(e)
	if !known || !found || kind == "" {
		return
	}
	resolved, conflicts := w.Resolve(env)
	if !has(resolved, kind) {
		p.mismatch(stage, action, workload, env, kind, resolved.Variants())
		return
	}
	_, overlaid := w.In[env]
	if complete[workload] && !overlaid || len(conflicts) > 0 {
		return
	}
	missing := resolved.Missing()
	for _, m := range missing {
		if !strings.HasPrefix(m, kind+".") {
			continue
		}
		where := root("workloads").field(string(workload)).field(kind)
		d := p.errorKey("workload-incomplete", where, "workload %q has no %s in environment %q", workload, m, env)
		d.Hint = "add it to the workload, or to its part for the environment"
		p.relate(d, p.stageAt(stage), "stage %q needs it", stage)
	}
	if len(missing) == 0 && !overlaid {
		complete[workload] = true
	}
}

func (p *pass) mismatch(stage, action string, workload schema.WorkloadName, env schema.EnvName, kind string, others []string) {
	where := p.stageAt(stage).field(action).field("workload")
	if len(others) == 0 {
		d := p.errorf("target-mismatch", where, "workload %q says nothing about %s, which environment %q is", workload, kind, env)
		d.Hint = "add " + kind + " to the workload, or to its part for the environment"
		return
	}
	d := p.errorf("target-mismatch", where, "workload %q is %s and environment %q is %s", workload, join(others), env, kind)
	p.relate(d, root("environments").field(string(env)), "the environment")
	p.relate(d, root("workloads").field(string(workload)), "the workload")
}

// conflict reports one field that a part for an environment says otherwise; path is relative to the workload.
func (p *pass) conflict(workload schema.WorkloadName, path string) {
	base := root("workloads").field(string(workload)).String() + "."
	d := p.list.Errorf("overlay-conflict", p.source.Value(base+path), base+path, "the part of workload %q for an environment says something else than the workload", workload)
	d.Hint = "leave it open in the workload, or say the same"
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "in."), ".")
	if r := p.source.Key(base + rest); !r.IsZero() {
		d.Related = append(d.Related, related(r, "the workload says so here"))
	}
}

// kindOf is the target of the environment, or "" when it has none or several.
func kindOf(e schema.Environment) string {
	switch count(e.Process != nil, e.Kubernetes != nil, e.Lambda != nil, e.Terraform != nil) {
	case 1:
		switch {
		case e.Process != nil:
			return "process"
		case e.Kubernetes != nil:
			return "kubernetes"
		case e.Lambda != nil:
			return "lambda"
		}
		return "terraform"
	}
	return ""
}

// has reports whether the workload has a part for the target.
func has(w schema.Workload, kind string) bool {
	switch kind {
	case "process":
		return w.Process != nil
	case "kubernetes":
		return w.Kubernetes != nil
	case "lambda":
		return w.Lambda != nil
	case "terraform":
		return w.Terraform != nil
	}
	return false
}
