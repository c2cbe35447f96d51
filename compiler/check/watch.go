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
	// where is the path of the analysis, in that of what it belongs to.
	where, in *at
	analysis  *schema.Analysis
	// stable says that the new version is compared with the stable one, in steps; otherwise with the objective, in one.
	stable bool
	steps  []held
	// every is the one interval of a linear strategy, after which the next step follows.
	every time.Duration
	tick  time.Duration
	// open says that it also watches for a time that nobody knows beforehand: while people are asked or a command runs.
	open bool
	// more is how much longer it may watch when it ends without a verdict.
	more time.Duration
}

// held is a step with a share of everybody's traffic.
type held struct {
	step   int     // its place in the canary's steps
	weight float64 // between 0 and 1
	hold   time.Duration
}

// mostHeld bounds the steps that are looked at one by one: a linear strategy may have a thousand.
const mostHeld = 40

// watches are all that are judged by SLOs, in the order of the stages.
func (p *pass) watches() []watch {
	if p.watched != nil {
		return p.watched
	}
	p.watched = []watch{}
	for i := range p.stages {
		s := &p.defs[i]
		if s.Deploy == nil && s.Verify == nil {
			continue
		}
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
		p.watched = append(p.watched, w)
	}
	return p.watched
}

func watchOf(stage *at, s *schema.Stage) (watch, bool) {
	if s.Verify != nil {
		a, where := s.Verify.Analysis(), stage.field("verify")
		return wholeWatch(where, where, &a, s.Verify.Hold), true
	}
	d, where := s.Deploy, stage.field("deploy")
	switch {
	case d.AllAtOnce != nil && d.AllAtOnce.Analysis != nil:
		where = where.field("allAtOnce")
		return wholeWatch(where, where.field("analysis"), d.AllAtOnce.Analysis, d.AllAtOnce.Hold), true
	case d.Rolling != nil && d.Rolling.Analysis != nil:
		where = where.field("rolling")
		return wholeWatch(where, where.field("analysis"), d.Rolling.Analysis, d.Rolling.Hold), true
	case d.BlueGreen != nil && d.BlueGreen.After != nil && d.BlueGreen.After.Analysis != nil:
		where = where.field("blueGreen").field("after")
		return wholeWatch(where, where.field("analysis"), d.BlueGreen.After.Analysis, d.BlueGreen.After.Hold), true
	case d.Canary != nil && d.Canary.Analysis != nil:
		return canaryWatch(where.field("canary"), d.Canary), true
	case d.Linear != nil && d.Linear.Analysis != nil && d.Linear.Step >= leastStep && d.Linear.Step < 100:
		return linearWatch(where.field("linear"), d.Linear), true
	}
	return watch{}, false
}

func wholeWatch(in, where *at, a *schema.Analysis, hold schema.Duration) watch {
	d := hold.Value()
	return watch{where: where, in: in, analysis: a, steps: []held{{0, 1, d}}, tick: evidence.TickOf(d)}
}

func canaryWatch(where *at, c *schema.Canary) watch {
	w := watch{where: where.field("analysis"), in: where, analysis: c.Analysis, stable: true, steps: make([]held, 0, len(c.Steps))}
	shortest := time.Duration(0)
	for i, s := range c.Steps {
		hold := s.Hold.Value()
		if hold > 0 && (shortest == 0 || hold < shortest) {
			shortest = hold
		}
		if s.Approve != nil || s.Match != nil || s.Mirror != nil || s.During != nil {
			w.open = true // whoever matches is not a share that can be known
		}
		if s.Weight != nil && *s.Weight > 0 && *s.Weight < 100 {
			w.steps = append(w.steps, held{i, *s.Weight / 100, hold})
		}
	}
	w.tick = evidence.TickOf(shortest)
	return w
}

// steps is how many steps a linear strategy takes before the new version gets everything.
func steps(l *schema.Linear) int { return int(math.Ceil(100/l.Step)) - 1 }

// linearWatch has the steps of a linear strategy; of very many, neighbours are taken together.
func linearWatch(where *at, l *schema.Linear) watch {
	w := watch{
		where: where.field("analysis"), in: where, analysis: l.Analysis, stable: true, every: l.Every.Value(),
		tick: evidence.TickOf(l.Every.Value()),
	}
	n := steps(l)
	together := (n + mostHeld - 1) / mostHeld
	for k := 1; k <= n; k += max(together, 1) {
		last := min(k+together-1, n)
		weight := l.Step * float64(k+last) / 2 / 100
		w.steps = append(w.steps, held{k, weight, l.Every.Value() * time.Duration(last-k+1)})
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
func (p *pass) deciding(a *schema.Analysis) []judged {
	if len(a.SLOs) == 1 {
		return p.alone(a)
	}
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

// alone is the only SLO, with all of alpha.
func (p *pass) alone(a *schema.Analysis) []judged {
	for name, j := range a.SLOs {
		if _, known := p.pipe.SLOs[name]; known && !j.DryRun {
			return []judged{{name, j, a.AlphaOrDefault()}}
		}
	}
	return nil
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
