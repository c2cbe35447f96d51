package evidence

import (
	"math"
	"math/rand/v2"
	"testing"
)

// poisson draws a Poisson count: by multiplication for small means, by the rounded normal for large ones.
func poisson(rng *rand.Rand, mean float64) float64 {
	if mean > 500 {
		return max(0, math.Round(mean+math.Sqrt(mean)*rng.NormFloat64()))
	}
	var n float64
	for limit, p := math.Exp(-mean), rng.Float64(); p > limit; p *= rng.Float64() {
		n++
	}
	return n
}

// clusters draws failures that come in bursts: Poisson many causes, each failing a geometric number of requests.
func clusters(rng *rand.Rand, mean, burst float64) float64 {
	if burst <= 1 {
		return poisson(rng, mean)
	}
	var sum float64
	for n := poisson(rng, mean/burst); n > 0; n-- {
		sum += 1 + math.Floor(math.Log(1-rng.Float64())/math.Log(1-1/burst))
	}
	return sum
}

// failures draws how many of n requests fail: request by request where failures are common, as Poisson where they are rare.
func failures(rng *rand.Rand, n, share, burst float64) float64 {
	if burst <= 1 && share > .02 && n < 2000 {
		var x float64
		for range int(n) {
			if rng.Float64() < share {
				x++
			}
		}
		return x
	}
	return min(n, clusters(rng, n*share, burst))
}

// allowed is the largest share that a simulation of so many runs may show for an event whose chance is at most alpha: two
// standard errors above it.
func allowed(runs int) float64 { return alpha + 2*math.Sqrt(alpha*(1-alpha)/float64(runs)) }

// world is one simulated rollout: the service, how bad the canary is, how it is looked at.
type world struct {
	rps, share float64   // requests per second of the whole service; failure share of stable
	ratio      float64   // the canary's failure share over stable's
	burst      float64   // mean failures per cause; 1 = independent
	drift      bool      // the common failure share swings threefold up and down
	tick       float64   // seconds
	weights    []float64 // configured canary share 0..1, in equal parts of the time
	minutes    float64
}

// play generates the ticks of one run of w.
func (w world) play(rng *rand.Rand, tick func(n int, t Trial)) {
	ticks := int(w.minutes * 60 / w.tick)
	for n := range ticks {
		wt := w.weights[n*len(w.weights)/ticks]
		p := w.share
		if w.drift {
			p *= math.Pow(3, math.Sin(float64(n)/7))
		}
		all := w.rps * w.tick
		nc := poisson(rng, all*wt)
		nb := poisson(rng, all*(1-wt))
		tick(n, Trial{CanarySize: nc, StableSize: nb,
			CanaryHits: failures(rng, nc, p*w.ratio, w.burst), StableHits: failures(rng, nb, p, w.burst)})
	}
}

// run plays w and returns, per mixture, how many seconds passed until it reached 1/alpha, or -1.
func (w world) run(rng *rand.Rand, mix []Mixture, alpha float64) (at []float64) {
	at = make([]float64, len(mix))
	for i := range at {
		at[i] = -1
	}
	w.play(rng, func(n int, t Trial) {
		for i := range mix {
			mix[i].Observe(t)
			if at[i] < 0 && mix[i].Exceeds(alpha) {
				at[i] = float64(n+1) * w.tick
			}
		}
	})
	return at
}

// rate plays w runs times and returns the share in which each of the fresh mixtures reached 1/alpha, with the mean minutes
// it took.
func (w world) rate(runs int, alpha float64, fresh func() []Mixture) (share, minutes []float64) {
	rng := rand.New(rand.NewPCG(20, 26))
	for range runs {
		at := w.run(rng, fresh(), alpha)
		if share == nil {
			share, minutes = make([]float64, len(at)), make([]float64, len(at))
		}
		for i, s := range at {
			if s >= 0 {
				share[i]++
				minutes[i] += s / 60
			}
		}
	}
	for i := range share {
		minutes[i] /= max(1, share[i])
		share[i] /= float64(runs)
	}
	return share, minutes
}

const alpha = .05

// nulls are healthy rollouts: nothing may be proven against them, however they are looked at.
var nulls = []struct {
	name string
	world
	tolerate float64
}{
	{"10 rps, 5 %", world{rps: 10, share: .005, ratio: 1, tick: 15, weights: []float64{.05}, minutes: 30}, 1},
	{"100 rps, 5 %", world{rps: 100, share: .001, ratio: 1, tick: 15, weights: []float64{.05}, minutes: 30}, 1},
	{"1000 rps, 5 %", world{rps: 1000, share: .001, ratio: 1, tick: 15, weights: []float64{.05}, minutes: 30}, 1},
	{"a look every second", world{rps: 100, share: .01, ratio: 1, tick: 1, weights: []float64{.05}, minutes: 10}, 1},
	{"weights 1, 5, 25, 50 %", world{rps: 100, share: .005, ratio: 1, tick: 15, weights: []float64{.01, .05, .25, .5}, minutes: 30}, 1},
	{"weights and drifting errors", world{rps: 100, share: .005, ratio: 1, drift: true, tick: 15, weights: []float64{.01, .05, .25, .5}, minutes: 30}, 1},
	{"at the tolerated 1.25", world{rps: 100, share: .005, ratio: 1.25, tick: 15, weights: []float64{.05, .25}, minutes: 30}, 1.25},
	{"1.25 of many errors", world{rps: 10, share: .2, ratio: 1.25, tick: 5, weights: []float64{.1, .5}, minutes: 20}, 1.25},
	{"1.25 of half the requests", world{rps: 4, share: .5, ratio: 1.25, tick: 1, weights: []float64{.5}, minutes: 20}, 1.25},
	{"bursts of 2", world{rps: 100, share: .005, ratio: 1, burst: 2, tick: 15, weights: []float64{.05}, minutes: 30}, 1},
	{"bursts of 5", world{rps: 100, share: .005, ratio: 1, burst: 5, tick: 15, weights: []float64{.05}, minutes: 30}, 1},
	{"bursts of 20", world{rps: 100, share: .005, ratio: 1, burst: 20, tick: 15, weights: []float64{.05}, minutes: 30}, 1},
	{"bursts of 20 at 25 %", world{rps: 100, share: .005, ratio: 1, burst: 20, tick: 15, weights: []float64{.25}, minutes: 30}, 1},
}

func TestFalseAbort(t *testing.T) {
	for _, n := range nulls {
		t.Run(n.name, func(t *testing.T) {
			const runs = 400
			share, _ := n.rate(runs, alpha, func() []Mixture {
				return []Mixture{NewAbove(Robust, n.tolerate), NewAbove(Binomial, n.tolerate)}
			})
			if share[0] > allowed(runs) {
				t.Errorf("robust: %.3f of healthy canaries proven harmful, want at most %.3f", share[0], allowed(runs))
			}
			if n.burst <= 1 && share[1] > allowed(runs) {
				t.Errorf("binomial: %.3f of healthy canaries proven harmful, want at most %.3f", share[1], allowed(runs))
			}
			if n.burst == 20 && share[1] <= alpha {
				t.Errorf("binomial: only %.3f under bursts; the reason to default to robust would be gone", share[1])
			}
		})
	}
}

// TestFalseSafe mirrors TestFalseAbort: a canary exactly at the limit must not be proven safe.
func TestFalseSafe(t *testing.T) {
	for _, n := range nulls {
		w := n.world
		w.ratio = 2
		if w.share > .1 {
			w.share = .1
		}
		t.Run(n.name, func(t *testing.T) {
			const runs = 400
			share, _ := w.rate(runs, alpha, func() []Mixture { return []Mixture{NewBelow(Robust, 2)} })
			if share[0] > allowed(runs) {
				t.Errorf("%.3f of canaries at the limit proven safe, want at most %.3f", share[0], allowed(runs))
			}
		})
	}
}

// detections are sick canaries with the least share of runs that must be found.
var detections = []struct {
	name string
	world
	least, within float64 // share of runs; mean minutes
}{
	{"5x at 10 rps, 0.5 %", world{rps: 10, share: .005, ratio: 5, tick: 15, weights: []float64{.05}, minutes: 30}, .95, 12},
	{"3x at 100 rps, 0.1 %", world{rps: 100, share: .001, ratio: 3, tick: 15, weights: []float64{.05}, minutes: 30}, .85, 14},
	{"2x at 1000 rps, 0.1 %", world{rps: 1000, share: .001, ratio: 2, tick: 15, weights: []float64{.05}, minutes: 30}, .99, 7},
	{"5x at 200 rps, 0.2 %", world{rps: 200, share: .002, ratio: 5, tick: 15, weights: []float64{.05}, minutes: 30}, .99, 3},
	{"3x through 5, 25 %", world{rps: 50, share: .005, ratio: 3, tick: 15, weights: []float64{.05, .25}, minutes: 20}, .95, 12},
}

func TestDetection(t *testing.T) {
	for _, d := range detections {
		t.Run(d.name, func(t *testing.T) {
			share, minutes := d.rate(400, alpha, func() []Mixture { return []Mixture{NewAbove(Robust, 1)} })
			if share[0] < d.least || minutes[0] > d.within {
				t.Errorf("found %.3f in %.1f min on average, want at least %v within %v min", share[0], minutes[0], d.least, d.within)
			}
		})
	}
}

func TestProvenSafe(t *testing.T) {
	cases := map[string]struct {
		world
		least, most float64
	}{
		"enough errors to tell": {world{rps: 100, share: .005, ratio: 1, tick: 15, weights: []float64{.05}, minutes: 30}, .9, 1},
		"nothing to go by":      {world{rps: 10, share: .001, ratio: 1, tick: 15, weights: []float64{.05}, minutes: 30}, 0, .02},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			share, _ := c.rate(300, alpha, func() []Mixture { return []Mixture{NewBelow(Robust, 2)} })
			if share[0] < c.least || share[0] > c.most {
				t.Errorf("proven safe in %.3f, want between %v and %v", share[0], c.least, c.most)
			}
		})
	}
}
