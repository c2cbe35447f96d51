package check

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/penstock-dev/penstock/internal/evidence"
	"github.com/penstock-dev/penstock/schema"
)

func powerDocs() []Doc {
	return []Doc{{
		Code:  "low-power",
		Title: "a canary sees only very bad versions",
		What: "With the traffic that `expect` names, the comparison with stable would find a version that fails three times as often in less " +
			"than 80 % of releases; or `require: \"proven-safe\"` would not be shown for most versions that are as good as stable. " +
			"The requests of an SLO are taken to fail as often as `expect.errors` says; those of a latency SLO as often as its objective allows.",
		Why:   "A canary that nobody would fail proves nothing. What it can see depends on failures, not on requests: rate × weight × time × error share.",
		Allow: true,
		Bad:   `stages: production: deploy: canary: analysis: expect: {rps: 5, errors: 0.2}`,
		Good:  `stages: production: deploy: canary: analysis: expect: {rps: 500, errors: 0.2}`,
	}}
}

const (
	// wantedRatio is how many times as often as stable a version may fail and not be found without a warning.
	wantedRatio = 3.0
	// wantedPower is the chance with which it must be found.
	wantedPower = 0.8
)

// power compares what each canary is expected to see with what it should.
func power(p *pass) {
	known := map[string]finding{}
	for _, w := range p.watches() {
		e := w.analysis.Expect
		if !w.stable || e == nil || e.RPS <= 0 || len(w.steps) == 0 {
			continue
		}
		var worst finding
		for _, j := range p.deciding(w.analysis) {
			d, ok := design(w, j, p.pipe.SLOs[j.name])
			if !ok {
				continue
			}
			key := fmt.Sprint(d, w.plan(), w.analysis.RequireOrDefault(), w.analysis.AlphaOrDefault(), j.ProveOrDefault())
			f, seen := known[key]
			if !seen {
				f = judge(w, j, d)
				known[key] = f
			}
			if f.blind || f.unproven {
				f.slo = j.name
			}
			worst = worst.or(f)
		}
		if worst.slo != "" {
			p.lowPower(w, worst)
		}
	}
}

// design is the question that one SLO asks of a watch; false where the expectation does not say what it would be.
func design(w watch, j judged, slo schema.SLO) (evidence.Design, bool) {
	share := w.analysis.Expect.Errors / 100
	if slo.SLI.Latency != nil {
		share = (100 - slo.Objective) / 100
	}
	q := evidence.Question{Method: evidence.Robust, Null: j.TolerateOrDefault(), Share: share, Alpha: j.alpha, Power: wantedPower}
	return evidence.Design{Question: q, RPS: w.analysis.Expect.RPS, Tick: w.tick.Seconds()}, share > 0 && share < 1 && j.alpha > 0
}

// finding is what is wrong with the power of one SLO.
type finding struct {
	slo             schema.SLOName
	design          evidence.Design
	ratio           float64 // the least that is seen
	prove           float64
	blind, unproven bool
}

func judge(w watch, j judged, d evidence.Design) finding {
	f := finding{design: d, prove: j.ProveOrDefault()}
	wanted := max(wantedRatio, 2*d.Null) // whoever tolerates more wants to see more
	if !d.Detects(w.phases(d.RPS), min(wanted, 1/d.Share)) {
		f.blind, f.ratio = true, d.MinRatio(w.plan()...)
		return f
	}
	if w.analysis.RequireOrDefault() == schema.ProvenSafe && w.more == 0 {
		d.Null, d.Alpha = f.prove, w.analysis.AlphaOrDefault()
		f.design = d
		f.unproven = !d.Proves(w.phases(d.RPS))
	}
	return f
}

// or is the worse of two.
func (f finding) or(g finding) finding {
	switch {
	case g.slo == "", f.slo != "" && f.blind && (!g.blind || f.ratio >= g.ratio), f.slo != "" && !g.blind:
		return f
	}
	return g
}

func (p *pass) lowPower(w watch, f finding) {
	where := w.where.field("slos").field(string(f.slo))
	if f.unproven {
		d := p.warnKey("low-power", where, "by SLO %q a version as good as stable is not proven to fail less than %s times as often (%v %% sure)", f.slo, exact(f.prove), 100*wantedPower)
		d.Hint = "hold longer, give it more weight (at most half), raise prove, or require \"no-harm\""
		return
	}
	if math.IsInf(f.ratio, 1) {
		p.seen(p.warnKey("low-power", where, "by SLO %q this canary sees no version, not even one that fails every request (%v %% sure)", f.slo, 100*wantedPower), w, f)
		return
	}
	p.seen(p.warnKey("low-power", where, "by SLO %q this canary only sees a version that fails %s times as often as stable (%v %% sure)", f.slo, decimal(f.ratio), 100*wantedPower), w, f)
}

// seen adds what would do, and what each of several steps sees by itself.
func (p *pass) seen(d *diagnostic, w watch, f finding) {
	d.Hint = remedy(w, f.design)
	if len(w.steps) < 2 || w.every > 0 {
		return
	}
	plan := w.plan()
	for i, s := range w.steps {
		text := "sees nothing by itself"
		if r := f.design.MinRatio(plan[i]); !math.IsInf(r, 1) {
			text = "sees " + decimal(r) + " times by itself"
		}
		if r := p.source.Value(w.in.field("steps").item(s.step).field("weight").String()); !r.IsZero() {
			d.Related = append(d.Related, related(r, fmt.Sprintf("%s %% for %s %s", percent(s.weight), schema.FormatDuration(s.hold), text)))
		}
	}
}

// remedy says which hold or which weight would do.
func remedy(w watch, d evidence.Design) string {
	wanted := max(wantedRatio, 2*d.Null)
	if wanted*d.Share >= 1 {
		return "hold longer, or give it more weight (at most half)"
	}
	i := informative(w.steps)
	step := percent(w.steps[i].weight) + " % step"
	hold, longer := neededHold(w, d, i, wanted)
	weight, more := neededWeight(w, d, i, wanted)
	to := "to see " + decimal(wanted) + " times: "
	switch {
	case longer && w.every > 0:
		return to + "raise every to " + string(schema.FormatDuration(hold))
	case longer && more:
		return to + "hold the " + step + " for " + string(schema.FormatDuration(hold)) + ", or give it " + percent(weight) + " %"
	case longer:
		return to + "hold the " + step + " for " + string(schema.FormatDuration(hold))
	case more:
		return to + "give the " + step + " " + percent(weight) + " %"
	}
	return fmt.Sprintf("no hold of up to %d days shows %s times: judge by an SLO that more requests miss, such as a latency threshold", longestHold/day, decimal(wanted))
}

// informative is the step in which a second of holding shows most: the closest to an even split, of several the last.
func informative(steps []held) int {
	best := 0
	for i, s := range steps {
		if math.Abs(s.weight-0.5) <= math.Abs(steps[best].weight-0.5) {
			best = i
		}
	}
	return best
}

const (
	day         = 24 * time.Hour
	longestHold = 30 * day
)

// neededHold is for how long step i has to be held, or all of them where they have one interval; a duration that somebody
// would write. A longer interval may be looked at less often.
func neededHold(w watch, d evidence.Design, i int, ratio float64) (time.Duration, bool) {
	from := w.every
	if w.every == 0 {
		s, ok := d.NeededHold(w.plan(), i, ratio)
		if !ok || s > longestHold.Seconds() {
			return 0, false
		}
		from = time.Duration(s * float64(time.Second))
	}
	for hold := writable(from); hold <= longestHold; hold = writable(hold + 1) {
		plan := w.plan()
		if w.every > 0 || len(plan) == 1 && !w.open {
			d.Tick = evidence.TickOf(hold).Seconds()
		}
		if w.every == 0 {
			plan[i].Seconds = hold.Seconds()
		} else {
			for k := range plan {
				plan[k].Seconds *= hold.Seconds() / w.every.Seconds()
			}
		}
		if d.Detects(d.Phases(plan...), ratio) {
			return hold, true
		}
	}
	return 0, false
}

// writable is the next longer duration that somebody would write.
func writable(d time.Duration) time.Duration {
	for _, row := range []struct{ upTo, unit time.Duration }{
		{time.Minute, 5 * time.Second}, {10 * time.Minute, time.Minute}, {time.Hour, 5 * time.Minute},
		{4 * time.Hour, 15 * time.Minute}, {2 * day, time.Hour},
	} {
		if up := (d + row.unit - 1) / row.unit * row.unit; up <= row.upTo {
			return up
		}
	}
	return (d + day - 1) / day * day
}

// neededWeight is which weight step i has to be given, at most half and below that of the next step.
func neededWeight(w watch, d evidence.Design, i int, ratio float64) (float64, bool) {
	if w.every > 0 || w.steps[i].weight >= 0.5 {
		return 0, false
	}
	weight, ok := d.NeededWeight(w.plan(), i, ratio)
	if !ok {
		return 0, false
	}
	weight = math.Ceil(weight*100-1e-9) / 100
	if weight > 0.1 {
		weight = math.Ceil(weight*20-1e-9) / 20
	}
	if i+1 < len(w.steps) && weight >= w.steps[i+1].weight {
		return 0, false
	}
	plan := w.plan()
	plan[i].Weight = weight
	return weight, d.Detects(d.Phases(plan...), ratio)
}

// percent writes a share as a percentage.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e6)/1e4, 'f', -1, 64)
}

// exact writes a number as the user did.
func exact(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// decimal writes a ratio with one digit behind the point, and large ones without.
func decimal(v float64) string {
	if v >= 20 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}
