package check

import (
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func rebuiltDoc() Doc {
	return Doc{
		Code:  "artifact-rebuilt",
		Title: "a higher tier runs another build than the lower one",
		What:  "An environment gets an artifact, and an environment of a lower tier another one from the same repository or path, which another stage builds. Builds for several machines may share a repository: try each of them in the lower tier, or allow it.",
		Why:   "What was tried is not what is released: two builds are two artifacts, whatever they are made from; an artifact is built once and then only moved.",
		Allow: true,
		Bad:   "artifacts: final: image: repository: \"registry.example.com/web/app\"\nstages: rebuild: {needs: [\"staging\"], exec: {command: [\"make\"], produces: final: digestFile: \"digest\"}}\nworkloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"final\"]}\nstages: api: {needs: [\"rebuild\"], deploy: {workload: \"api\", in: \"eu\", rolling: {}}}",
		Good:  "workloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"app\"]}\nstages: api: {needs: [\"staging\"], deploy: {workload: \"api\", in: \"eu\", rolling: {}}}",
	}
}

// rebuilt reports the artifacts of a deploy that a lower tier gets as another build, and returns their names.
func (t tried) rebuilt(p *pass, d deployment) []schema.ArtifactName {
	var out []schema.ArtifactName
	for _, name := range runs(d.workload) {
		builds := t.places[builtInto(p.pipe.Artifacts[name])]
		if len(builds) < 2 || builds[name].env.Tier.Rank() < d.env.Tier.Rank() {
			continue
		}
		by, made := t.producers[name]
		for _, o := range names.Sorted(builds) {
			other := schema.ArtifactName(o)
			first, known := t.producers[other]
			low := builds[other]
			if other == name || !made || !known || first == by || low.env.Tier.Rank() >= d.env.Tier.Rank() {
				continue
			}
			out = append(out, name)
			e := p.warnf("artifact-rebuilt", d.where.field("in"), "stage %q brings another build of %s than %q had: %q of stage %q, and not %q of stage %q",
				d.name, builtInto(p.pipe.Artifacts[name]), low.deploy.In, name, p.stages[by], other, p.stages[first])
			e.Hint = "build it once and deploy the same artifact everywhere, promoted where it needs another repository; now it is reached by " + p.way(d.stage)
			p.relate(e, p.stageAt(p.stages[by]), "stage %q builds %q", p.stages[by], name)
			p.relate(e, low.where, "stage %q deploys %q", low.name, other)
			break
		}
	}
	return out
}
