package evidence

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSplitMeanIsOne(t *testing.T) {
	for _, w := range []float64{.01, .05, .5, .9} {
		const n = 60
		var mean float64
		for c := 0.0; c <= n; c++ {
			choose := -logBeta(c+1, n-c+1) - math.Log(n+1)
			chance := math.Exp(choose + c*math.Log(w) + (n-c)*math.Log1p(-w))
			mean += chance * math.Exp(SplitLog(w, c, n-c))
		}
		if math.Abs(mean-1) > 1e-9 {
			t.Errorf("weight %v: mean of the evidence under the configured split is %v, want 1", w, mean)
		}
	}
}

func TestSplitFindsWrongWeight(t *testing.T) {
	const alpha = 0.001
	cases := map[string]struct {
		configured, real float64
		requests         int
		found            bool
	}{
		"never applied":      {.05, 0, 400, true},
		"0.3 instead of 5":   {.05, .003, 600, true},
		"all instead of 5":   {.05, 1, 100, true},
		"5 instead of 50":    {.5, .05, 200, true},
		"as configured":      {.05, .05, 100_000, false},
		"as configured, 50":  {.5, .5, 100_000, false},
		"too little to tell": {.05, 0, 20, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 9))
			var canary, stable float64
			var found bool
			for range c.requests {
				if rng.Float64() < c.real {
					canary++
				} else {
					stable++
				}
				found = found || SplitLog(c.configured, canary, stable) >= -math.Log(alpha)
			}
			if found != c.found {
				t.Errorf("found %v, want %v (%v canary, %v stable)", found, c.found, canary, stable)
			}
		})
	}
}

func TestSplitFalseAlarm(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const runs, alpha = 500, 0.05
	var alarms int
	for range runs {
		var canary, stable float64
		for range 1000 {
			if rng.Float64() < .1 {
				canary++
			} else {
				stable++
			}
			if SplitLog(.1, canary, stable) >= -math.Log(alpha) {
				alarms++
				break
			}
		}
	}
	if alarms > runs*alpha {
		t.Errorf("%d of %d correct splits were flagged after looking at each request, want at most %v", alarms, runs, runs*alpha)
	}
}
