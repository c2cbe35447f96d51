package evidence

import "math"

// mixtureCost is what the closed form takes the average over the grid to cost against knowing the ratio beforehand, in natural
// logarithms: about four neighbouring alternatives share the evidence of sixteen. Simulations bear it out down to ratios of
// about 1.3; below 1.25 no alternative of the grid lies near and the closed form promises too much.
const mixtureCost = 2 * math.Ln2

// Traffic is what the two arms serve in one phase of a rollout.
type Traffic struct {
	Canary, Stable float64 // requests in the whole phase
	Ticks          float64 // looks in the phase; the binomial method does without
}

// Question is what a detection is asked of: how sure, against which claim, at which failure share of stable.
type Question struct {
	Method Method
	Null   float64 // the tolerated ratio, usually 1
	Share  float64 // stable's failure share, 0 < Share < 1
	Alpha  float64 // evidence of 1/Alpha counts as proven
	Power  float64 // wanted chance of detection, for example 0.8
}

// MinRatio returns the smallest ratio of failure shares that the traffic would show with the wanted chance: the detectable
// effect. Phases with different weights add up. It is +Inf when no ratio up to 1/Share is enough:
// not even a canary that fails every request would be seen.
//
// For the binomial method it is a closed form: n failures in a phase carry on average n*KL evidence with variance n*V, and
// the sum has to exceed ln(1/alpha) plus the cost of the mixture by the normal quantile of the wanted power. For the robust
// method mean and variance are computed per tick for each alternative of the grid, and their lower ends are mixed as the
// evidence itself is.
func (q Question) MinRatio(phases []Traffic) float64 {
	lo, hi := q.Null, 1/q.Share
	if hi <= lo || !q.Detects(phases, hi) {
		return math.Inf(1)
	}
	for hi/lo > 1.001 {
		mid := math.Sqrt(lo * hi)
		if q.Detects(phases, mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// Detects says whether a canary that fails ratio times as often as stable would be proven harmful with the wanted chance.
func (q Question) Detects(phases []Traffic, ratio float64) bool {
	if ratio <= q.Null {
		return false
	}
	z := quantile(q.Power)
	if q.Method == Binomial {
		mean, variance := q.binomialMoments(phases, ratio)
		return mean-mixtureCost+math.Log(q.Alpha) >= z*math.Sqrt(variance)
	}
	low := make([]float64, Points)
	for k := range low {
		mean, variance := q.robustMoments(Above, phases, ratio, k)
		low[k] = mean - z*math.Sqrt(variance)
	}
	return mixed(low) >= -math.Log(q.Alpha)
}

// mixed is the logarithm of the mean of the alternatives' evidence.
func mixed(logs []float64) float64 { return logSumExp(logs) - math.Log(float64(len(logs))) }

func (q Question) binomialMoments(phases []Traffic, ratio float64) (mean, variance float64) {
	for _, ph := range phases {
		if ph.Canary <= 0 || ph.Stable <= 0 {
			continue
		}
		tr := Trial{CanarySize: ph.Canary, StableSize: ph.Stable}
		base, alt := newArms(q.Null, tr), newArms(ratio, tr)
		n := q.Share * (ratio*ph.Canary + ph.Stable)
		up, down := math.Log(alt.canary/base.canary), math.Log(alt.stable/base.stable)
		mean += n * (alt.canary*up + alt.stable*down)
		variance += n * alt.canary * alt.stable * (up - down) * (up - down)
	}
	return mean, variance
}

// robustMoments returns mean and variance of what the k-th alternative of the grid on a side of Null collects.
func (q Question) robustMoments(side Side, phases []Traffic, ratio float64, k int) (mean, variance float64) {
	for _, ph := range phases {
		if ph.Canary <= 0 || ph.Stable <= 0 || ph.Ticks <= 0 {
			continue
		}
		tr := Trial{CanarySize: ph.Canary / ph.Ticks, StableSize: ph.Stable / ph.Ticks}
		null := boundary(Robust, side, q.Null, tr)
		base, truth, alt := newArms(null, tr), newArms(ratio, tr), newArms(alternative(side, null, k), tr)
		fails := q.Share * (ratio*ph.Canary + ph.Stable) / ph.Ticks
		m, v := tickMoments(fails, truth.canary, alt.canary/base.canary, alt.stable/base.stable)
		mean += ph.Ticks * m
		variance += ph.Ticks * v
	}
	return mean, variance
}

// tickMoments returns mean and variance of the logarithm of the robust factor over one tick with a Poisson number of
// failures of the given mean, each the canary's with chance theta. Given that there are failures at all, their number is
// taken as its mean: between two whole numbers both are weighed.
func tickMoments(fails, theta, up, down float64) (mean, variance float64) {
	active := -math.Expm1(-fails)
	if active <= 0 {
		return 0, 0
	}
	x := fails / active
	var first, second float64
	add := func(weight, y float64) {
		l := math.Log(y*up + (1-y)*down)
		first += weight * l
		second += weight * l * l
	}
	whole := math.Floor(x)
	partPoints(whole, theta, whole+1-x, add)
	partPoints(whole+1, theta, x-whole, add)
	mean = active * first
	return mean, max(0, active*second-mean*mean)
}

// normalFrom is the variance from which on a binomial count is taken as normal.
const normalFrom = 32

// partPoints calls add with shares y of n trials that succeed with chance p each, and their chance times scale: exactly
// where the count is skewed, at points of the normal distribution where it is not.
func partPoints(n, p, scale float64, add func(weight, y float64)) {
	switch {
	case scale <= 0 || n <= 0:
	case p >= 1:
		add(scale, 1)
	case n*p*(1-p) > normalFrom:
		normalPoints(p, math.Sqrt(p*(1-p)/n), func(weight, y float64) { add(scale*weight, y) })
	case p > 0.5: // few misses
		binomialPoints(n, 1-p, scale, func(weight, y float64) { add(weight, 1-y) })
	default:
		binomialPoints(n, p, scale, add)
	}
}

// binomialPoints calls add with every share j/n and its binomial chance times scale.
func binomialPoints(n, theta, scale float64, add func(weight, y float64)) {
	p := scale * math.Pow(1-theta, n)
	last := n * theta
	last = min(n, last+12*math.Sqrt(last)+24) // beyond lies nothing
	for j := 0.0; j <= last; j++ {
		if p > 0 {
			add(p, j/n)
		}
		p *= (n - j) / (j + 1) * theta / (1 - theta)
	}
}

// normalPoints calls add with shares spread over five standard deviations around mean, cut off at 0 and 1.
func normalPoints(mean, sd float64, add func(weight, y float64)) {
	const half, reach = 12, 5.0
	var total float64
	for i := -half; i <= half; i++ {
		u := reach * float64(i) / half
		total += math.Exp(-u * u / 2)
	}
	for i := -half; i <= half; i++ {
		u := reach * float64(i) / half
		add(math.Exp(-u*u/2)/total, min(1, max(0, mean+u*sd)))
	}
}

// quantile is the standard normal quantile.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
