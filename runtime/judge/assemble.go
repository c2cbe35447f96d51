package judge

import "slices"

// finding reads the state out. Codes are about the tick that was just refused.
func (s *State) finding(cfg Config, codes ...Code) Finding {
	f := Finding{Elapsed: s.Elapsed, Ticks: s.Ticks, Codes: codes, SLIs: make([]SLIFinding, len(s.SLIs))}
	alphas := cfg.Alphas()
	for i := range s.SLIs {
		f.SLIs[i] = s.SLIs[i].finding(cfg, cfg.SLIs[i], alphas[i], s.Weight)
	}
	f.Verdict = overall(f.SLIs)
	return f
}

// overall is harm when one deciding SLI shows harm, safe when each deciding SLI is proven safe.
func overall(slis []SLIFinding) Verdict {
	deciding, safe := 0, 0
	for _, f := range slis {
		if !f.decides() {
			continue
		}
		deciding++
		if f.Verdict == Harm {
			return Harm
		}
		if f.Verdict == Safe {
			safe++
		}
	}
	if deciding > 0 && safe == deciding {
		return Safe
	}
	return Inconclusive
}

func (w *Watch) finding(cfg Config, sli SLI, alpha, weight float64) SLIFinding {
	f := SLIFinding{
		Name: w.Name, Verdict: Inconclusive, Critical: sli.Critical, DryRun: sli.DryRun, Against: cfg.Against,
		Counts: w.Totals(), Expected: w.Expected, Tolerate: sli.Tolerate, Safe: sli.Safe,
		HarmLog: w.Harm.Log(), HarmPeak: w.Peak, SafeLog: w.Safe.Log(),
		HarmAlpha: alpha, SafeAlpha: cfg.Alpha, HarmAt: w.HarmAt,
	}
	if cfg.Against == AgainstObjective {
		f.Budget = sli.budget()
	}
	if w.Last != "" {
		f.Codes = append(f.Codes, w.Last)
	}
	if cfg.Against == AgainstStable && !cfg.Sticky {
		for _, seg := range w.Segments {
			if seg.Weight == weight && seg.mismatched() {
				f.Codes = append(f.Codes, SplitMismatch)
			}
		}
	}
	switch {
	case w.HarmAt != nil:
		f.Verdict = Harm
	case len(f.Codes) == 0 && w.Safe.Exceeds(cfg.Alpha):
		f.Verdict = Safe
	}
	return f
}

// addCode appends a code that is not there yet.
func (f *SLIFinding) addCode(c Code) {
	if !slices.Contains(f.Codes, c) {
		f.Codes = append(f.Codes, c)
	}
}
