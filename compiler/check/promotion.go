package check

import (
	"slices"
	"strconv"

	"github.com/penstock-dev/penstock/schema"
)

func promotionDocs() []Doc {
	return []Doc{
		{
			Code:  "promotion-order",
			Title: "production does not wait for the lower tier",
			What:  "A workload is deployed to production, and also to an environment of a lower tier, but no stage of the lower tier comes before production; or an artifact is, by whatever workload. Where the pipeline waives the policy lower-tier-first, this is not asked.",
			Why:   "Users would be the first to try what the lower tier is there to try.",
			Bad:   `stages: hurry: {needs: ["build"], deploy: {workload: "web", in: "eu", rolling: {}}}`,
			Good:  `stages: hurry: {needs: ["staging"], deploy: {workload: "web", in: "eu", rolling: {}}}`,
		},
		{
			Code:  "artifact-untried",
			Title: "production runs what the lower tier never ran",
			What:  "A workload runs in a lower tier before production, but in production it runs an artifact that no lower tier runs.",
			Why:   "The rehearsal says nothing of that artifact.",
			Allow: true,
			Bad:   "artifacts: proxy: image: {repository: \"registry.example.com/web/proxy\", trust: sbom: true}\nstages: proxy: {before: [\"production\"], exec: {command: [\"make\", \"proxy\"], produces: proxy: digestFile: \"proxy.digest\"}}\nworkloads: api: {kubernetes: manifests: [\"api/*.yaml\"], in: {staging: kubernetes: images: [\"app\"], production: kubernetes: images: [\"app\", \"proxy\"]}}\nstages: api: {needs: [\"build\"], deploy: {workload: \"api\", in: \"staging\", rolling: {}}}\nstages: live: {needs: [\"api\", \"approval\", \"proxy\"], deploy: {workload: \"api\", in: \"production\", rolling: {}}}",
			Good:  "artifacts: proxy: image: {repository: \"registry.example.com/web/proxy\", trust: sbom: true}\nstages: proxy: {before: [\"staging\"], exec: {command: [\"make\", \"proxy\"], produces: proxy: digestFile: \"proxy.digest\"}}\nworkloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"app\", \"proxy\"]}\nstages: api: {needs: [\"build\", \"proxy\"], deploy: {workload: \"api\", in: \"staging\", rolling: {}}}\nstages: live: {needs: [\"api\", \"approval\"], deploy: {workload: \"api\", in: \"production\", rolling: {}}}",
		},
		rebuiltDoc(),
	}
}

// promotion checks that production comes behind some deploy of the same workload in a lower tier, where there is one, and
// gets what ran there.
func promotion(p *pass) {
	t := p.tried()
	for _, d := range p.deploys {
		rebuilt := t.rebuilt(p, d)
		if d.env.Tier != schema.Production || p.waived("lower-tier-first", d.name) {
			continue
		}
		lower := t.workloads[d.deploy.Workload]
		before := p.anyBefore(lower, d.stage)
		if len(lower) > 0 && !before {
			p.hurried(d, lower[0], strconv.Quote(string(d.deploy.Workload)))
			continue
		}
		for _, name := range runs(d.workload) {
			ran := t.artifacts[name]
			switch {
			case builtInto(p.pipe.Artifacts[name]) == "" || slices.Contains(rebuilt, name) || p.anyBefore(ran, d.stage):
			case len(ran) > 0:
				p.hurried(d, ran[0], "artifact "+strconv.Quote(string(name)))
			case before:
				p.untried(d, lower[0], name)
			}
		}
	}
}

// tried is what runs where, and in which tiers.
type tried struct {
	// workloads and artifacts are the deploy stages below production.
	workloads map[schema.WorkloadName][]int
	artifacts map[schema.ArtifactName][]int
	// places are the artifacts that are deployed from one repository or path, each with where its tier is lowest.
	places    map[string]map[schema.ArtifactName]deployment
	producers map[schema.ArtifactName]int
}

func (p *pass) tried() tried {
	t := tried{
		workloads: map[schema.WorkloadName][]int{}, artifacts: map[schema.ArtifactName][]int{},
		places: map[string]map[schema.ArtifactName]deployment{}, producers: p.producers(),
	}
	for _, d := range p.deploys {
		rank := d.env.Tier.Rank()
		below := rank >= 0 && rank < schema.Production.Rank()
		if below {
			t.workloads[d.deploy.Workload] = append(t.workloads[d.deploy.Workload], d.stage)
		}
		for _, name := range runs(d.workload) {
			if below {
				t.artifacts[name] = append(t.artifacts[name], d.stage)
			}
			from := builtInto(p.pipe.Artifacts[name])
			if from == "" {
				continue
			}
			if t.places[from] == nil {
				t.places[from] = map[schema.ArtifactName]deployment{}
			}
			if lowest, seen := t.places[from][name]; !seen || rank < lowest.env.Tier.Rank() {
				t.places[from][name] = d
			}
		}
	}
	return t
}

// runs are the artifacts that a resolved workload runs; what is only injected into it is not run.
func runs(w schema.Workload) []schema.ArtifactName {
	switch {
	case w.Kubernetes != nil:
		return w.Kubernetes.Images
	case w.Process != nil:
		return []schema.ArtifactName{w.Process.Artifact}
	case w.Lambda != nil:
		return []schema.ArtifactName{w.Lambda.Artifact}
	}
	return nil
}

// builtInto is the repository or the path that an artifact is built into.
func builtInto(a schema.Artifact) string {
	switch {
	case a.Image != nil:
		return a.Image.Repository
	case a.File != nil:
		return a.File.Path
	}
	return ""
}

// hurried reports that production comes without waiting for a stage of the lower tier.
func (p *pass) hurried(d deployment, lower int, what string) {
	first := p.stages[lower]
	e := p.errorf("promotion-order", d.where.field("in"),
		"stage %q brings %s to production without waiting for the lower tier, where %q brings it", d.name, what, first)
	e.Hint = p.missingNeed(d.stage, lower)
	p.relate(e, p.stageAt(first), "the lower tier")
}

// untried reports an artifact of a workload that ran elsewhere without it.
func (p *pass) untried(d deployment, lower int, name schema.ArtifactName) {
	first := p.stages[lower]
	e := p.warnf("artifact-untried", d.where.field("in"), "stage %q runs artifact %q in production, and no lower tier runs it: there %q brings %q without it", d.name, name, first, d.deploy.Workload)
	e.Hint = "let the workload run the same artifacts in the lower tier"
	p.relate(e, p.stageAt(first), "the lower tier")
}
