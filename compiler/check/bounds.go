package check

import "github.com/penstock-dev/penstock/schema"

func boundDocs() []Doc {
	return []Doc{{
		Code:  "no-bound",
		Title: "a limit says nothing",
		What:  "A limit or a query gate has neither above nor below, or an error budget gate neither atLeast nor burnRateBelow.",
		Why:   "It would always hold, whatever is measured.",
		Bad:   `stages: production: deploy: canary: analysis: limits: memory: query: "max(memory)"`,
		Good:  `stages: production: deploy: canary: analysis: limits: memory: {query: "max(memory)", below: 6}`,
	}}
}

// bounds checks that whatever measures something has a bound.
func bounds(p *pass) {
	for _, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		analyses(p.stageAt(name), s, func(where *at, a schema.Analysis) {
			for limit, l := range a.Limits {
				if l.Above == nil && l.Below == nil {
					p.noBound(where.field("limits").field(string(limit)), "limit", string(limit), "above or below")
				}
			}
		})
		for gate, g := range s.Gates {
			where := p.stageAt(name).field("gates").field(string(gate))
			if q := g.Query; q != nil && q.Above == nil && q.Below == nil {
				p.noBound(where, "gate", string(gate), "above or below")
			}
			if b := g.ErrorBudget; b != nil && b.AtLeast == nil && b.BurnRateBelow == nil {
				p.noBound(where, "gate", string(gate), "atLeast or burnRateBelow")
			}
		}
	}
}

func (p *pass) noBound(where *at, kind, name, hint string) {
	p.errorKey("no-bound", where, "%s %q has no bound: it would always hold", kind, name).Hint = "add " + hint
}
