package check

import (
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func environmentDocs() []Doc {
	return []Doc{{
		Code:  "unknown-environment",
		Title: "an environment is named that does not exist",
		What:  "An `in`, the key of a workload's `in`, or requires.after names an environment that the pipeline does not have.",
		Why:   "There is no such place: nothing could be deployed, asked or waited for there.",
		Bad:   `stages: look: {needs: ["build"], preview: {workload: "cluster", in: "acount"}}`,
		Good:  `stages: look: {needs: ["build"], preview: {workload: "cluster", in: "account"}}`,
	}}
}

// environmentNames follows every name of an environment.
func environmentNames(p *pass) {
	for _, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		p.stageEnvironments(name, s)
		for gate, g := range s.Gates {
			p.gateEnvironments(p.stageAt(name).field("gates").field(string(gate)), g)
		}
	}
	for name, w := range p.pipe.Workloads {
		for env := range w.In {
			if _, known := p.pipe.Environments[env]; !known {
				where := root("workloads").field(string(name)).field("in").field(string(env))
				p.noEnvironment(p.errorKey("unknown-environment", where, "workload %q has a part for environment %q, which does not exist", name, env), env)
			}
		}
	}
	for name, e := range p.pipe.Environments {
		if e.Requires == nil {
			continue
		}
		for env := range e.Requires.After {
			where := root("environments").field(string(name)).field("requires").field("after").field(string(env))
			if _, known := p.pipe.Environments[env]; !known {
				p.noEnvironment(p.errorKey("unknown-environment", where, "environment %q requires environment %q, which does not exist", name, env), env)
			}
		}
	}
}

func (p *pass) stageEnvironments(name string, s schema.Stage) {
	env := environmentOf(s)
	if _, known := p.pipe.Environments[env]; env != "" && !known {
		for _, action := range s.Variants() {
			p.environment(p.stageAt(name).field(action).field("in"), env, name)
		}
	}
	if s.Deploy != nil {
		deployExecs(p.stageAt(name), s.Deploy, func(where *at, e *schema.Exec) { p.environment(where.field("in"), e.In, name) })
	}
}

func (p *pass) gateEnvironments(where *at, g schema.Gate) {
	if g.ErrorBudget != nil {
		p.environment(where.field("errorBudget").field("in"), g.ErrorBudget.In, "")
	}
	if g.Soak != nil {
		p.environment(where.field("soak").field("in"), g.Soak.In, "")
	}
	if g.Query != nil {
		p.environment(where.field("query").field("in"), g.Query.In, "")
	}
	if g.Alert != nil {
		p.environment(where.field("alert").field("in"), g.Alert.In, "")
	}
}

func (p *pass) environment(where *at, env schema.EnvName, stage string) {
	if _, known := p.pipe.Environments[env]; env == "" || known {
		return
	}
	if stage == "" {
		p.noEnvironment(p.errorf("unknown-environment", where, "the gate asks environment %q, which does not exist", env), env)
		return
	}
	p.noEnvironment(p.errorf("unknown-environment", where, "stage %q works in environment %q, which does not exist", stage, env), env)
}

func (p *pass) noEnvironment(d *diagnostic, env schema.EnvName) {
	unknown(d, "environment", "environments", string(env), names.Sorted(p.pipe.Environments))
}
