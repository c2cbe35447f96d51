package check

import (
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func artifactNameDocs() []Doc {
	return []Doc{
		{
			Code:  "unknown-artifact",
			Title: "an artifact is named that does not exist",
			What:  "produces, inject, a workload, a container, promote or an environment's repositories names an artifact that the pipeline does not have.",
			Why:   "Nobody would know what to build, run or copy.",
			Bad:   "workloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"ap\"]}\nstages: api: {needs: [\"build\"], deploy: {workload: \"api\", in: \"staging\", rolling: {}}}",
			Good:  "workloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"app\"]}\nstages: api: {needs: [\"build\"], deploy: {workload: \"api\", in: \"staging\", rolling: {}}}",
		},
		{
			Code:  "artifact-kind",
			Title: "an artifact is of the wrong kind",
			What:  "A file stands where an image is needed, or an image where a file is.",
			Why:   "A container runs images; a process or a function archive is a file.",
			Bad:   "workloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"archive\"]}\nstages: api: {needs: [\"build\"], deploy: {workload: \"api\", in: \"staging\", rolling: {}}}",
			Good:  "workloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"app\"]}\nstages: api: {needs: [\"build\"], deploy: {workload: \"api\", in: \"staging\", rolling: {}}}",
		},
	}
}

// The kinds of artifact that a place takes.
const (
	anyKind = "artifact"
	image   = "image"
	file    = "file"
)

// artifactUse is one place that needs an artifact.
type artifactUse struct {
	where *at
	name  schema.ArtifactName
	kind  string
	// stage needs it while it runs; "" where a workload is declared.
	stage string
}

// artifactNames follows every name of an artifact.
func artifactNames(p *pass) {
	p.artifactUses(func(u artifactUse) { p.artifact(u.where, u.name, u.kind) })
	for name, w := range p.pipe.Workloads {
		where := root("workloads").field(string(name))
		base := schema.Overlay{Process: w.Process, Kubernetes: w.Kubernetes, Lambda: w.Lambda}
		p.workloadArtifacts(where, base, func(u artifactUse) { p.artifact(u.where, u.name, u.kind) })
		p.imagesTwice(where, base)
		for env, o := range w.In {
			over := where.field("in").field(string(env))
			p.workloadArtifacts(over, o, func(u artifactUse) { p.artifact(u.where, u.name, u.kind) })
			p.imagesTwice(over, o)
		}
	}
	for _, name := range p.stages {
		if e := p.pipe.Stages[schema.StageName(name)].Exec; e != nil {
			for artifact := range e.Produces {
				p.produced(p.stageAt(name).field("exec").field("produces").field(string(artifact)), artifact, name)
			}
		}
	}
	for env, e := range p.pipe.Environments {
		for artifact := range e.Repositories {
			if _, known := p.pipe.Artifacts[artifact]; !known {
				where := root("environments").field(string(env)).field("repositories").field(string(artifact))
				p.noArtifact(p.errorKey("unknown-artifact", where, "environment %q gets artifact %q, which does not exist", env, artifact), artifact)
			}
		}
	}
}

// artifactUses calls f for the artifacts that stages and injected values name.
func (p *pass) artifactUses(f func(artifactUse)) {
	for _, name := range p.stages {
		if pr := p.pipe.Stages[schema.StageName(name)].Promote; pr != nil {
			f(artifactUse{where: p.stageAt(name).field("promote").field("artifact"), name: pr.Artifact, kind: image, stage: name})
		}
	}
	p.programs(func(pr program) {
		for key, value := range pr.inject {
			if value.Artifact != "" {
				f(artifactUse{where: pr.where.field("inject").field(string(key)).field("artifact"), name: value.Artifact, kind: anyKind, stage: pr.stage})
			}
		}
		if pr.container != nil && pr.container.Artifact != "" {
			f(artifactUse{where: pr.where.field("container").field("artifact"), name: pr.container.Artifact, kind: image, stage: pr.stage})
		}
	})
}

// workloadArtifacts calls f for the artifacts that a workload or an overlay runs.
func (p *pass) workloadArtifacts(where *at, o schema.Overlay, f func(artifactUse)) {
	if o.Process != nil && o.Process.Artifact != "" {
		f(artifactUse{where: where.field("process").field("artifact"), name: o.Process.Artifact, kind: file})
	}
	if o.Lambda != nil && o.Lambda.Artifact != "" {
		f(artifactUse{where: where.field("lambda").field("artifact"), name: o.Lambda.Artifact, kind: anyKind})
	}
	if o.Kubernetes != nil {
		for i, name := range o.Kubernetes.Images {
			f(artifactUse{where: where.field("kubernetes").field("images").item(i), name: name, kind: image})
		}
	}
}

func (p *pass) imagesTwice(where *at, o schema.Overlay) {
	if o.Kubernetes != nil {
		twice(p, where.field("kubernetes").field("images"), o.Kubernetes.Images)
	}
}

// produced checks the key of a produces entry.
func (p *pass) produced(where *at, name schema.ArtifactName, stage string) {
	if _, known := p.pipe.Artifacts[name]; !known {
		p.noArtifact(p.errorKey("unknown-artifact", where, "stage %q produces artifact %q, which does not exist", stage, name), name)
	}
}

// artifact checks that the name leads to an artifact of the kind.
func (p *pass) artifact(where *at, name schema.ArtifactName, kind string) {
	a, known := p.pipe.Artifacts[name]
	switch {
	case !known:
		p.noArtifact(p.errorf("unknown-artifact", where, "artifact %q does not exist", name), name)
	case kind == image && a.File != nil:
		p.errorf("artifact-kind", where, "an image is needed here, and artifact %q is a file", name)
	case kind == file && a.Image != nil:
		p.errorf("artifact-kind", where, "a file is needed here, and artifact %q is an image", name)
	}
}

func (p *pass) noArtifact(d *diagnostic, name schema.ArtifactName) {
	unknown(d, "artifact", "artifacts", string(name), names.Sorted(p.pipe.Artifacts))
}
