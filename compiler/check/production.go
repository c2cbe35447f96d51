package check

import (
	"github.com/penstock-dev/penstock/schema"
)

func productionDocs() []Doc {
	return []Doc{
		{
			Code:  "artifact-produced-twice",
			Title: "an artifact is produced twice",
			What:  "Two stages produce the same artifact.",
			Why:   "What is tested and what is released would be two builds. An artifact is built once and then only moved.",
			Bad:   `stages: rebuild: {needs: ["staging"], exec: {command: ["make"], produces: app: digestFile: "digest"}}`,
			Good:  `stages: rebuild: {needs: ["staging"], exec: command: ["make", "check"]}`,
		},
		{
			Code:  "artifact-never-produced",
			Allow: true,
			Title: "an artifact is used and never produced",
			What:  "A stage deploys, injects, runs or promotes an artifact that no stage produces.",
			Why:   "Which build is meant is unknown, unless its digest is given from outside for each release.",
			Bad:   "artifacts: tool: image: repository: \"registry.example.com/web/tool\"\nstages: check: exec: {command: [\"check\"], container: artifact: \"tool\"}",
			Good:  "artifacts: tool: image: repository: \"registry.example.com/web/tool\"\nstages: tool: exec: {command: [\"make\", \"tool\"], produces: tool: digestFile: \"tool.digest\"}\nstages: check: {needs: [\"tool\"], exec: {command: [\"check\"], container: artifact: \"tool\"}}",
		},
		{
			Code:  "artifact-digest",
			Title: "an image is produced without saying its digest",
			What:  "A stage produces an image and names no digestFile.",
			Why:   "Looking the digest up by a tag is a race: somebody may have moved the tag since.",
			Bad:   "artifacts: tool: image: repository: \"registry.example.com/web/tool\"\nstages: tool: exec: {command: [\"make\", \"tool\"], produces: tool: {}}",
			Good:  "artifacts: tool: image: repository: \"registry.example.com/web/tool\"\nstages: tool: exec: {command: [\"make\", \"tool\"], produces: tool: digestFile: \"tool.digest\"}",
		},
	}
}

// production checks that each artifact in use is produced exactly once, and that its digest becomes known.
func production(p *pass) {
	producers := p.producers()
	for _, name := range p.stages {
		e := p.pipe.Stages[schema.StageName(name)].Exec
		if e == nil {
			continue
		}
		for artifact, how := range e.Produces {
			where := p.stageAt(name).field("exec").field("produces").field(string(artifact))
			if first := p.stages[producers[artifact]]; first != name {
				d := p.errorKey("artifact-produced-twice", where, "artifact %q is produced by %q and by %q", artifact, first, name)
				d.Hint = "build it once; to move it, promote it"
				p.relate(d, p.stageAt(first).field("exec").field("produces").field(string(artifact)), "stage %q produces it too", first)
			}
			if p.pipe.Artifacts[artifact].Image != nil && how.DigestFile == "" {
				p.errorKey("artifact-digest", where, "the digest of image %q stays unknown", artifact).Hint = "write it to a file when it is pushed, and name that: digestFile: \"…\""
			}
		}
	}
	p.neverProduced(producers)
}

// neverProduced reports each such artifact once, at the first use by definition path.
func (p *pass) neverProduced(producers map[schema.ArtifactName]int) {
	first := map[schema.ArtifactName]artifactUse{}
	p.eachUse(func(u artifactUse) {
		_, made := producers[u.name]
		if _, known := p.pipe.Artifacts[u.name]; !known || made {
			return
		}
		if f, seen := first[u.name]; !seen || u.where.String() < f.where.String() {
			first[u.name] = u
		}
	})
	for name, u := range first {
		d := p.warnf("artifact-never-produced", u.where, "stage %q needs artifact %q, and no stage produces it", u.stage, name)
		d.Hint = "add it to the produces of the stage that builds it, or give its digest from outside"
		p.relate(d, root("artifacts").field(string(name)), "artifact %q", name)
	}
}

// producers are the stages that produce each artifact; of several the first by name.
func (p *pass) producers() map[schema.ArtifactName]int {
	out := map[schema.ArtifactName]int{}
	for i, name := range p.stages {
		if e := p.pipe.Stages[schema.StageName(name)].Exec; e != nil {
			for artifact := range e.Produces {
				if _, seen := out[artifact]; !seen {
					out[artifact] = i
				}
			}
		}
	}
	return out
}

// eachUse calls f for every artifact that a stage needs, also by what its workload carries; in the order of the stages.
func (p *pass) eachUse(f func(artifactUse)) {
	p.artifactUses(func(u artifactUse) {
		if u.stage != "" {
			f(u)
		}
	})
	for _, d := range p.deploys {
		where := d.where.field("workload")
		for _, name := range carried(d.workload) {
			f(artifactUse{where: where, name: name, stage: d.name})
		}
	}
}

// carried are the artifacts of a resolved workload: what it runs and what is injected into it.
func carried(w schema.Workload) []schema.ArtifactName {
	var out []schema.ArtifactName
	add := func(name schema.ArtifactName) {
		if name != "" {
			out = append(out, name)
		}
	}
	if w.Kubernetes != nil {
		out = append(out, w.Kubernetes.Images...)
	}
	if w.Process != nil {
		add(w.Process.Artifact)
		for _, v := range w.Process.Inject {
			add(v.Artifact)
		}
	}
	if w.Lambda != nil {
		add(w.Lambda.Artifact)
		for _, v := range w.Lambda.Inject {
			add(v.Artifact)
		}
	}
	if w.Terraform != nil {
		for _, v := range w.Terraform.Inject {
			add(v.Artifact)
		}
	}
	return out
}
