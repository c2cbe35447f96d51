package evidence

import (
	"math"
	"time"
)

// A watch looks at the counters this often, or ten times in a shorter hold, but not more often than least.
const (
	usualTick = 15 * time.Second
	leastTick = time.Second
)

// TickOf is how often a watch over the given holds looks: every 15 seconds, or a tenth of the shortest hold where that is
// less, but at most once a second.
func TickOf(holds ...time.Duration) time.Duration {
	t := usualTick
	for _, h := range holds {
		if h > 0 {
			t = min(t, h/10)
		}
	}
	return max(t.Truncate(time.Millisecond), leastTick)
}

// Part is one of several tests that share an error probability.
type Part struct {
	Weight float64 // relative to the others, > 0
	// Critical parts divide one half among themselves, on top of their share of the other half.
	Critical bool
	// DryRun parts decide nothing: they take nothing away from the others.
	DryRun bool
}

// SplitAlpha divides alpha among the parts, in their order. What those get that decide adds up to alpha at most. A dry run
// gets what it would get if it alone joined them.
func SplitAlpha(alpha float64, parts []Part) []float64 {
	var all, critical float64
	for _, p := range parts {
		if p.DryRun {
			continue
		}
		all += p.Weight
		if p.Critical {
			critical += p.Weight
		}
	}
	out := make([]float64, len(parts))
	for i, p := range parts {
		total, reserved := all, critical
		if p.DryRun {
			total += p.Weight
			if p.Critical {
				reserved += p.Weight
			}
		}
		common := alpha
		if reserved > 0 {
			common /= 2
		}
		out[i] = common * p.Weight / total
		if p.Critical {
			out[i] += common * p.Weight / reserved
		}
	}
	return out
}

// Most returns the natural logarithm of the largest evidence that the robust method can collect in the phases on a side of
// Null, whatever is counted, as long as the requests are split as the phases say: in every tick all failures are the
// canary's (Above), or all are stable's (Below). A tick counts once, so the number of ticks bounds what can be proven.
func (q Question) Most(side Side, phases []Traffic) float64 {
	logs := make([]float64, Points)
	for _, ph := range phases {
		if ph.Canary <= 0 || ph.Stable <= 0 {
			continue
		}
		tr := Trial{CanarySize: ph.Canary, StableSize: ph.Stable}
		base := newArms(q.Null, tr)
		for k := range logs {
			alt := newArms(alternative(side, q.Null, k), tr)
			gain := alt.canary / base.canary
			if side == Below {
				gain = alt.stable / base.stable
			}
			logs[k] += ph.Ticks * math.Log(gain)
		}
	}
	return mixed(logs)
}

// MostShare is Most for one sample: the logarithm of the largest evidence against a failure share of at most Share, when
// every request of every tick fails.
func (q Question) MostShare(ticks float64) float64 {
	tr := Trial{CanarySize: q.Share, StableSize: 1 - q.Share}
	base := newArms(1, tr)
	logs := make([]float64, WidePoints)
	for k := range logs {
		logs[k] = ticks * math.Log(newArms(alternative(Above, 1, k), tr).canary/base.canary)
	}
	return mixed(logs)
}

// Proves says whether a canary that fails exactly as often as stable would be proven, with the wanted chance, to fail less
// than Null times as often. It is the robust method's answer.
func (q Question) Proves(phases []Traffic) bool {
	if q.Null <= 1 {
		return false
	}
	z := quantile(q.Power)
	low := make([]float64, Points)
	for k := range low {
		mean, variance := q.robustMoments(Below, phases, 1, k)
		low[k] = mean - z*math.Sqrt(variance)
	}
	return mixed(low) >= -math.Log(q.Alpha)
}
