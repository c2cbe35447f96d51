package check

import (
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func metricDocs() []Doc {
	return []Doc{{
		Code:  "no-metrics",
		Title: "numbers are asked for that nobody has",
		What: "A query, alert or error budget gate, a limit, or an SLO that is counted by Prometheus is asked for an environment that has no " +
			"`metrics: prometheus`; or an SLO over a target's own counts is judged where the target counts no requests.",
		Why:  "There would be no answer: the gate would stay closed, and nothing could be judged.",
		Bad:  `stages: production: gates: calm: alert: {name: "Degraded", in: "account"}`,
		Good: `stages: production: gates: calm: alert: {name: "Degraded", in: "production"}`,
	}}
}

// asking follows who asks whom for numbers. An environment that has none is reported once: where the first one asks.
type asking struct {
	*pass
	told map[schema.EnvName]bool
}

// metrics checks that whoever asks for numbers asks where there are some.
func metrics(pass *pass) {
	p := asking{pass, map[schema.EnvName]bool{}}
	for i, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		for _, gate := range gatesOf(s) {
			g, where := s.Gates[schema.GateName(gate)], p.paths[i].field("gates").field(gate)
			switch {
			case g.Query != nil:
				p.gate(where.field("query"), gate, "asks a query", g.Query.In, s)
			case g.Alert != nil:
				p.gate(where.field("alert"), gate, "asks for an alert", g.Alert.In, s)
			case g.ErrorBudget != nil && p.pipe.SLOs[g.ErrorBudget.SLO].SLI.Requests == nil:
				p.gate(where.field("errorBudget"), gate, "asks for an error budget", g.ErrorBudget.In, s)
			}
		}
		analyses(p.paths[i], s, func(where *at, a schema.Analysis) { p.analysis(where, a, environmentOf(s)) })
	}
}

// gatesOf are the names of the gates, sorted. Most stages have none.
func gatesOf(s schema.Stage) []string {
	if len(s.Gates) == 0 {
		return nil
	}
	return names.Sorted(s.Gates)
}

// gate reports a gate whose environment answers no queries. Without an environment of its own it asks the stage's.
func (p asking) gate(where *at, gate, what string, in schema.EnvName, s schema.Stage) {
	place := where.field("in")
	if in == "" {
		in, place = environmentOf(s), where
	}
	if p.answers(in) {
		return
	}
	if in == "" {
		p.errorf("no-metrics", place, "gate %q %s, but its stage works in no environment", gate, what).Hint = "add in, the environment that is asked"
		return
	}
	p.nobody(p.errorf("no-metrics", place, "gate %q %s of environment %q, which has no metrics from Prometheus", gate, what, in), in)
}

// analysis reports the first limit or SLO that cannot be answered: one source of metrics would do for all.
func (p asking) analysis(where *at, a schema.Analysis, env schema.EnvName) {
	p.counted(where, a, env)
	if p.answers(env) {
		return
	}
	for _, name := range names.Sorted(a.Limits) {
		at := where.field("limits").field(name)
		p.nobody(p.errorKey("no-metrics", at, "limit %q asks a query of environment %q, which has no metrics from Prometheus", name, env), env)
		return
	}
	for _, name := range names.Sorted(a.SLOs) {
		slo, known := p.pipe.SLOs[schema.SLOName(name)]
		if known && slo.SLI.Requests == nil {
			at := where.field("slos").field(name)
			p.nobody(p.errorKey("no-metrics", at, "SLO %q is counted by Prometheus, and environment %q has no metrics from there", name, env), env)
			return
		}
	}
}

// counted reports the first SLO over counts of a target that has none.
func (p asking) counted(where *at, a schema.Analysis, env schema.EnvName) {
	e, known := p.pipe.Environments[env]
	kind, ok := p.kinds[kindOf(e)]
	if !known || !ok || kind.CountsRequests {
		return
	}
	for _, name := range names.Sorted(a.SLOs) {
		if p.pipe.SLOs[schema.SLOName(name)].SLI.Requests != nil {
			d := p.errorKey("no-metrics", where.field("slos").field(name), "SLO %q is counted by the target itself, and %s counts no requests", name, kind.Kind)
			d.Hint = "judge by an SLO whose sli is events or latency"
			return
		}
	}
}

// answers reports whether an environment has somebody to ask, as far as anybody should be told: one that does not exist is
// another check's business.
func (p asking) answers(env schema.EnvName) bool {
	e, known := p.pipe.Environments[env]
	return env != "" && (p.told[env] || !known || e.Metrics != nil && e.Metrics.Prometheus != nil)
}

func (p asking) nobody(d *diagnostic, env schema.EnvName) {
	p.told[env] = true
	d.Hint = "add metrics: prometheus: url: \"…\" to the environment"
	p.relate(d, root("environments").field(string(env)), "environment %q", env)
}
