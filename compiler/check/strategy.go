package check

import (
	"slices"

	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

func strategyDocs() []Doc {
	return []Doc{
		{
			Code:  "strategy-unsupported",
			Title: "the target cannot do this strategy",
			What:  "A stage deploys by a strategy, or asks for a preview, that the environment's target does not support.",
			Why:   "The release would fail when it is half-way.",
			Bad:   `stages: again: {needs: ["infra"], deploy: {workload: "cluster", in: "account", rolling: {}}}`,
			Good:  `stages: again: {needs: ["infra"], deploy: {workload: "cluster", in: "account", apply: {}}}`,
		},
		{
			Code:  "step-unsupported",
			Title: "the target cannot do this step",
			What:  "A canary step matches headers or cookies, mirrors traffic or sets capacity apart from weight, and the environment's target cannot do that.",
			Why:   "The step would have another effect than it says, or none.",
			Bad:   "workloads: batch: lambda: {function: \"batch\", alias: \"live\", artifact: \"archive\"}\nstages: batch: {needs: [\"build\"], deploy: {workload: \"batch\", in: \"functions\", canary: steps: [{mirror: {}}]}}",
			Good:  "workloads: batch: lambda: {function: \"batch\", alias: \"live\", artifact: \"archive\"}\nstages: batch: {needs: [\"build\"], deploy: {workload: \"batch\", in: \"functions\", canary: steps: [{weight: 10}]}}",
		},
		{
			Code:  "traffic-unsupported",
			Title: "the workload's traffic cannot be split so",
			What:  "A Kubernetes workload has no traffic, or splits it by something that cannot do what the strategy asks: a Service selector knows all or nothing, replicas know neither headers nor copies nor a switch.",
			Why:   "Without a way to split traffic the new version gets all of it or none.",
			Bad:   "workloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"app\"], traffic: service: \"api\"}\nstages: api: {needs: [\"build\"], deploy: {workload: \"api\", in: \"staging\", canary: steps: [{weight: 10}]}}",
			Good:  "workloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"app\"], traffic: gateway: route: \"api\"}\nstages: api: {needs: [\"build\"], deploy: {workload: \"api\", in: \"staging\", canary: steps: [{weight: 10}]}}",
		},
	}
}

// strategies holds what is asked against what the target says it can do.
func strategies(p *pass) {
	for _, d := range p.deploys {
		kind := kindOf(d.env)
		caps, known := p.kinds[kind]
		strategy := strategyOf(d.deploy)
		if !known || strategy == "" || !has(d.workload, kind) {
			continue
		}
		if !slices.Contains(caps.Strategies, strategy) {
			e := p.errorKey("strategy-unsupported", d.where.field(strategy), "%s cannot do %s", kind, strategy)
			e.Hint = kind + " can do " + join(caps.Strategies)
			p.relate(e, root("environments").field(string(d.deploy.In)), "environment %q is %s", d.deploy.In, kind)
			continue
		}
		p.steps(d, caps)
		if kind == "kubernetes" {
			p.traffic(d, strategy)
		}
	}
	for _, name := range p.stages {
		if pr := p.pipe.Stages[schema.StageName(name)].Preview; pr != nil {
			kind := kindOf(p.pipe.Environments[pr.In])
			if caps, known := p.kinds[kind]; known && !caps.Previews {
				p.errorKey("strategy-unsupported", p.stageAt(name).field("preview"), "%s cannot preview a change", kind)
			}
		}
	}
}

// steps checks the features of canary steps.
func (p *pass) steps(d deployment, caps targets.Capabilities) {
	if d.deploy.Canary == nil {
		return
	}
	for i, s := range d.deploy.Canary.Steps {
		if s.Match == nil && s.Mirror == nil && s.Capacity == nil {
			continue
		}
		where := d.where.field("canary").field("steps").item(i)
		if s.Match != nil && len(s.Match.Headers) > 0 && !caps.Match {
			p.errorKey("step-unsupported", where.field("match").field("headers"), "%s cannot send requests by header", caps.Kind)
		}
		if s.Match != nil && len(s.Match.Cookies) > 0 && !caps.Cookies {
			p.errorKey("step-unsupported", where.field("match").field("cookies"), "%s cannot send requests by cookie", caps.Kind)
		}
		if s.Mirror != nil && !caps.Mirror {
			p.errorKey("step-unsupported", where.field("mirror"), "%s cannot copy requests", caps.Kind)
		}
		if s.Capacity != nil && !caps.Capacity {
			p.errorKey("step-unsupported", where.field("capacity"), "%s cannot set capacity apart from weight", caps.Kind)
		}
	}
}

// traffic checks that a Kubernetes workload can split traffic as the strategy needs it.
func (p *pass) traffic(d deployment, strategy string) {
	t := d.workload.Kubernetes.Traffic
	var can []string
	switch strategy {
	case "canary", "linear":
		can = []string{"gateway", "istio", "replicas"}
	case "blueGreen":
		can = []string{"gateway", "istio", "service"}
	default:
		return
	}
	if t == nil {
		e := p.errorKey("traffic-unsupported", d.where.field(strategy), "%s needs traffic that can be split, and workload %q has none in environment %q", strategy, d.deploy.Workload, d.deploy.In)
		e.Hint = "add traffic to the workload: one of " + join(can)
		return
	}
	splits := schema.Variants(t)
	if len(splits) > 1 {
		return // which of them is meant is not known
	}
	for _, split := range splits {
		if !slices.Contains(can, split) {
			e := p.errorKey("traffic-unsupported", d.where.field(strategy), "%s cannot be done with traffic: %s", strategy, split)
			e.Hint = "split the traffic of workload " + string(d.deploy.Workload) + " by one of " + join(can)
			p.relate(e, root("workloads").field(string(d.deploy.Workload)).field("kubernetes").field("traffic"), "the traffic")
		}
	}
	if t.Replicas == nil || d.deploy.Canary == nil {
		return
	}
	for i, s := range d.deploy.Canary.Steps {
		for _, kind := range s.Variants() {
			if kind == "match" || kind == "mirror" {
				p.errorKey("traffic-unsupported", d.where.field(strategy).field("steps").item(i).field(kind), "%s cannot be done with traffic: replicas", kind)
			}
		}
	}
}

// strategyOf is the one strategy that is present, or "".
func strategyOf(d *schema.Deploy) string {
	if strategyCount(d) != 1 {
		return ""
	}
	switch {
	case d.AllAtOnce != nil:
		return "allAtOnce"
	case d.Rolling != nil:
		return "rolling"
	case d.Canary != nil:
		return "canary"
	case d.Linear != nil:
		return "linear"
	case d.BlueGreen != nil:
		return "blueGreen"
	}
	return "apply"
}
