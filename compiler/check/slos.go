package check

import (
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func sloDocs() []Doc {
	return []Doc{{
		Code:  "unknown-slo",
		Title: "an SLO is named that does not exist",
		What:  "An analysis, a verify stage or an error budget gate names an SLO that the pipeline does not have.",
		Why:   "What should be judged would not be.",
		Bad:   `stages: production: deploy: canary: analysis: slos: eror: {}`,
		Good:  `stages: production: deploy: canary: analysis: slos: errors: {}`,
	}}
}

// sloNames follows every name of an SLO.
func sloNames(p *pass) {
	for _, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		analyses(p.stageAt(name), s, func(where *at, a schema.Analysis) {
			for slo := range a.SLOs {
				if _, known := p.pipe.SLOs[slo]; !known {
					p.noSLO(p.errorKey("unknown-slo", where.field("slos").field(string(slo)), "stage %q is judged by SLO %q, which does not exist", name, slo), slo)
				}
			}
		})
		for gate, g := range s.Gates {
			if g.ErrorBudget == nil {
				continue
			}
			slo := g.ErrorBudget.SLO
			if _, known := p.pipe.SLOs[slo]; !known {
				where := p.stageAt(name).field("gates").field(string(gate)).field("errorBudget").field("slo")
				p.noSLO(p.errorf("unknown-slo", where, "gate %q asks for the budget of SLO %q, which does not exist", gate, slo), slo)
			}
		}
	}
}

func (p *pass) noSLO(d *diagnostic, slo schema.SLOName) {
	unknown(d, "SLO", "slos", string(slo), names.Sorted(p.pipe.SLOs))
}
