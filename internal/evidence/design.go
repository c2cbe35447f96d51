package evidence

import "math"

// Step is one planned step of a canary.
type Step struct {
	Weight  float64 // the canary's share of the requests, 0 < Weight < 1
	Seconds float64 // how long it is held
}

// Design is a planned canary: the question together with the service's traffic.
type Design struct {
	Question
	RPS  float64 // requests per second of the whole service
	Tick float64 // seconds between two looks; the binomial method does without
}

// Traffic returns what the two arms serve in one step.
func (d Design) Traffic(s Step) Traffic {
	all := d.RPS * s.Seconds
	tr := Traffic{Canary: all * s.Weight, Stable: all * (1 - s.Weight)}
	if d.Tick > 0 {
		tr.Ticks = s.Seconds / d.Tick
	}
	return tr
}

// MinRatio returns the smallest ratio that the steps together would show, as [Question.MinRatio] does. One step alone gives
// the answer for that step.
func (d Design) MinRatio(steps ...Step) float64 { return d.Question.MinRatio(d.Phases(steps...)) }

// Phases returns what the two arms serve in each step.
func (d Design) Phases(steps ...Step) []Traffic {
	out := make([]Traffic, len(steps))
	for i, s := range steps {
		out[i] = d.Traffic(s)
	}
	return out
}

// longest bounds the answer of NeededHold: a canary that has to be held for longer than a year is not a canary.
const longest = 366 * 24 * 3600.0

// NeededHold returns for how many seconds step i has to be held, the others as they are, so that the steps together show
// the ratio. It returns the present hold when that is enough, and false when a year is not.
func (d Design) NeededHold(steps []Step, i int, ratio float64) (seconds float64, ok bool) {
	shows := func(s float64) bool {
		try := append([]Step(nil), steps...)
		try[i].Seconds = s
		return d.Detects(d.Phases(try...), ratio)
	}
	return leastThat(shows, steps[i].Seconds, longest)
}

// NeededWeight returns which weight step i has to be given, the others as they are, so that the steps together show the
// ratio. It returns the present weight when that is enough, and false when not even an even split is.
func (d Design) NeededWeight(steps []Step, i int, ratio float64) (weight float64, ok bool) {
	shows := func(w float64) bool {
		try := append([]Step(nil), steps...)
		try[i].Weight = w
		return d.Detects(d.Phases(try...), ratio)
	}
	return leastThat(shows, steps[i].Weight, max(0.5, steps[i].Weight))
}

// leastThat finds by bisection, within 0.1 %, the least value in [lo, hi] from which on yes holds.
func leastThat(yes func(float64) bool, lo, hi float64) (float64, bool) {
	if yes(lo) {
		return lo, true
	}
	if !yes(hi) {
		return 0, false
	}
	lo = max(lo, hi*1e-12)
	for hi/lo > 1.001 {
		mid := math.Sqrt(lo * hi)
		if yes(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi, true
}
