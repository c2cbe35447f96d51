package check

import (
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func variableDocs() []Doc {
	return []Doc{
		{
			Code:  "unknown-variable",
			Title: "a variable is injected that the environment does not have",
			What:  "inject names a variable that is not among the variables of the environment in which it happens.",
			Why:   "The command or workload would start without the value.",
			Bad:   `stages: test: {needs: ["staging"], exec: {in: "staging", command: ["test.sh"], inject: URL: variable: "ulr"}}`,
			Good:  `stages: test: {needs: ["staging"], exec: {in: "staging", command: ["test.sh"], inject: URL: variable: "url"}}`,
		},
		{
			Code:  "variable-without-environment",
			Title: "a variable is injected where there is no environment",
			What:  "inject: variable stands in a command that runs in no environment.",
			Why:   "Variables belong to environments; here there is none to take it from.",
			Bad:   `stages: build: exec: inject: URL: variable: "url"`,
			Good:  `stages: build: exec: {in: "staging", inject: URL: variable: "url"}`,
		},
	}
}

// variableNames follows every injected variable into the environments where it is injected.
func variableNames(p *pass) {
	p.programs(func(pr program) {
		for key, value := range pr.inject {
			if value.Variable == "" {
				continue
			}
			where := pr.where.field("inject").field(string(key)).field("variable")
			if len(pr.envs) == 0 && pr.stage != "" {
				d := p.errorf("variable-without-environment", where, "variable %q is injected, and stage %q runs this in no environment", value.Variable, pr.stage)
				d.Hint = "say which environment it belongs to: in: \"…\""
			}
			p.variable(where, value.Variable, pr.envs)
		}
	})
}

// variable reports the first of the environments that lacks it.
func (p *pass) variable(where *at, name schema.VariableName, envs []schema.EnvName) {
	for _, env := range envs {
		e, known := p.pipe.Environments[env]
		if !known {
			continue
		}
		if _, has := e.Variables[name]; !has {
			d := p.errorf("unknown-variable", where, "environment %q has no variable %q", env, name)
			unknown(d, "variable", "variables of the environment", string(name), names.Sorted(e.Variables))
			return
		}
	}
}
