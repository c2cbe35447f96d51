package judge

// Outcome is the end of a watch.
type Outcome string

// The outcomes. Unproven stands for everything that is neither harm nor a pass.
const (
	Pass     Outcome = "pass"
	Harmed   Outcome = "harm"
	Unproven Outcome = "inconclusive"
)

// Conclusion is what the whole watch says.
type Conclusion struct {
	Outcome Outcome `json:"outcome"`
	Require Require `json:"require"`
	// Inconclusive is Config.Inconclusive, handed on when the outcome is Unproven.
	Inconclusive string  `json:"inconclusive,omitempty"`
	Finding      Finding `json:"finding"`
}

// Conclude judges the watch at its end. It passes only when each deciding SLI had numbers in the last tick and in four
// fifths of all, traffic on each version that is compared, the split that was configured, and what cfg.Require asks for.
// Everything that was missing is named in the codes of the finding. The state is not changed.
func Conclude(cfg Config, s *State) Conclusion {
	var st State
	if s != nil {
		st = *s
	}
	if code := st.open(cfg); code != "" {
		f := Finding{Verdict: st.latched(cfg), Elapsed: st.Elapsed, Ticks: st.Ticks, Codes: []Code{code}}
		return conclusion(cfg, f, false)
	}
	cfg = cfg.withDefaults()
	f := st.finding(cfg)
	if st.Ticks == 0 {
		f.Codes = append(f.Codes, NeverWatched)
	}
	deciding, passed := 0, 0
	for i := range st.SLIs {
		st.SLIs[i].conclude(cfg, st.Ticks, &f.SLIs[i])
		if !f.SLIs[i].decides() {
			continue
		}
		deciding++
		if len(f.SLIs[i].Codes) == 0 {
			passed++
		}
	}
	if deciding == 0 {
		f.Codes = append(f.Codes, NothingDecides)
	}
	f.Verdict = overall(f.SLIs)
	return conclusion(cfg, f, deciding > 0 && passed == deciding && len(f.Codes) == 0)
}

func conclusion(cfg Config, f Finding, pass bool) Conclusion {
	c := Conclusion{Outcome: Unproven, Require: cfg.withDefaults().Require, Finding: f}
	switch {
	case f.Verdict == Harm:
		c.Outcome = Harmed
	case pass:
		c.Outcome = Pass
	default:
		c.Inconclusive = cfg.Inconclusive
	}
	return c
}

// conclude adds what stands against a pass of this SLI.
func (w *Watch) conclude(cfg Config, ticks int, f *SLIFinding) {
	f.Seen = w.seen(cfg, *f)
	c := f.Counts
	if c.CanaryTotal == 0 {
		f.addCode(NoTraffic)
	}
	if cfg.Against == AgainstStable && c.StableTotal == 0 {
		f.addCode(NoStableTraffic)
	}
	if c.CanaryTotal < cfg.MinRequests || (cfg.Against == AgainstStable && c.StableTotal < cfg.MinRequests) {
		f.addCode(TooFew)
	}
	if (w.Missing+w.Late+w.Invalid)*5 > ticks {
		f.addCode(Gaps)
	}
	if cfg.Against == AgainstStable && !cfg.Sticky {
		for _, seg := range w.Segments {
			if seg.mismatched() {
				f.addCode(SplitMismatch)
			}
		}
	}
	if cfg.MinSeen > 0 && (f.Seen.Ratio == 0 || f.Seen.Ratio > cfg.MinSeen) {
		f.addCode(TooBlind)
	}
	if f.Verdict == Safe && len(f.Codes) > 0 {
		f.Verdict = Inconclusive
	}
	if cfg.Require == ProvenSafe && f.Verdict != Safe {
		f.addCode(NotProven)
	}
}
