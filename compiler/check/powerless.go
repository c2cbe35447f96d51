package check

import (
	"math"

	"github.com/penstock-dev/penstock/internal/evidence"
	"github.com/penstock-dev/penstock/schema"
)

func powerlessDocs() []Doc {
	return []Doc{
		{
			Code:  "judge-powerless",
			Title: "the judge can never reach a verdict",
			What: "An analysis is so short, or a weight so far above half, that even a version that fails every request could not be proven " +
				"harmful; or `require: \"proven-safe\"` could not be shown even by a version that never fails. Each look at the counters " +
				"counts once, however many requests it saw: every 15 s, or ten times in a shorter hold, but at most once a second.",
			Why:  "The judgement would be for show: nothing that is measured could change what happens.",
			Bad:  `stages: eu: {needs: ["production"], deploy: {workload: "web", in: "eu", canary: {steps: [{weight: 95, hold: "2m"}], analysis: slos: errors: {}}}}`,
			Good: `stages: eu: {needs: ["production"], deploy: {workload: "web", in: "eu", canary: {steps: [{weight: 50, hold: "2m"}], analysis: slos: errors: {}}}}`,
		},
		{
			Code:  "nothing-decides",
			Title: "every SLO is a dry run",
			What:  "An analysis judges by SLOs that all have dryRun, and people are not asked when it ends without a verdict.",
			Why:   "Nothing could be shown by the end, which is inconclusive: every release would go back.",
			Bad:   `stages: production: deploy: canary: analysis: slos: errors: dryRun: true`,
			Good:  "slos: slow: {objective: 95, over: \"7d\", sli: latency: {histogram: \"request_seconds\", below: \"300ms\"}}\nstages: production: deploy: canary: analysis: slos: slow: dryRun: true",
		},
		{
			Code:  "minimum-unreachable",
			Title: "fewer requests than the minimum are expected",
			What:  "An analysis wants more requests to a version than `expect.rps` brings in all its holds.",
			Why:   "Each release would end without a verdict.",
			Allow: true,
			Bad:   `stages: production: deploy: canary: analysis: {expect: {rps: 500, errors: 0.2}, minimum: 1000000}`,
			Good:  `stages: production: deploy: canary: analysis: {expect: {rps: 500, errors: 0.2}, minimum: 10000}`,
		},
	}
}

// powerless checks that each analysis can come to a verdict at all.
func powerless(p *pass) {
	for _, w := range p.watches() {
		all := p.deciding(w.analysis)
		if len(all) == 0 {
			if known(p, w.analysis) && w.analysis.InconclusiveOrDefault() != schema.InconclusiveApprove {
				p.errorf("nothing-decides", w.where.field("slos"), "every SLO is a dry run: no release could pass").Hint = "remove dryRun from the one that should decide, or ask people: inconclusive: \"approve\""
			}
			continue
		}
		for _, j := range all {
			if p.cannot(w, j) {
				break // the same hold would do for the others
			}
		}
		p.tooFew(w)
	}
}

// known says that an analysis names only SLOs that exist: those that don't may be the ones that decide.
func known(p *pass, a *schema.Analysis) bool {
	for name := range a.SLOs {
		if _, ok := p.pipe.SLOs[name]; !ok {
			return false
		}
	}
	return true
}

// slack is how much evidence, as a logarithm, a chance split of few requests may add to what the planned one allows.
const slack = 1.0

// cannot reports that an SLO can neither show harm nor, where that is asked for, safety.
func (p *pass) cannot(w watch, j judged) bool {
	where := w.where.field("slos").field(string(j.name))
	if p.tolerated(j) >= 1 {
		d := p.errorKey("judge-powerless", where, "SLO %q tolerates %s times an error budget of %s %%: every request may fail", j.name,
			exact(j.TolerateOrDefault()), decimal(100-p.pipe.SLOs[j.name].Objective))
		d.Hint = "without a stable version it is judged by its objective: tolerate less, or aim higher"
		return true
	}
	if w.open || w.ample(j) {
		return false
	}
	ticks, most := p.mostHarm(w, j)
	if proof := -math.Log(j.alpha); most+allowance(w) < proof {
		d := p.errorKey("judge-powerless", where, "by SLO %q no version could be proven harmful, not even one that fails every request: %s evidence of at most %s:1, proof is %s:1",
			j.name, looked(ticks), decimal(math.Exp(most)), decimal(1/j.alpha))
		d.Hint = "hold longer"
		if w.stable {
			d.Hint = "hold longer, at a weight of at most half"
		}
		return true
	}
	if !w.stable || w.analysis.RequireOrDefault() != schema.ProvenSafe {
		return false
	}
	q := evidence.Question{Method: evidence.Robust, Null: j.ProveOrDefault()}
	most = q.Most(evidence.Below, w.looks())
	if alpha := w.analysis.AlphaOrDefault(); most+allowance(w) < -math.Log(alpha) {
		d := p.errorKey("judge-powerless", where, "by SLO %q no version could be proven to fail less than %s times as often as stable, not even one that never fails: %s evidence of at most %s:1, proof is %s:1",
			j.name, exact(j.ProveOrDefault()), looked(ticks), decimal(math.Exp(most)), decimal(1/alpha))
		d.Hint = "hold longer, give it more weight, raise prove, or require \"no-harm\""
		return true
	}
	return false
}

// ample says of most watches, without much arithmetic, that they can find harm: at a weight of at most half a look can
// give evidence of about 1.6:1 and more, whatever else is asked.
func (w watch) ample(j judged) bool {
	if !w.stable || w.analysis.RequireOrDefault() == schema.ProvenSafe || j.TolerateOrDefault() > schema.DefaultTolerate {
		return false
	}
	for _, s := range w.steps {
		if s.weight <= 0.5 && s.hold >= 20*w.tick && j.alpha >= 0.001 {
			return true
		}
	}
	return false
}

func looked(ticks float64) string {
	if ticks == 1 {
		return "one look gives"
	}
	return decimal(ticks) + " looks give"
}

func allowance(w watch) float64 {
	if w.stable {
		return slack
	}
	return 0
}

// mostHarm is how often a watch looks at most, and the most that it can find against the new version.
func (p *pass) mostHarm(w watch, j judged) (ticks, most float64) {
	looks := w.looks()
	for _, l := range looks {
		ticks += l.Ticks
	}
	if w.stable {
		return ticks, evidence.Question{Method: evidence.Robust, Null: j.TolerateOrDefault()}.Most(evidence.Above, looks)
	}
	budget := p.tolerated(j)
	if budget >= 1 || budget <= 0 {
		return ticks, math.Inf(1)
	}
	return ticks, evidence.Question{Share: budget}.MostShare(ticks)
}

// tolerated is the share of its requests that a version may fail where it is judged by its objective.
func (p *pass) tolerated(j judged) float64 {
	return (100 - p.pipe.SLOs[j.name].Objective) / 100 * j.TolerateOrDefault()
}

// looks are the most looks that a watch takes, by step: a shift ends the one that is under way.
func (w watch) looks() []evidence.Traffic {
	out := make([]evidence.Traffic, len(w.steps))
	for i, s := range w.steps {
		hold := s.hold
		if i == len(w.steps)-1 {
			hold += w.more
		}
		out[i] = evidence.Traffic{Canary: s.weight, Stable: 1 - s.weight, Ticks: math.Ceil(hold.Seconds()/w.tick.Seconds()) + 1}
	}
	return out
}

// tooFew compares the minimum with the requests that are expected.
func (p *pass) tooFew(w watch) {
	e := w.analysis.Expect
	if e == nil || w.open || w.analysis.Minimum == nil {
		return
	}
	var canary, stable float64
	for _, s := range w.steps {
		all := e.RPS * s.hold.Seconds()
		canary, stable = canary+all*s.weight, stable+all*(1-s.weight)
	}
	canary += e.RPS * w.more.Seconds()
	version, least := "new", canary
	if w.stable && stable < canary {
		version, least = "stable", stable
	}
	if minimum := float64(*w.analysis.Minimum); least < minimum {
		d := p.warnf("minimum-unreachable", w.where.field("minimum"), "the %s version is expected to get %.0f requests, fewer than the minimum of %.0f", version, least, minimum)
		d.Hint = "hold longer, or lower the minimum"
	}
}
