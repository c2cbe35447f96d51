package evidence

import "math"

// MinShare returns the smallest failure share of the canary alone that would be proven to lie above Share, the failure share
// allowed to it, with the wanted chance. The test is the robust one on the wide grid ([NewWide]); Stable of the phases is not
// read. It is +Inf when not even a canary that fails every request would be.
func (q Question) MinShare(phases []Traffic) float64 {
	lo, hi := q.Share, 1.0
	if !q.exceeds(phases, hi) {
		return math.Inf(1)
	}
	for hi/lo > 1.001 {
		mid := math.Sqrt(lo * hi)
		if q.exceeds(phases, mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

func (q Question) exceeds(phases []Traffic, share float64) bool {
	z := quantile(q.Power)
	low := make([]float64, WidePoints)
	tr := Trial{CanarySize: q.Share, StableSize: 1 - q.Share}
	base := newArms(1, tr)
	for k := range low {
		alt := newArms(alternative(Above, 1, k), tr)
		up, down := alt.canary/base.canary, alt.stable/base.stable
		var mean, variance float64
		for _, ph := range phases {
			if ph.Canary <= 0 || ph.Ticks <= 0 {
				continue
			}
			m, v := shareMoments(ph.Canary/ph.Ticks, share, up, down)
			mean += ph.Ticks * m
			variance += ph.Ticks * v
		}
		low[k] = mean - z*math.Sqrt(variance)
	}
	return mixed(low) >= -math.Log(q.Alpha)
}

// shareMoments returns mean and variance of the logarithm of the robust factor over a tick of n requests that fail with the
// given chance each.
func shareMoments(n, share, up, down float64) (mean, variance float64) {
	var first, second float64
	add := func(weight, y float64) {
		l := math.Log(y*up + (1-y)*down)
		first += weight * l
		second += weight * l * l
	}
	partPoints(max(1, math.Round(n)), share, 1, add)
	return first, max(0, second-first*first)
}
