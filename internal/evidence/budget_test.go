package evidence

import (
	"math/rand/v2"
	"testing"
)

// budgetRun plays the canary alone against a budget and says which of harm (robust, wide) and safety (binomial, below twice
// the budget) is ever proven.
func budgetRun(rng *rand.Rand, perTick, share, budget, burst float64, ticks int) (harm, safe bool) {
	up, down := NewWide(Robust, Above, 1), NewBelow(Binomial, 1)
	for range ticks {
		n := poisson(rng, perTick)
		bad := failures(rng, n, share, burst)
		up.Observe(Trial{CanarySize: budget, StableSize: 1 - budget, CanaryHits: bad, StableHits: n - bad})
		down.Observe(Trial{CanarySize: 2 * budget, StableSize: 1 - 2*budget, CanaryHits: bad, StableHits: n - bad})
		harm = harm || up.Exceeds(alpha)
		safe = safe || down.Exceeds(alpha)
	}
	return harm, safe
}

func TestBudget(t *testing.T) {
	const runs = 500
	cases := map[string]struct {
		perTick, share, budget, burst float64
		ticks                         int
		leastHarm, mostHarm           float64
		leastSafe, mostSafe           float64
	}{
		"at the budget":            {150, .001, .001, 1, 120, 0, alpha, 0, 1},
		"at the budget, busy":      {15000, .01, .01, 1, 120, 0, alpha, .99, 1},
		"at the budget, bursts":    {1500, .01, .01, 20, 120, 0, alpha, 0, 1},
		"at the budget, few":       {3, .05, .05, 1, 240, 0, alpha, 0, 1},
		"at twice the budget":      {1500, .02, .01, 1, 120, .99, 1, 0, alpha},
		"ten times the budget":     {150, .01, .001, 1, 120, .95, 1, 0, alpha},
		"all fail":                 {5, 1, .001, 1, 10, 1, 1, 0, 0},
		"nothing fails, no volume": {5, 0, .001, 1, 20, 0, 0, 0, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(11, 12))
			var harm, safe float64
			for range runs {
				h, s := budgetRun(rng, c.perTick, c.share, c.budget, c.burst, c.ticks)
				if h {
					harm += 1. / runs
				}
				if s {
					safe += 1. / runs
				}
			}
			if harm < c.leastHarm-1e-9 || harm > c.mostHarm+1e-9 {
				t.Errorf("harm proven in %.3f, want between %v and %v", harm, c.leastHarm, c.mostHarm)
			}
			if safe < c.leastSafe-1e-9 || safe > c.mostSafe+1e-9 {
				t.Errorf("safety proven in %.3f, want between %v and %v", safe, c.leastSafe, c.mostSafe)
			}
		})
	}
}

func TestMinShareIsWhatItSays(t *testing.T) {
	for _, c := range []struct {
		perTick, budget float64
		ticks           int
	}{{150, .001, 40}, {1500, .001, 40}, {15, .01, 40}, {150, .01, 20}, {1500, .05, 40}, {20, .001, 10}} {
		q := Question{Method: Robust, Null: 1, Share: c.budget, Alpha: alpha, Power: .8}
		share := q.MinShare([]Traffic{{Canary: c.perTick * float64(c.ticks), Ticks: float64(c.ticks)}})
		if share <= c.budget || share > 1 {
			t.Errorf("%+v: share %v", c, share)
			continue
		}
		rng := rand.New(rand.NewPCG(13, 14))
		var found float64
		for range 400 {
			if h, _ := budgetRun(rng, c.perTick, share, c.budget, 1, c.ticks); h {
				found += 1. / 400
			}
		}
		t.Logf("%+v: %.4f of the requests, found in %.2f", c, share, found)
		if found < .74 {
			t.Errorf("%+v: %.4f was to be seen in 80 %%, was in %.0f %%", c, share, 100*found)
		}
	}
}
