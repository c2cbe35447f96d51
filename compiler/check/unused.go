package check

import (
	"strings"

	"github.com/penstock-dev/penstock/schema"
)

func unusedDocs() []Doc {
	return []Doc{{
		Code:  "unused",
		Title: "something is declared and never used",
		What:  "The pipeline itself declares an artifact that no stage produces or uses, an environment or a workload that no stage works with, a group that no approval asks, or an SLO over a target's own counts that nothing judges. SLOs over Prometheus are rules and budgets as well, and an environment's variables are an offer: they may stand there unused. What a definition or a shared module declares is not looked at, and nothing is said while something else is wrong.",
		Why:   "Whoever reads it believes that it is deployed, asked or judged. Often a name elsewhere was meant to be this one.",
		Allow: true,
		Bad:   `groups: operators: members: ["user:ada"]`,
		Good:  "groups: operators: members: [\"user:ada\"]\nstages: agree: {needs: [\"staging\"], before: [\"production\"], approve: by: [\"group:operators\"]}",
	}}
}

// used holds the names that something in the pipeline leads to.
type used struct {
	artifacts    map[schema.ArtifactName]bool
	environments map[schema.EnvName]bool
	workloads    map[schema.WorkloadName]bool
	slos         map[schema.SLOName]bool
	groups       map[schema.GroupName]bool
}

// unused reports what nothing leads to. A misspelt name leaves what it meant unused: with errors nothing is said.
func unused(p *pass) {
	if p.list.HasErrors() {
		return
	}
	u := p.used()
	unusedOf(p, "artifact", "artifacts", p.pipe.Artifacts, u.artifacts, "let a stage produce it or a workload run it")
	unusedOf(p, "environment", "environments", p.pipe.Environments, u.environments, "let a stage work in it")
	unusedOf(p, "workload", "workloads", p.pipe.Workloads, u.workloads, "deploy it")
	unusedOf(p, "group", "groups", p.pipe.Groups, u.groups, "let an approval ask it")
	counted := map[schema.SLOName]schema.SLO{}
	for name, slo := range p.pipe.SLOs {
		if slo.SLI.Requests != nil {
			counted[name] = slo
		}
	}
	unusedOf(p, "SLO", "slos", counted, u.slos, "let an analysis judge by it")
}

// unusedOf reports the entries of one map.
func unusedOf[K ~string, V any](p *pass, kind, field string, all map[K]V, used map[K]bool, hint string) {
	for name := range all {
		if used[name] {
			continue
		}
		where := root(field).field(string(name))
		if !p.source.Direct(where.String()) {
			continue
		}
		d := p.warnKey("unused", where, "%s %q is never used", kind, name)
		d.Hint = hint + ", or remove it"
	}
}

func (p *pass) used() used {
	u := used{
		artifacts: map[schema.ArtifactName]bool{}, environments: map[schema.EnvName]bool{}, workloads: map[schema.WorkloadName]bool{},
		slos: map[schema.SLOName]bool{}, groups: map[schema.GroupName]bool{},
	}
	for i := range p.stages {
		u.stage(p, p.paths[i], p.stageOf(i))
	}
	for _, w := range p.pipe.Workloads {
		u.runs(p, schema.Overlay{Process: w.Process, Kubernetes: w.Kubernetes, Lambda: w.Lambda})
		for _, o := range w.In {
			u.runs(p, o)
		}
	}
	p.programs(func(pr program) {
		for _, v := range pr.inject {
			u.artifacts[v.Artifact] = true
			if workload, _, ok := strings.Cut(v.Output, "."); ok {
				u.workloads[schema.WorkloadName(workload)] = true
			}
		}
		if pr.container != nil {
			u.artifacts[pr.container.Artifact] = true
		}
	})
	for _, e := range p.pipe.Environments {
		for a := range e.Repositories {
			u.artifacts[a] = true
		}
		for _, env := range requiredEnvironments(e) {
			u.environments[env] = true
		}
	}
	for _, slo := range p.pipe.SLOs {
		if slo.SLI.Requests != nil {
			u.workloads[slo.SLI.Requests.Workload] = true
		}
	}
	return u
}

func (u used) runs(p *pass, o schema.Overlay) {
	p.workloadArtifacts(nil, o, func(a artifactUse) { u.artifacts[a.name] = true })
}

// stage notes what a stage names.
func (u used) stage(p *pass, where *at, s *schema.Stage) {
	see := func(env schema.EnvName) {
		if env != "" {
			u.environments[env] = true
		}
	}
	see(environmentOf(*s))
	switch {
	case s.Exec != nil:
		for a := range s.Exec.Produces {
			u.artifacts[a] = true
		}
	case s.Deploy != nil:
		u.workloads[s.Deploy.Workload] = true
		deployExecs(where, s.Deploy, func(_ *at, e *schema.Exec) { see(e.In) })
	case s.Verify != nil:
		u.workloads[s.Verify.Workload] = true
	case s.Preview != nil:
		u.workloads[s.Preview.Workload] = true
	case s.Promote != nil:
		u.artifacts[s.Promote.Artifact] = true
	}
	if a := analysisOf(s); a != nil {
		for slo := range a.SLOs {
			u.slos[slo] = true
		}
	}
	questions(where, s, func(_ *at, a *schema.Approve) {
		for _, by := range a.By {
			if group, ok := strings.CutPrefix(string(by), "group:"); ok {
				u.groups[schema.GroupName(group)] = true
				if meant, ok := p.meantGroup(group); ok {
					u.groups[meant] = true // that it is misspelt is said elsewhere
				}
			}
		}
	})
	for _, g := range s.Gates {
		u.gate(g, see)
	}
}

func (u used) gate(g schema.Gate, see func(schema.EnvName)) {
	switch {
	case g.ErrorBudget != nil:
		u.slos[g.ErrorBudget.SLO] = true
		see(g.ErrorBudget.In)
	case g.Soak != nil:
		see(g.Soak.In)
	case g.Query != nil:
		see(g.Query.In)
	case g.Alert != nil:
		see(g.Alert.In)
	}
}
