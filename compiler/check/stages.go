package check

import (
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
)

func stageNameDocs() []Doc {
	return []Doc{
		{
			Code:  "unknown-stage",
			Title: "a stage is named that does not exist",
			What:  "needs, before, onFailure.rollback or a waiver's stages names a stage that the pipeline does not have.",
			Why:   "The order, the rollback or the waiver that was meant would silently be missing.",
			Bad:   `stages: lint: {needs: ["biuld"], exec: command: ["ci/lint.sh"]}`,
			Good:  `stages: lint: {needs: ["build"], exec: command: ["ci/lint.sh"]}`,
		},
		{
			Code:  "named-twice",
			Title: "a list names the same thing twice",
			What:  "needs, before, rollback, images or a waiver's stages lists one name twice.",
			Why:   "It changes nothing, so something else was probably meant.",
			Bad:   `stages: lint: {needs: ["build", "build"], exec: command: ["ci/lint.sh"]}`,
			Good:  `stages: lint: {needs: ["build"], exec: command: ["ci/lint.sh"]}`,
		},
	}
}

// stageNames follows every list of stages.
func stageNames(p *pass) {
	for _, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		p.stageList(s.Needs, name, "needs")
		p.stageList(s.Before, name, "before")
		if s.OnFailure != nil {
			p.stageList(s.OnFailure.Rollback, name, "onFailure", "rollback")
		}
	}
	for code, w := range p.pipe.Waivers {
		where := root("waivers").field(string(code)).field("stages")
		for i, s := range w.Stages {
			p.stageName(where.item(i), s, "the waiver of %q", code)
		}
		twice(p, where, w.Stages)
	}
}

// stageList checks a list of stages inside a stage; its path is only built when something is wrong.
func (p *pass) stageList(list []schema.StageName, stage string, fields ...string) {
	for i, s := range list {
		if _, known := p.graph.index[string(s)]; known {
			continue
		}
		p.stageName(p.inside(stage, fields).item(i), s, "stage %q", stage)
	}
	if len(list) > 1 {
		twice(p, p.inside(stage, fields), list)
	}
}

func (p *pass) inside(stage string, fields []string) *at {
	where := p.stageAt(stage)
	for _, f := range fields {
		where = where.field(f)
	}
	return where
}

func (p *pass) stageName(where *at, name schema.StageName, who string, args ...any) {
	if _, known := p.graph.index[string(name)]; known {
		return
	}
	d := p.errorf("unknown-stage", where, who+" names stage %q, which does not exist", append(args, name)...)
	unknown(d, "stage", "stages", string(name), p.stages)
}

// twice reports every element of a list that stands in it before.
func twice[N ~string](p *pass, where *at, list []N) {
	for i, name := range list {
		for j := range i {
			if list[j] == name {
				d := p.errorf(diag.Code("named-twice"), where.item(i), "%q is named twice", name)
				d.Hint = "remove it, or name what was meant"
				p.relate(d, where.item(j), "first here")
				break
			}
		}
	}
}
