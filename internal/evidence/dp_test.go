package evidence

import (
	"math"
	"testing"
)

// crossing returns, exactly, the chance that the binomial mixture ever reaches 20 within total failures, when each failure
// is the canary's with chance theta: dynamic programming over the number of the canary's failures.
func crossing(theta float64, points, total int, at map[int]float64) {
	mix := make([]float64, points)
	up, down := make([]float64, points), make([]float64, points)
	tr := Trial{CanarySize: theta, StableSize: 1 - theta}
	base := newArms(1, tr)
	for k := range mix {
		alt := newArms(alternative(Above, 1, k), tr)
		up[k], down[k] = logFactor(Binomial, base, alt, 1, 0), logFactor(Binomial, base, alt, 0, 1)
	}
	alive := []float64{1}
	var crossed float64
	for n := 1; n <= total; n++ {
		next := make([]float64, n+1)
		for c, p := range alive {
			next[c] += p * (1 - theta)
			next[c+1] += p * theta
		}
		for c := range next {
			for k := range mix {
				mix[k] = float64(c)*up[k] + float64(n-c)*down[k]
			}
			if logSumExp(mix)-math.Log(float64(points)) >= math.Log(20) {
				crossed += next[c]
				next[c] = 0
			}
		}
		alive = next
		if _, ok := at[n]; ok {
			at[n] = crossed
		}
	}
}

// TestCrossingExact holds the guarantee against exact numbers: no simulation error, failures looked at one by one.
func TestCrossingExact(t *testing.T) {
	rows := []struct {
		theta float64
		want  map[int]float64 // after so many failures
	}{
		{.05, map[int]float64{50: .0186, 200: .0232, 500: .0255}},
		{.5, map[int]float64{50: .0311, 200: .0353, 500: .0370}},
		{.01, map[int]float64{50: .0112, 200: .0169, 500: .0201}},
	}
	for _, r := range rows {
		got := map[int]float64{50: 0, 200: 0, 500: 0}
		crossing(r.theta, Points, 500, got)
		for n, want := range r.want {
			if math.Abs(got[n]-want) > .00005+1e-9 {
				t.Errorf("theta %v, %d failures: chance to cross 20 is %.5f, want %.4f", r.theta, n, got[n], want)
			}
			if got[n] > .05 {
				t.Errorf("theta %v, %d failures: chance %.4f is above alpha", r.theta, n, got[n])
			}
		}
		wide := map[int]float64{500: 0}
		crossing(r.theta, WidePoints, 500, wide)
		if wide[500] <= 0 || wide[500] > .05 {
			t.Errorf("theta %v, wide grid: chance %.4f, want in (0, .05]", r.theta, wide[500])
		}
	}
}
