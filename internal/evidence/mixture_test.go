package evidence

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// fresh returns every kind of mixture.
func fresh() []Mixture {
	return []Mixture{
		NewAbove(Robust, 1), NewAbove(Binomial, 1.25), NewBelow(Robust, 2), NewBelow(Binomial, 2),
		NewWide(Robust, Above, 1), NewWide(Binomial, Below, 2),
	}
}

// randomTrial draws counts of very different sizes.
func randomTrial(rng *rand.Rand) Trial {
	size := math.Pow(10, 1+rng.Float64()*5)
	nc := math.Floor(size * rng.Float64())
	nb := math.Floor(size)
	return Trial{CanarySize: nc, StableSize: nb,
		CanaryHits: math.Floor(nc * rng.Float64() * .1), StableHits: math.Floor(nb * rng.Float64() * .1)}
}

func TestResumeKeepsEveryBit(t *testing.T) {
	for _, whole := range fresh() {
		rng := rand.New(rand.NewPCG(5, 6))
		split := whole
		split.Logs = slices.Clone(whole.Logs)
		for range 300 {
			tr := randomTrial(rng)
			whole.Observe(tr)
			split.Observe(tr)
			data, err := json.Marshal(split)
			if err != nil {
				t.Fatal(err)
			}
			split = Mixture{}
			if err := json.Unmarshal(data, &split); err != nil {
				t.Fatal(err)
			}
		}
		for k := range whole.Logs {
			if math.Float64bits(whole.Logs[k]) != math.Float64bits(split.Logs[k]) {
				t.Fatalf("%s %s: product %d is %v after resumes and %v without", whole.Method, whole.Side, k, split.Logs[k], whole.Logs[k])
			}
		}
	}
}

func TestFactorMeanIsOne(t *testing.T) {
	tr := Trial{CanarySize: 50, StableSize: 950}
	for _, m := range []Method{Robust, Binomial} {
		for _, null := range []float64{1, 1.25, 2} {
			base := newArms(null, tr)
			for _, ratio := range []float64{null / 4, null * 1.25, null * 30} {
				const n = 12
				var mean float64
				binomialPoints(n, base.canary, 1, func(weight, y float64) {
					mean += weight * math.Exp(logFactor(m, base, newArms(ratio, tr), y*n, n-y*n))
				})
				if math.Abs(mean-1) > 1e-9 {
					t.Errorf("%s, null %v, alternative %v: mean factor %v, want 1", m, null, ratio, mean)
				}
			}
		}
	}
}

// binomialChance is the chance of k failures in n requests.
func binomialChance(n, k, p float64) float64 {
	if p >= 1 {
		if k == n {
			return 1
		}
		return 0
	}
	choose := -logBeta(k+1, n-k+1) - math.Log(n+1)
	return math.Exp(choose + k*math.Log(p) + (n-k)*math.Log1p(-p))
}

// meanPart is the exact mean of the canary's part of the failures, given that something failed.
func meanPart(nc, nb, pc, pb float64) float64 {
	var sum, some float64
	for c := 0.0; c <= nc; c++ {
		for b := 0.0; b <= nb; b++ {
			if c+b == 0 {
				continue
			}
			p := binomialChance(nc, c, pc) * binomialChance(nb, b, pb)
			sum += p * c / (c + b)
			some += p
		}
	}
	return sum / some
}

// TestBoundaryCoversSmallTicks goes through small ticks and all failure shares: on the boundary of the claim the canary's
// part of the failures is never expected beyond what the robust factor is tested at.
func TestBoundaryCoversSmallTicks(t *testing.T) {
	sizes := []float64{1, 2, 3, 5, 8, 20}
	for _, null := range []float64{1, 1.1, 1.25, 1.5, 2, 3, 5} {
		for _, nc := range sizes {
			for _, nb := range sizes {
				for _, pc := range []float64{.001, .05, .2, .4, .6, .8, .95, 1} {
					up := Trial{CanarySize: nc, StableSize: nb}
					if got, most := meanPart(nc, nb, pc, pc/null), newArms(boundary(Robust, Above, null, up), up).canary; got > most+1e-9 {
						t.Errorf("at most %v, sizes %v and %v, share %v: mean part %.5f, tested at %.5f", null, nc, nb, pc, got, most)
					}
					for _, low := range []float64{null, 1 / null} { // proving safety, also below 1
						c := min(1, pc*low)
						b := c / low
						if got, least := meanPart(nc, nb, c, b), newArms(boundary(Robust, Below, low, up), up).canary; got < least-1e-9 {
							t.Errorf("at least %v, sizes %v and %v, share %v: mean part %.5f, tested at %.5f", low, nc, nb, c, got, least)
						}
					}
				}
			}
		}
	}
}

func TestMoreCanaryFailuresMoreEvidence(t *testing.T) {
	for _, m := range []Method{Robust, Binomial} {
		last := math.Inf(-1)
		lastBelow := math.Inf(1)
		for c := 0.0; c <= 20; c++ {
			up, down := NewAbove(m, 1), NewBelow(m, 2)
			tr := Trial{CanarySize: 500, StableSize: 9500, CanaryHits: c, StableHits: 20 - c}
			up.Observe(tr)
			down.Observe(tr)
			if up.Log() <= last || down.Log() >= lastBelow {
				t.Fatalf("%s: %v of 20 failures on the canary: evidence of harm %v after %v, of safety %v after %v",
					m, c, up.Log(), last, down.Log(), lastBelow)
			}
			last, lastBelow = up.Log(), down.Log()
		}
	}
}

func TestRobustIgnoresBurstSize(t *testing.T) {
	small, large := NewAbove(Robust, 1), NewAbove(Robust, 1)
	small.Observe(Trial{CanarySize: 50, StableSize: 950, CanaryHits: 1})
	large.Observe(Trial{CanarySize: 50, StableSize: 950, CanaryHits: 50})
	if small.Log() != large.Log() {
		t.Errorf("one failure gives %v, fifty in the same tick %v; want the same", small.Log(), large.Log())
	}
}

func TestTrialsThatSayNothing(t *testing.T) {
	cases := map[string]Trial{
		"nothing failed":     {CanarySize: 10, StableSize: 10},
		"no canary requests": {StableSize: 10, StableHits: 3},
		"no stable requests": {CanarySize: 10, CanaryHits: 3},
		"empty":              {},
	}
	for name, tr := range cases {
		t.Run(name, func(t *testing.T) {
			for _, m := range fresh() {
				m.Observe(tr)
				if m.Log() != 0 {
					t.Errorf("%s %s: evidence moved to %v", m.Method, m.Side, m.Log())
				}
			}
		})
	}
}

func TestNoOverflow(t *testing.T) {
	extremes := []Trial{
		{CanarySize: 1e15, StableSize: 1, CanaryHits: 1e15},
		{CanarySize: 1, StableSize: 1e15, StableHits: 1e15},
		{CanarySize: 1, StableSize: 1e15, CanaryHits: 1},
		{CanarySize: 1e15, StableSize: 1, StableHits: 1},
	}
	for _, m := range fresh() {
		for range 2000 {
			for _, tr := range extremes {
				m.Observe(tr)
			}
		}
		if err := m.Check(); err != nil || math.IsNaN(m.Log()) || math.IsInf(m.Log(), 0) {
			t.Errorf("%s %s: evidence %v: %v", m.Method, m.Side, m.Log(), err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	logs, err := json.Marshal(make([]float64, Points))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"empty":          `{}`,
		"unknown method": `{"method":"magic","side":"above","null":1,"logs":` + string(logs) + `}`,
		"unknown side":   `{"method":"robust","side":"left","null":1,"logs":` + string(logs) + `}`,
		"null ratio 0":   `{"method":"robust","side":"above","null":0,"logs":` + string(logs) + `}`,
		"short grid":     `{"method":"robust","side":"above","null":1,"logs":[0,0]}`,
		"not json":       `{"method":`,
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			var m Mixture
			if err := json.Unmarshal([]byte(in), &m); err == nil {
				t.Errorf("decoded %s", in)
			}
		})
	}
}

func FuzzMixtureJSON(f *testing.F) {
	for _, m := range fresh() {
		m.Observe(Trial{CanarySize: 7, StableSize: 93, CanaryHits: 2, StableHits: 3})
		data, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Mixture
		if json.Unmarshal(data, &m) != nil {
			return
		}
		if err := m.Check(); err != nil {
			t.Fatalf("decoded evidence fails its own check: %v", err)
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Mixture
		if err := json.Unmarshal(again, &back); err != nil || !slices.Equal(back.Logs, m.Logs) {
			t.Fatalf("round trip: %v", err)
		}
	})
}

func BenchmarkMixtureObserve(b *testing.B) {
	m := NewAbove(Robust, 1)
	tr := Trial{CanarySize: 50, StableSize: 950, CanaryHits: 1, StableHits: 9}
	for b.Loop() {
		m.Observe(tr)
	}
}
