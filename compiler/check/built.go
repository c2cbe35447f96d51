package check

import (
	"strings"

	"github.com/penstock-dev/penstock/schema"
)

func builtDocs() []Doc {
	return []Doc{
		{
			Code:  "artifact-before-built",
			Title: "an artifact is used before it is built",
			What:  "A stage uses an artifact and does not wait for the stage that produces it.",
			Why:   "Sometimes the build would be ready in time, and sometimes not.",
			Bad:   `stages: scan: exec: {command: ["ci/scan.sh"], inject: DIGEST: artifact: "app"}`,
			Good:  `stages: scan: {needs: ["build"], exec: {command: ["ci/scan.sh"], inject: DIGEST: artifact: "app"}}`,
		},
		{
			Code:  "artifact-not-promoted",
			Title: "an artifact is not where the environment looks for it",
			What:  "An environment gets an artifact from another repository than the one it is built into, and no stage before the deploy promotes it there.",
			Why:   "The digest does not exist in that repository.",
			Bad:   `environments: production: repositories: app: "registry.example.com/release/web"`,
			Good:  "environments: production: repositories: app: \"registry.example.com/release/web\"\nstages: copy: {needs: [\"build\"], before: [\"approval\"], promote: {artifact: \"app\", to: \"registry.example.com/release/web\"}}",
		},
		{
			Code:  "output-before-applied",
			Title: "an output is used before it exists",
			What:  "A stage uses an output of a Terraform workload and does not wait for a stage that applies it.",
			Why:   "The output would be that of an earlier release, or missing.",
			Bad:   `stages: seed: exec: {command: ["seed.sh"], inject: ID: output: "cluster.id"}`,
			Good:  `stages: seed: {needs: ["infra"], exec: {command: ["seed.sh"], inject: ID: output: "cluster.id"}}`,
		},
	}
}

// builtBefore checks that what stages use comes from stages before them.
func builtBefore(p *pass) {
	producers := p.producers()
	p.eachUse(func(u artifactUse) {
		producer, made := producers[u.name]
		stage := p.graph.index[u.stage]
		if !made || p.graph.before(producer, stage) {
			return
		}
		by := p.stages[producer]
		if producer == stage {
			p.errorf("artifact-before-built", u.where, "stage %q uses artifact %q, which it only produces itself", u.stage, u.name)
			return
		}
		d := p.errorf("artifact-before-built", u.where, "stage %q uses artifact %q and does not wait for %q, which produces it", u.stage, u.name, by)
		d.Hint = p.missingNeed(stage, producer)
		p.relate(d, p.stageAt(by), "stage %q produces it", by)
	})
	p.promoted()
	p.outputs()
}

// missingNeed says which edge would put one stage behind another; an edge that would close a circle is not proposed.
func (p *pass) missingNeed(stage, need int) string {
	if p.graph.reach.Needs(need, stage) {
		return "it is the other way round: " + chain(p.graph.path(stage, need))
	}
	return "add \"" + p.stages[need] + "\" to the needs of \"" + p.stages[stage] + "\", or of a stage before it; now it is reached by " + p.way(stage)
}

// promoted checks that artifacts are copied to the repositories that environments pull from.
func (p *pass) promoted() {
	copies, unclear := map[string][]int{}, map[string]bool{}
	for i, name := range p.stages {
		if pr := p.pipe.Stages[schema.StageName(name)].Promote; pr != nil {
			key := string(pr.Artifact) + " " + pr.To
			copies[key] = append(copies[key], i)
			if _, known := p.pipe.Artifacts[pr.Artifact]; !known {
				unclear[pr.To] = true
			}
		}
	}
	for _, d := range p.deploys {
		if len(d.env.Repositories) == 0 {
			continue
		}
		for _, artifact := range carried(d.workload) {
			to, elsewhere := d.env.Repositories[artifact]
			a := p.pipe.Artifacts[artifact]
			if !elsewhere || unclear[to] || a.Image == nil || a.Image.Repository == to || p.anyBefore(copies[string(artifact)+" "+to], d.stage) {
				continue
			}
			e := p.errorf("artifact-not-promoted", d.where.field("in"),
				"environment %q gets artifact %q from %s, and no stage before %q promotes it there", d.deploy.In, artifact, to, d.name)
			e.Hint = "add a stage with promote: {artifact: \"" + string(artifact) + "\", to: \"" + to + "\"}"
			p.relate(e, root("environments").field(string(d.deploy.In)).field("repositories").field(string(artifact)), "the environment's repository")
		}
	}
}

func (p *pass) anyBefore(stages []int, b int) bool {
	for _, a := range stages {
		if p.graph.before(a, b) {
			return true
		}
	}
	return false
}

// outputs checks that whoever uses an output waits for the workload to be applied.
func (p *pass) outputs() {
	applied := map[string][]int{}
	for _, d := range p.deploys {
		applied[string(d.deploy.Workload)] = append(applied[string(d.deploy.Workload)], d.stage)
	}
	p.programs(func(pr program) {
		for key, v := range pr.inject {
			if pr.stage != "" && v.Output != "" {
				p.applied(applied, pr.where.field("inject").field(string(key)).field("output"), v.Output, pr.stage)
			}
		}
	})
	for _, d := range p.deploys {
		for _, output := range wanted(d.workload) {
			p.applied(applied, d.where.field("workload"), output, d.name)
		}
	}
}

// applied reports an output whose workload exists and is not applied before the stage.
func (p *pass) applied(stages map[string][]int, where *at, output, stage string) {
	workload, _, _ := strings.Cut(output, ".")
	if !hasOutputs(p.pipe.Workloads[schema.WorkloadName(workload)]) || p.anyBefore(stages[workload], p.graph.index[stage]) {
		return
	}
	d := p.errorf("output-before-applied", where, "stage %q uses output %q, and no stage before it applies %q", stage, output, workload)
	d.Hint = "now it is reached by " + p.way(p.graph.index[stage])
	for _, s := range stages[workload] {
		p.relate(d, p.stageAt(p.stages[s]), "stage %q applies it", p.stages[s])
	}
}

// wanted are the outputs that are injected into a resolved workload.
func wanted(w schema.Workload) []string {
	var out []string
	add := func(v schema.Inject) {
		if v.Output != "" {
			out = append(out, v.Output)
		}
	}
	if w.Process != nil {
		for _, v := range w.Process.Inject {
			add(v)
		}
	}
	if w.Lambda != nil {
		for _, v := range w.Lambda.Inject {
			add(v)
		}
	}
	if w.Terraform != nil {
		for _, v := range w.Terraform.Inject {
			add(v)
		}
	}
	return out
}
