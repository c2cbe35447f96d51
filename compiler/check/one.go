package check

import "github.com/penstock-dev/penstock/schema"

func exactlyOneDocs() []Doc {
	return []Doc{
		{
			Code:  "exactly-one",
			Title: "not exactly one variant is chosen",
			What:  "A stage has no action or several, a deploy no strategy or several, an environment no target, a step no kind, a secret two sources, and so on: one of the fields that exclude each other must be there, and one only.",
			Why:   "The field that is present says what the thing is. With none there is nothing to do; with two it is unclear which is meant.",
			Bad:   `stages: build: approve: by: ["user:ada"]`,
			Good:  `stages: agree: approve: by: ["user:ada"]`,
		},
		{
			Code:  "empty-match",
			Title: "a match matches nothing in particular",
			What:  "A canary step has a match without any header or cookie.",
			Why:   "Every request would match, so everybody would get the new version at once.",
			Bad:   `stages: eu: {needs: ["production"], deploy: {workload: "web", in: "eu", canary: steps: [{match: {}}, {weight: 50}]}}`,
			Good:  `stages: eu: {needs: ["production"], deploy: {workload: "web", in: "eu", canary: steps: [{match: headers: "X-Beta": exact: "yes"}, {weight: 50}]}}`,
		},
	}
}

// exactlyOne looks at every group of fields that exclude each other.
func exactlyOne(p *pass) {
	for _, name := range p.stages {
		p.oneStage(name, p.pipe.Stages[schema.StageName(name)])
	}
	for name, n := range p.pipe.Notify {
		p.one(root("notify").field(string(name)), n, "notification %q has", "way to tell", name)
	}
	for name, e := range p.pipe.Environments {
		p.oneEnvironment(root("environments").field(string(name)), name, e)
	}
	for name, w := range p.pipe.Workloads {
		p.oneWorkload(root("workloads").field(string(name)), name, w)
	}
	for name, a := range p.pipe.Artifacts {
		where := root("artifacts").field(string(name))
		p.one(where, a, "artifact %q has", "kind", name)
		if t := a.Trust(); t != nil && len(a.Variants()) == 1 {
			for i, s := range t.Signatures {
				p.one(where.field(a.Variants()[0]).field("trust").field("signatures").item(i), s, "signature %d has", "kind", i+1)
			}
		}
	}
	for name, s := range p.pipe.SLOs {
		where := root("slos").field(string(name)).field("sli")
		p.one(where, s.SLI, "SLO %q has", "indicator", name)
		if s.SLI.Events != nil {
			p.one(where.field("events"), *s.SLI.Events, "SLO %q has", "counter besides total", name)
		}
	}
	p.programs(p.oneProgram)
}

// oneStage looks at a stage and what hangs below it. Almost all stages have one action: that is counted without reflection.
func (p *pass) oneStage(name string, s schema.Stage) {
	if actions(&s) != 1 {
		p.one(p.stageAt(name), s, "stage %q has", "action", name)
	}
	for gate, g := range s.Gates {
		p.one(p.stageAt(name).field("gates").field(string(gate)), g, "gate %q has", "condition", gate)
	}
	for key, n := range s.Notify {
		p.one(p.stageAt(name).field("notify").field(string(key)), n, "notification %q has", "way to tell", key)
	}
	if s.Migrate != nil {
		p.one(p.stageAt(name).field("migrate"), *s.Migrate, "migration %q has", "way back", name)
	}
	if s.Exec != nil {
		for artifact, pr := range s.Exec.Produces {
			p.atMostOne(p.stageAt(name).field("exec").field("produces").field(string(artifact)), pr, "artifact %q is produced with", "source of its digest", artifact)
		}
	}
	if s.Deploy != nil {
		p.oneDeploy(name, s.Deploy)
	}
}

func (p *pass) oneDeploy(name string, d *schema.Deploy) {
	where := p.stageAt(name).field("deploy")
	if strategyCount(d) != 1 {
		p.one(where, *d, "stage %q has", "strategy", name)
	}
	if d.BlueGreen != nil && d.BlueGreen.Before != nil {
		p.one(where.field("blueGreen").field("before"), *d.BlueGreen.Before, "what comes before the switch of %q has", "kind", name)
	}
	if d.Canary == nil {
		return
	}
	for i, s := range d.Canary.Steps {
		if s.Weight != nil && stepCount(&s) == 1 && s.During == nil {
			continue // nearly all of them
		}
		step := where.field("canary").field("steps").item(i)
		p.one(step, s, "step %d has", "kind", i+1)
		if s.During != nil {
			p.one(step.field("during"), *s.During, "what goes on during step %d has", "kind", i+1)
		}
		if s.Match != nil {
			p.oneMatch(step.field("match"), s.Match)
		}
	}
}

func (p *pass) oneMatch(where *at, m *schema.Match) {
	if len(m.Headers)+len(m.Cookies) == 0 {
		p.errorf("empty-match", where, "a match needs at least one header or cookie")
	}
	for name, v := range m.Headers {
		p.one(where.field("headers").field(name), v, "header %q has", "comparison", name)
	}
	for name, v := range m.Cookies {
		p.one(where.field("cookies").field(name), v, "cookie %q has", "comparison", name)
	}
}

func (p *pass) oneEnvironment(where *at, name schema.EnvName, e schema.Environment) {
	if kindOf(e) == "" {
		p.one(where, e, "environment %q has", "target", name)
	}
	if e.Metrics != nil {
		p.one(where.field("metrics"), *e.Metrics, "environment %q has", "source of metrics", name)
		if e.Metrics.Prometheus != nil && e.Metrics.Prometheus.Token != nil {
			p.one(where.field("metrics").field("prometheus").field("token"), *e.Metrics.Prometheus.Token, "secret %q has", "source", "token")
		}
	}
	for key, rule := range e.Calendar {
		p.one(where.field("calendar").field(string(key)), rule, "calendar rule %q has", "kind", key)
	}
}

func (p *pass) oneWorkload(where *at, name schema.WorkloadName, w schema.Workload) {
	base := schema.Overlay{Process: w.Process, Kubernetes: w.Kubernetes, Lambda: w.Lambda, Terraform: w.Terraform}
	p.oneOverlay(where, name, base)
	for env, o := range w.In {
		p.oneOverlay(where.field("in").field(string(env)), name, o)
	}
}

// oneOverlay allows that nothing is chosen yet: the other half may do so.
func (p *pass) oneOverlay(where *at, name schema.WorkloadName, o schema.Overlay) {
	p.atMostOne(where, o, "workload %q has", "target", name)
	if o.Process != nil && o.Process.Ready != nil {
		p.atMostOne(where.field("process").field("ready"), *o.Process.Ready, "workload %q has", "sign of being ready", name)
	}
	if o.Kubernetes != nil && o.Kubernetes.Traffic != nil {
		p.atMostOne(where.field("kubernetes").field("traffic"), *o.Kubernetes.Traffic, "workload %q has", "way to split traffic", name)
	}
}

func (p *pass) oneProgram(pr program) {
	for name, v := range pr.inject {
		p.one(pr.where.field("inject").field(string(name)), v, "injected value %q has", "source", name)
	}
	for name, v := range pr.secrets {
		p.one(pr.where.field("secrets").field(string(name)), v, "secret %q has", "source", name)
	}
	if pr.container != nil {
		p.one(pr.where.field("container"), *pr.container, "the container has", "image")
	}
}

// one demands exactly one variant of v.
func (p *pass) one(where *at, v any, subject, noun string, args ...any) {
	if len(schema.Variants(v)) == 0 {
		d := p.errorKey("exactly-one", where, subject+" no "+noun, args...)
		d.Hint = "add one of " + join(schema.VariantNames(v))
		if all := schema.VariantNames(v); len(all) == 1 {
			d.Hint = "add " + all[0]
		}
	}
	p.atMostOne(where, v, subject, noun, args...)
}

// atMostOne demands that no two variants of v are present. It reports at the second one.
func (p *pass) atMostOne(where *at, v any, subject, noun string, args ...any) {
	present := schema.Variants(v)
	if len(present) < 2 {
		return
	}
	d := p.errorKey("exactly-one", where.field(present[1]), subject+" more than one %s: %s", append(args, noun, join(present))...)
	d.Hint = "keep one of them"
	p.relate(d, where.field(present[0]), "%s is here", present[0])
}

// actions counts the actions of a stage.
func actions(s *schema.Stage) int {
	return count(s.Exec != nil, s.Deploy != nil, s.Verify != nil, s.Approve != nil, s.Migrate != nil, s.Preview != nil, s.Promote != nil)
}

// strategyCount counts the strategies of a deploy.
func strategyCount(d *schema.Deploy) int {
	return count(d.AllAtOnce != nil, d.Rolling != nil, d.Canary != nil, d.Linear != nil, d.BlueGreen != nil, d.Apply != nil)
}

// stepCount counts the kinds of a step.
func stepCount(s *schema.Step) int {
	return count(s.Weight != nil, s.Match != nil, s.Mirror != nil, s.Approve != nil)
}

func count(present ...bool) int {
	n := 0
	for _, p := range present {
		if p {
			n++
		}
	}
	return n
}
