package check

import (
	"slices"

	"github.com/penstock-dev/penstock/schema"
)

func rollbackDocs() []Doc {
	return []Doc{
		{
			Code:  "rollback-order",
			Title: "a rollback names a stage that does not come before",
			What:  "onFailure.rollback names a stage that the failing one does not wait for, or the failing stage itself.",
			Why:   "When this stage fails, that one may not have run yet; itself it undoes anyway.",
			Bad:   `stages: infra: onFailure: rollback: ["production"]`,
			Good:  `stages: smoke: {needs: ["production"], exec: command: ["smoke.sh"], onFailure: rollback: ["production"]}`,
		},
		{
			Code:  "rollback-impossible",
			Title: "a rollback names a stage that cannot go back",
			What:  "onFailure.rollback names a stage without a way back: only a deploy, a migration with revert and a command with revert have one.",
			Why:   "The rollback that the pipeline promises would not happen.",
			Bad:   `stages: smoke: {needs: ["production"], exec: command: ["smoke.sh"], onFailure: rollback: ["build"]}`,
			Good:  `stages: smoke: {needs: ["production"], exec: command: ["smoke.sh"], onFailure: rollback: ["production"]}`,
		},
	}
}

// rollbacks checks that what shall go back was there before and has a way back.
func rollbacks(p *pass) {
	for i, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		if s.OnFailure == nil {
			continue
		}
		for k, other := range s.OnFailure.Rollback {
			j, known := p.graph.index[string(other)]
			if !known || slices.Index(s.OnFailure.Rollback, other) < k {
				continue
			}
			where := p.stageAt(name).field("onFailure").field("rollback").item(k)
			if i == j {
				p.errorf("rollback-order", where, "stage %q undoes itself anyway", name).Hint = "name other stages only"
				continue
			}
			if !p.graph.before(j, i) {
				d := p.errorf("rollback-order", where, "stage %q may fail before %q has run: it does not wait for it", name, other)
				d.Hint = p.missingNeed(i, j)
				p.relate(d, p.stageAt(string(other)), "stage %q", other)
				continue
			}
			if why := wayBack(p.pipe.Stages[other]); why != "" {
				d := p.errorf("rollback-impossible", where, "stage %q cannot go back: %s", other, why)
				p.relate(d, p.stageAt(string(other)), "stage %q", other)
			}
		}
	}
}

// wayBack is empty when the stage can be undone, else why it can't.
func wayBack(s schema.Stage) string {
	switch {
	case s.Deploy != nil:
		return ""
	case s.Migrate != nil && s.Migrate.Revert != nil:
		return ""
	case s.Exec != nil && s.Exec.Revert != nil:
		return ""
	case s.Migrate != nil:
		return "its migration is irreversible"
	case s.Exec != nil:
		return "its command has no revert"
	}
	return "only deploy, migrate and exec change something that could go back"
}
