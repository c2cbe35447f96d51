package judge

import (
	"math"

	"github.com/penstock-dev/penstock/internal/evidence"
)

// Observe adds one tick to the evidence and returns what it says now. A tick that cannot be used (repeated, impossible, under
// another config) changes nothing and is named in the finding's codes.
func (s *State) Observe(cfg Config, t Tick) Finding {
	if code := s.open(cfg); code != "" {
		return Finding{Verdict: s.latched(cfg), Elapsed: s.Elapsed, Ticks: s.Ticks, Codes: []Code{code}}
	}
	cfg = cfg.withDefaults()
	if !finite(t.Elapsed) || t.Elapsed < 0 || !isWeight(t.Weight) {
		return s.finding(cfg, InvalidTick)
	}
	if s.Ticks > 0 && t.Elapsed <= s.Elapsed {
		return s.finding(cfg, RepeatedTick)
	}
	since := s.Elapsed
	s.Ticks++
	s.Elapsed, s.Weight = t.Elapsed, t.Weight
	alphas := cfg.Alphas()
	for i := range s.SLIs {
		c, ok := t.Counts[s.SLIs[i].Name]
		c.Missing = c.Missing || !ok
		s.SLIs[i].observe(look{cfg: cfg, sli: cfg.SLIs[i], alpha: alphas[i], tick: t, since: since}, c)
	}
	return s.finding(cfg)
}

// open makes an empty state ready and refuses a config that is not the state's own.
func (s *State) open(cfg Config) Code {
	if s.Config == "" {
		fresh, err := NewState(cfg)
		if err != nil {
			return InvalidConfig
		}
		*s = *fresh
		return ""
	}
	if cfg.withDefaults().fingerprint() != s.Config || len(cfg.SLIs) != len(s.SLIs) {
		return ConfigChanged
	}
	return ""
}

// latched is the verdict of a state that cannot be read under cfg: harm that a deciding SLI has shown stays.
func (s *State) latched(cfg Config) Verdict {
	dry := map[string]bool{}
	for _, sli := range cfg.SLIs {
		dry[sli.Name] = sli.DryRun
	}
	for i := range s.SLIs {
		if s.SLIs[i].HarmAt != nil && !dry[s.SLIs[i].Name] {
			return Harm
		}
	}
	return Inconclusive
}

// look is what the observation of one SLI is made under.
type look struct {
	cfg   Config
	sli   SLI
	alpha float64
	tick  Tick
	since float64 // when the tick before this one ended, in seconds; 0 for the first
}

// due reports whether a version that had so many requests until this tick must have expected some in it. The first tick of a
// watch is due some in any case; one that was cut short is due its share.
func (l look) due(past float64) bool {
	return l.since == 0 || past*(l.tick.Elapsed-l.since)/l.since >= due
}

func (w *Watch) observe(l look, c Counts) {
	w.Last = ""
	sum := w.Totals()
	sum.add(c)
	switch {
	case c.Missing:
		w.Missing++
		w.Last = NoSeries
		return
	case c.Late:
		w.Late++
		w.Last = Stale
		return
	case !c.valid() || !sum.valid():
		w.Invalid++
		w.Last = InvalidCounts
		return
	}
	w.Last = w.quiet(l, c)
	seg := w.segment(l.tick.Weight)
	seg.Counts.add(c)
	if l.cfg.Against == AgainstObjective {
		w.budget(seg, l.sli, c)
	} else {
		w.compare(seg, c)
	}
	w.Peak = max(w.Peak, w.Harm.Log())
	if w.HarmAt == nil && w.Harm.Exceeds(l.alpha) {
		at := l.tick.Elapsed
		w.HarmAt = &at
	}
}

// allFail stands for "every request": a test against a share of exactly 1 has no alternative on its other side.
const allFail = 0.999

// compare adds a tick of both versions.
func (w *Watch) compare(seg *Segment, c Counts) {
	if c.CanaryTotal == 0 || c.StableTotal == 0 {
		return
	}
	seg.Ticks++
	bad := float64(c.CanaryBad) + float64(c.StableBad)
	w.Expected += float64(bad * float64(c.CanaryTotal) / c.total())
	tr := evidence.Trial{
		CanarySize: float64(c.CanaryTotal), StableSize: float64(c.StableTotal),
		CanaryHits: float64(c.CanaryBad), StableHits: float64(c.StableBad),
	}
	w.Harm.Observe(tr)
	w.Safe.Observe(tr)
}

// budget adds a tick of the canary alone.
func (w *Watch) budget(seg *Segment, sli SLI, c Counts) {
	if c.CanaryTotal == 0 {
		return
	}
	seg.Ticks++
	w.Expected += float64(float64(c.CanaryTotal) * sli.budget())
	w.Harm.Observe(budgetTrial(sli.Tolerate*sli.budget(), c))
	w.Safe.Observe(budgetTrial(min(sli.Safe*sli.budget(), allFail), c))
}

// budgetTrial is the one-sample trial of the canary against a failure share.
func budgetTrial(share float64, c Counts) evidence.Trial {
	return evidence.Trial{
		CanarySize: share, StableSize: 1 - share,
		CanaryHits: float64(c.CanaryBad), StableHits: float64(c.CanaryTotal - c.CanaryBad),
	}
}

// due is how many requests must have been expected before their absence is called missing traffic.
const due = 5

// quiet says whether a version got no requests in a tick in which it was due some: by the weight when the other one was
// served, by the mean of the watch so far when neither was. The first ticks of a watch are due some in any case.
func (w *Watch) quiet(l look, c Counts) Code {
	past := w.Totals()
	if l.cfg.Against == AgainstObjective {
		if c.CanaryTotal == 0 && l.due(float64(past.CanaryTotal)) {
			return NoTraffic
		}
		return ""
	}
	weight := l.tick.Weight / 100
	switch {
	case c.total() == 0 && l.due(past.total()):
		return NoTraffic
	case c.CanaryTotal == 0 && weight*c.total() >= due:
		return NoTraffic
	case c.StableTotal == 0 && (1-weight)*c.total() >= due:
		return NoStableTraffic
	}
	return ""
}

// splitAlpha is the chance that a correct split is called wrong, per weight, and splitSlack by how much the odds must be off
// before it matters: a proxy that gives 5.1 instead of 5 % is no finding, however certain it is.
const (
	splitAlpha = 0.001
	splitSlack = 1.25
)

// mismatched says whether the segment's requests were proven to be split otherwise than configured.
func (seg Segment) mismatched() bool {
	if seg.Weight <= 0 || seg.Weight >= 100 {
		return false
	}
	w, nc, nb := seg.Weight/100, float64(seg.Counts.CanaryTotal), float64(seg.Counts.StableTotal)
	if nc+nb == 0 {
		return false
	}
	if off := nc * (1 - w) / (nb * w); off < splitSlack && off > 1/splitSlack {
		return false
	}
	return evidence.SplitLog(w, nc, nb) >= -math.Log(splitAlpha)
}
