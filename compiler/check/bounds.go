package check

import "github.com/penstock-dev/penstock/schema"

func boundDocs() []Doc {
	return []Doc{{
		Code:  "bounds-crossed",
		Title: "no value is inside the bounds",
		What:  "A limit or a query gate has an `above` that is not less than its `below`.",
		Why:   "The gate would never open, and the limit take back every release.",
		Bad:   `stages: production: deploy: canary: analysis: limits: memory: {query: "max(memory)", above: 6, below: 1}`,
		Good:  `stages: production: deploy: canary: analysis: limits: memory: {query: "max(memory)", above: 1, below: 6}`,
	}, {
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
				p.limit(where.field("limits").field(string(limit)), where.field("limits").field(string(limit)), "limit", string(limit), l)
			}
		})
		for gate, g := range s.Gates {
			where := p.stageAt(name).field("gates").field(string(gate))
			if q := g.Query; q != nil {
				p.limit(where, where.field("query"), "gate", string(gate), q.Limit())
			}
			if b := g.ErrorBudget; b != nil && b.AtLeast == nil && b.BurnRateBelow == nil {
				p.noBound(where, "gate", string(gate), "atLeast or burnRateBelow")
			}
		}
	}
}

// limit checks the bounds of a query; where is the name, fields what the bounds stand in.
func (p *pass) limit(where, fields *at, kind, name string, l schema.Limit) {
	switch {
	case l.Above == nil && l.Below == nil:
		p.noBound(where, kind, name, "above or below")
	case l.Above != nil && l.Below != nil && *l.Above >= *l.Below:
		d := p.errorf("bounds-crossed", fields.field("above"), "%s %q: no value is above %v and below %v", kind, name, *l.Above, *l.Below)
		d.Hint = "above is the lower bound, below the upper one"
		p.relate(d, fields.field("below"), "below is here")
	}
}

func (p *pass) noBound(where *at, kind, name, hint string) {
	p.errorKey("no-bound", where, "%s %q has no bound: it would always hold", kind, name).Hint = "add " + hint
}
