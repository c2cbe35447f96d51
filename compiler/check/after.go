package check

import (
	"fmt"
	"strings"

	"github.com/penstock-dev/penstock/internal/dag"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func afterDocs() []Doc {
	return []Doc{
		{
			Code:  "requires-after",
			Title: "a release skips an environment that it has to run in before",
			What:  "A stage deploys to an environment with requires.after, and no stage before it brings the same workload, or all the same artifacts, to the environment that is named there.",
			Why:   "The environment's own definition says that it gets only what ran elsewhere. How long it ran there is asked during the run: a gate waits for what is left of soak.",
			Bad:   "environments: eu: requires: after: production: {}\nstages: eu: {needs: [\"approval\"], deploy: {workload: \"web\", in: \"eu\", rolling: {}}}",
			Good:  "environments: eu: requires: after: production: {}\nstages: eu: {needs: [\"production\"], deploy: {workload: \"web\", in: \"eu\", rolling: {}}}",
		},
	}
}

func requiresOrderDocs() []Doc {
	return []Doc{
		{
			Code:  "requires-order",
			Title: "an environment requires what cannot come before it",
			What:  "requires.after leads from an environment back to itself, or names an environment of a higher tier. Two environments of one tier may follow each other.",
			Why:   "A release goes from lower tiers to higher ones. In a circle no environment could ever be the first.",
			Bad:   `environments: staging: requires: after: production: {}`,
			Good:  `environments: production: requires: after: staging: {}`,
		},
	}
}

// requiresOrder reports what environments demand of each other and nobody could meet.
func requiresOrder(p *pass) {
	demanding := map[schema.EnvName]schema.Environment{}
	for name, e := range p.pipe.Environments {
		if e.Requires != nil && len(e.Requires.After) > 0 {
			demanding[name] = e
		}
	}
	g := dag.New[string](0)
	for _, name := range names.Sorted(demanding) {
		e := demanding[schema.EnvName(name)]
		for _, other := range requiredEnvironments(e) {
			o, known := p.pipe.Environments[other]
			if !known {
				continue
			}
			if o.Tier.Rank() > e.Tier.Rank() && e.Tier.Rank() >= 0 {
				d := p.errorKey("requires-order", afterAt(name, string(other)), "environment %q (%s) requires that a release ran in %q before, which is of a higher tier: %s", name, e.Tier, other, o.Tier)
				d.Hint = "releases go from lower tiers to higher ones"
				p.impossible[[2]string{name, string(other)}] = true
				p.relate(d, root("environments").field(string(other)), "environment %q", other)
				continue
			}
			g.Edge(g.Add(name), g.Add(string(other)))
		}
	}
	for _, circle := range g.Cycles() {
		circle = append(circle, circle[0])
		for i := 1; i < len(circle); i++ {
			p.impossible[[2]string{circle[i-1], circle[i]}] = true
		}
		d := p.errorKey("requires-order", afterAt(circle[0], circle[1]), "no release could reach these environments: %s", strings.Join(circle, " requires "))
		d.Hint = "remove one of these requires"
		for i := 1; i+1 < len(circle); i++ {
			p.relate(d, afterAt(circle[i], circle[i+1]), "%q requires %q here", circle[i], circle[i+1])
		}
	}
}

func afterAt(env, other string) *at {
	return root("environments").field(env).field("requires").field("after").field(other)
}

// releases finds the stages that bring one release to an environment.
type releases struct {
	workloads map[place][]deployment
	// artifacts holds them by each artifact that they bring there.
	artifacts map[schema.EnvName]map[schema.ArtifactName][]deployment
}

func (p *pass) releases() releases {
	r := releases{workloads: map[place][]deployment{}, artifacts: map[schema.EnvName]map[schema.ArtifactName][]deployment{}}
	for _, d := range p.deploys {
		at := place{d.deploy.Workload, d.deploy.In}
		r.workloads[at] = append(r.workloads[at], d)
		in := r.artifacts[d.deploy.In]
		if in == nil {
			in = map[schema.ArtifactName][]deployment{}
			r.artifacts[d.deploy.In] = in
		}
		for _, a := range carried(d.workload) {
			in[a] = append(in[a], d)
		}
	}
	return r
}

// in are the stages that bring the same workload to an environment, or else all the same artifacts.
func (r releases) in(env schema.EnvName, d deployment) []int {
	var out []int
	for _, same := range r.workloads[place{d.deploy.Workload, env}] {
		out = append(out, same.stage)
	}
	mine := carried(d.workload)
	if len(mine) == 0 {
		return out
	}
	for _, other := range r.artifacts[env][mine[0]] {
		if other.deploy.Workload != d.deploy.Workload && subset(mine, carried(other.workload)) {
			out = append(out, other.stage)
		}
	}
	return out
}

func subset(part, all []schema.ArtifactName) bool {
	has := make(map[schema.ArtifactName]bool, len(all))
	for _, a := range all {
		has[a] = true
	}
	for _, a := range part {
		if !has[a] {
			return false
		}
	}
	return true
}

// after reports deploys that come without having been where their environment wants them to be before.
func after(p *pass) {
	var known *releases
	for _, d := range p.deploys {
		for _, env := range requiredEnvironments(d.env) {
			if _, exists := p.pipe.Environments[env]; !exists || p.impossible[[2]string{string(d.deploy.In), string(env)}] {
				continue
			}
			if known == nil {
				r := p.releases()
				known = &r
			}
			ran := known.in(env, d)
			if p.anyBefore(ran, d.stage) {
				continue
			}
			e := p.errorf("requires-after", d.where.field("in"), "environment %q requires that a release ran in %q before, and no stage before %q brings %q there",
				d.deploy.In, env, d.name, d.deploy.Workload)
			e.Hint = fmt.Sprintf("add a stage before it that deploys %q in %q; now it is reached by %s", d.deploy.Workload, env, p.way(d.stage))
			if len(ran) > 0 {
				e.Hint = p.missingNeed(d.stage, ran[0])
			}
			p.relate(e, afterAt(string(d.deploy.In), string(env)), "environment %q requires it", d.deploy.In)
		}
	}
}
