package check

import (
	"github.com/penstock-dev/penstock/schema"
)

func oneWayDocs() []Doc {
	return []Doc{
		{
			Code:  "irreversible-unapproved",
			Title: "something irreversible happens without an approval",
			What:  "A migration says that it is irreversible, and on some way to it nobody is asked. The policy irreversible-approved says the same of the plan; where a pipeline waives that policy, this check is silent too.",
			Why:   "A machine can undo what has a way back. What has none is for people to decide, once they see all that comes with it.",
			Bad:   "stages: contract: {needs: [\"staging\"], migrate: {in: \"staging\", check: command: [\"db\", \"check\"], apply: command: [\"db\", \"contract\"], irreversible: \"drops columns\"}}",
			Good:  "stages: contract: {needs: [\"approval\"], migrate: {in: \"staging\", check: command: [\"db\", \"check\"], apply: command: [\"db\", \"contract\"], irreversible: \"drops columns\"}}",
		},
		{
			Code:  "rollback-across-irreversible",
			Title: "a rollback reaches across something irreversible",
			What:  "onFailure.rollback names a stage, and between that stage and the failing one an irreversible migration changes the same environment.",
			Why:   "The old version would come back to a store that it does not know any more.",
			Bad:   "stages: contract: {needs: [\"production\"], migrate: {in: \"production\", check: command: [\"db\", \"check\"], apply: command: [\"db\", \"contract\"], irreversible: \"drops columns\"}}\nstages: smoke: {needs: [\"contract\"], exec: command: [\"smoke.sh\"], onFailure: rollback: [\"production\"]}",
			Good:  "stages: smoke: {needs: [\"production\"], exec: command: [\"smoke.sh\"], onFailure: rollback: [\"production\"]}\nstages: contract: {needs: [\"smoke\"], migrate: {in: \"production\", check: command: [\"db\", \"check\"], apply: command: [\"db\", \"contract\"], irreversible: \"drops columns\"}}",
		},
	}
}

// oneWay holds migrations without a way back against what comes before and after them.
func oneWay(p *pass) {
	in := map[schema.EnvName][]int{}
	for i, name := range p.stages {
		m := p.stageOf(i).Migrate
		if m == nil || m.Irreversible == "" {
			continue
		}
		in[m.In] = append(in[m.In], i)
		r := p.pipe.Environments[m.In].Requires
		if r != nil && r.Approval || p.waived("irreversible-approved", name) {
			continue // the environment demands the same of every stage, and another check says so
		}
		if path := p.unapproved(i); len(path) > 0 {
			how := "no approval stands on the way to it"
			if p.approved.Behind(i) {
				how = "it waits for something that goes past every approval"
			}
			d := p.errorf("irreversible-unapproved", p.paths[i].field("migrate").field("irreversible"), "stage %q cannot be undone, and %s: %s", name, how, chain(path))
			d.Hint = p.missingApproval(path)
		}
	}
	if len(in) > 0 {
		p.acrossIrreversible(in)
	}
}

// acrossIrreversible reports rollbacks to before an irreversible change of the same environment.
func (p *pass) acrossIrreversible(in map[schema.EnvName][]int) {
	for i, name := range p.stages {
		s := p.stageOf(i)
		if s.OnFailure == nil {
			continue
		}
		for k, other := range s.OnFailure.Rollback {
			j, known := p.graph.index[string(other)]
			if !known || !p.graph.before(j, i) || wayBack(*p.stageOf(j)) != "" {
				continue
			}
			for _, m := range in[environmentOf(*p.stageOf(j))] {
				if p.graph.before(j, m) && p.graph.before(m, i) {
					p.across(name, k, j, m)
					break
				}
			}
		}
	}
}

// across reports the rollback that is named k-th in a stage: it leads back to stage j over stage m.
func (p *pass) across(name string, k, j, m int) {
	way := append(p.graph.path(j, m), p.graph.path(m, p.graph.index[name])[1:]...)
	where := p.stageAt(name).field("onFailure").field("rollback").item(k)
	d := p.errorf("rollback-across-irreversible", where, "when stage %q fails, %q would go back to before %q, which cannot be undone: %s", name, p.stages[j], p.stages[m], chain(way))
	d.Hint = "judge before what is irreversible: let \"" + p.stages[m] + "\" need what may still roll back"
	p.relate(d, p.paths[m].field("migrate").field("irreversible"), "stage %q is irreversible", p.stages[m])
}
