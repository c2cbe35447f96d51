package load

import "math"

// Window is a number of requests of which each meets the canary with the same probability.
type Window struct {
	Requests int
	Share    float64 // in [0,1]
}

// UpperBound returns the smallest count c with P(X ≤ c) ≥ level, where X is the sum of the windows' binomials:
// how many requests the canary may have got by chance. The distribution is convolved exactly.
func UpperBound(windows []Window, level float64) int {
	pmf := []float64{1}
	for _, w := range windows {
		pmf = convolve(pmf, binomial(w.Requests, w.Share))
	}
	sum := 0.0
	for c, p := range pmf {
		if sum += p; sum >= level {
			return c
		}
	}
	return len(pmf) - 1
}

// binomial returns P(X = k) for k = 0 … n, through logarithms of factorials.
func binomial(n int, p float64) []float64 {
	out := make([]float64, n+1)
	switch {
	case p <= 0:
		out[0] = 1
		return out
	case p >= 1:
		out[n] = 1
		return out
	}
	lg := func(k int) float64 { v, _ := math.Lgamma(float64(k) + 1); return v }
	for k := range out {
		out[k] = math.Exp(lg(n) - lg(k) - lg(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	}
	return out
}

func convolve(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i, x := range a {
		if x < 1e-18 {
			continue
		}
		for j, y := range b {
			out[i+j] += x * y
		}
	}
	return out
}
