package check

import (
	"math"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/internal/evidence"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

// watch is what an analysis watches, as lowering plans it and the judge sees it.
type watch struct {
	// where is the path of the analysis, holdAt that of the hold that could be longer.
	where, holdAt *at
	analysis      schema.Analysis
	// stable says that the new version is compared with the stable one, in steps; otherwise with the objective, in one.
	stable bool
	steps  []held
	// every says that one interval is the hold of all steps.
	every bool
	tick  time.Duration
	// open says that it also watches for a time that nobody knows beforehand: while people are asked or a command runs.
	open bool
	// more is how much longer it may watch when it ends without a verdict.
	more time.Duration
}

// held is a step with a share of everybody's traffic.
type held struct {
	where  *at
	weight float64 // between 0 and 1
	hold   time.Duration
}

// mostHeld bounds the steps that are looked at one by one: a linear strategy may have a thousand.
const mostHeld = 40

// watches calls f for everything that is judged by SLOs, in the order of the stages.
func (p *pass) watches(f func(watch)) {
	for i, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		w, found := watchOf(p.paths[i], s)
		if !found || len(w.analysis.SLOs) == 0 {
			continue
		}
		for _, g := range s.Gates {
			w.open = w.open || g.ErrorBudget != nil && s.Deploy != nil // asked again between steps
		}
		if w.analysis.InconclusiveOrDefault() == schema.InconclusiveHold {
			w.more = s.TimeoutOrDefault().Value()
		}
		f(w)
	}
}

func watchOf(stage *at, s schema.Stage) (watch, bool) {
	if v := s.Verify; v != nil {
		where := stage.field("verify")
		return whole(where, where.field("hold"), v.Analysis(), v.Hold), true
	}
	if s.Deploy == nil {
		return watch{}, false
	}
	d, where := s.Deploy, stage.field("deploy")
	switch {
	case d.AllAtOnce != nil && d.AllAtOnce.Analysis != nil:
		where = where.field("allAtOnce")
		return whole(where.field("analysis"), where.field("hold"), *d.AllAtOnce.Analysis, d.AllAtOnce.Hold), true
	case d.Rolling != nil && d.Rolling.Analysis != nil:
		where = where.field("rolling")
		return whole(where.field("analysis"), where.field("hold"), *d.Rolling.Analysis, d.Rolling.Hold), true
	case d.BlueGreen != nil && d.BlueGreen.After != nil && d.BlueGreen.After.Analysis != nil:
		where = where.field("blueGreen").field("after")
		return whole(where.field("analysis"), where.field("hold"), *d.BlueGreen.After.Analysis, d.BlueGreen.After.Hold), true
	case d.Canary != nil && d.Canary.Analysis != nil:
		return canaryWatch(where.field("canary"), d.Canary), true
	case d.Linear != nil && d.Linear.Analysis != nil && d.Linear.Step >= leastStep && d.Linear.Step < 100:
		return linearWatch(where.field("linear"), d.Linear), true
	}
	return watch{}, false
}

func whole(where, holdAt *at, a schema.Analysis, hold schema.Duration) watch {
	d := hold.Value()
	return watch{where: where, holdAt: holdAt, analysis: a, steps: []held{{holdAt, 1, d}}, tick: evidence.TickOf(d)}
}

func canaryWatch(where *at, c *schema.Canary) watch {
	w := watch{where: where.field("analysis"), holdAt: where.field("steps"), analysis: *c.Analysis, stable: true}
	var holds []time.Duration
	for i, s := range c.Steps {
		hold := s.Hold.Value()
		holds = append(holds, hold)
		if s.Approve != nil || s.Match != nil || s.Mirror != nil || s.During != nil {
			w.open = true // whoever matches is not a share that can be known
		}
		if s.Weight != nil && *s.Weight > 0 && *s.Weight < 100 {
			w.steps = append(w.steps, held{where.field("steps").item(i).field("weight"), *s.Weight / 100, hold})
		}
	}
	w.tick = evidence.TickOf(holds...)
	return w
}

// linearWatch has the steps of a linear strategy; of very many, neighbours are taken together.
func linearWatch(where *at, l *schema.Linear) watch {
	w := watch{
		where: where.field("analysis"), holdAt: where.field("every"), analysis: *l.Analysis, stable: true, every: true,
		tick: evidence.TickOf(l.Every.Value()),
	}
	n := int(math.Ceil(100/l.Step)) - 1
	together := (n + mostHeld - 1) / mostHeld
	for k := 1; k <= n; k += max(together, 1) {
		last := min(k+together-1, n)
		weight := l.Step * float64(k+last) / 2 / 100
		w.steps = append(w.steps, held{w.holdAt, weight, l.Every.Value() * time.Duration(last-k+1)})
	}
	return w
}

// judged is an SLO that decides, with its part of alpha.
type judged struct {
	name schema.SLOName
	schema.Judgement
	alpha float64
}

// deciding are the known SLOs that are no dry run, sorted.
func (p *pass) deciding(a schema.Analysis) []judged {
	var parts []evidence.Part
	all := names.Sorted(a.SLOs)
	for _, name := range all {
		j := a.SLOs[schema.SLOName(name)]
		parts = append(parts, evidence.Part{Weight: j.WeightOrDefault(), Critical: j.Critical, DryRun: j.DryRun})
	}
	var out []judged
	for i, alpha := range evidence.SplitAlpha(a.AlphaOrDefault(), parts) {
		name := schema.SLOName(all[i])
		if _, known := p.pipe.SLOs[name]; known && !parts[i].DryRun {
			out = append(out, judged{name, a.SLOs[name], alpha})
		}
	}
	return slices.Clip(out)
}

// phases are the steps as the mathematics takes them, with the given requests per second.
func (w watch) phases(rps float64) []evidence.Traffic {
	d := evidence.Design{RPS: rps, Tick: w.tick.Seconds()}
	return d.Phases(w.plan()...)
}

func (w watch) plan() []evidence.Step {
	out := make([]evidence.Step, len(w.steps))
	for i, s := range w.steps {
		out[i] = evidence.Step{Weight: s.weight, Seconds: s.hold.Seconds()}
	}
	return out
}
