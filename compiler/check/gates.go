package check

import "github.com/penstock-dev/penstock/schema"

func gateDocs() []Doc {
	return []Doc{
		{
			Code:  "gate-asked-once",
			Title: "a gate expires before its interval has passed",
			What:  "A gate's `every` is at least as long as its `expires`.",
			Why:   "It would be asked when the stage is ready and once more as it expires: the interval never passes, so something else was meant.",
			Bad:   `stages: production: gates: spare: {query: {query: "spare", above: 1}, every: "1h", expires: "30m"}`,
			Good:  `stages: production: gates: spare: {query: {query: "spare", above: 1}, every: "5m", expires: "30m"}`,
		},
		{
			Code:  "soak-expires",
			Title: "a gate gives up before the soak is over",
			What:  "A soak gate's `expires` (24h unless it says otherwise) is shorter than the soak it waits for.",
			Why:   "Right after the deployment that it waits for, it would always fail.",
			Allow: true,
			Bad:   `stages: production: gates: rested: soak: {in: "staging", atLeast: "3d"}`,
			Good:  `stages: production: gates: rested: {soak: {in: "staging", atLeast: "3d"}, expires: "4d"}`,
		},
		{
			Code:  "budget-bound",
			Title: "an error budget gate that is always open or hardly ever",
			What:  "burnRateBelow is above the fastest rate at which the budget can burn (every request fails), or atLeast is 100.",
			Why:   "The first never closes by its burn rate. The second is closed by a single bad event in the SLO's whole window.",
			Allow: true,
			Bad:   `stages: production: gates: budget: errorBudget: {slo: "errors", burnRateBelow: 2000}`,
			Good:  `stages: production: gates: budget: errorBudget: {slo: "errors", burnRateBelow: 2}`,
		},
		{
			Code:  "budget-uncounted",
			Title: "nobody counts the budget that a gate asks for",
			What:  "An error budget gate asks for an SLO whose requests are counted by the target itself.",
			Why:   "A target counts since its versions run; the budget is about weeks. The gate could not be answered and would stay closed.",
			Bad:   "slos: own: {objective: 99, over: \"7d\", sli: requests: workload: \"web\"}\nstages: production: gates: budget: errorBudget: {slo: \"own\", atLeast: 10}",
			Good:  `stages: production: gates: budget: errorBudget: {slo: "errors", atLeast: 10}`,
		},
	}
}

// gates checks that each gate can open, and can close.
func gates(p *pass) {
	for i, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		for _, gate := range gatesOf(s) {
			p.gate(p.paths[i].field("gates").field(gate), gate, s.Gates[schema.GateName(gate)])
		}
	}
}

func (p *pass) gate(where *at, name string, g schema.Gate) {
	// windows and soaks know when they open and are asked then
	if g.Every != "" && g.Window == nil && g.Soak == nil && g.Every.Value() >= g.ExpiresOrDefault().Value() {
		d := p.errorf("gate-asked-once", where.field("every"), "gate %q is to be asked every %s but expires after %s", name, g.Every, g.ExpiresOrDefault())
		d.Hint = "ask more often, or let it expire later"
	}
	if k := g.Soak; k != nil && g.ExpiresOrDefault().Value() < k.AtLeast.Value() {
		d := p.warnf("soak-expires", where.field("soak").field("atLeast"), "gate %q expires after %s, before a soak of %s can be over", name, g.ExpiresOrDefault(), k.AtLeast)
		d.Hint = "add expires, longer than the soak"
	}
	if b := g.ErrorBudget; b != nil {
		p.budgetGate(where.field("errorBudget"), name, b)
	}
}

func (p *pass) budgetGate(where *at, name string, b *schema.ErrorBudget) {
	slo, known := p.pipe.SLOs[b.SLO]
	if !known {
		return
	}
	if slo.SLI.Requests != nil {
		d := p.errorf("budget-uncounted", where.field("slo"), "gate %q asks for the budget of SLO %q, which only the target counts", name, b.SLO)
		d.Hint = "ask for an SLO whose sli is events"
	}
	if allowed := 100 - slo.Objective; b.BurnRateBelow != nil && allowed > 0 && *b.BurnRateBelow > 100/allowed*(1+1e-9) {
		d := p.warnf("budget-bound", where.field("burnRateBelow"), "gate %q never closes by its burn rate: with an objective of %v %% it is at most %s", name, slo.Objective, decimal(100/allowed))
		d.Hint = "1 spends the budget in exactly the SLO's window; 2 to 14 are usual"
	}
	if b.AtLeast != nil && *b.AtLeast >= 100 {
		d := p.warnf("budget-bound", where.field("atLeast"), "gate %q wants the whole budget: one bad event within %s keeps it closed", name, slo.Over)
		d.Hint = "leave something to spend"
	}
}
