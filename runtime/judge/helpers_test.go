package judge

import (
	"math"
	"math/rand/v2"
	"testing"
)

// traffic generates the ticks of one simulated watch.
type traffic struct {
	rps    float64
	stable float64 // failure share of stable
	ratio  float64 // the canary's share over stable's
	tick   float64 // seconds
	step   int     // ticks per weight
	names  []string
}

// ticks plays the weights (percent) one after the other, step ticks each. All SLIs see the same failures, the worst case for
// their common error rate.
func (tr traffic) ticks(seed uint64, weights ...float64) []Tick {
	rng := rand.New(rand.NewPCG(seed, 99))
	var out []Tick
	for _, w := range weights {
		for range tr.step {
			c := Counts{
				CanaryTotal: draw(rng, tr.rps*tr.tick*w/100),
				StableTotal: draw(rng, tr.rps*tr.tick*(100-w)/100),
			}
			c.CanaryBad = min(c.CanaryTotal, draw(rng, float64(c.CanaryTotal)*tr.stable*tr.ratio))
			c.StableBad = min(c.StableTotal, draw(rng, float64(c.StableTotal)*tr.stable))
			t := Tick{Elapsed: float64(len(out)+1) * tr.tick, Weight: w, Counts: map[string]Counts{}}
			for _, n := range tr.names {
				t.Counts[n] = c
			}
			out = append(out, t)
		}
	}
	return out
}

// draw returns a Poisson count, rounded normal above 300.
func draw(rng *rand.Rand, mean float64) uint64 {
	if mean > 300 {
		return uint64(max(0, math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	var n uint64
	for limit, p := math.Exp(-mean), rng.Float64(); p > limit; p *= rng.Float64() {
		n++
	}
	return n
}

// errorsOnly is the usual config of these tests: one SLI called errors.
func errorsOnly() Config { return Config{SLIs: []SLI{{Name: "errors"}}} }

var sick = traffic{rps: 100, stable: .002, ratio: 10, tick: 15, step: 40, names: []string{"errors"}}
var healthy = traffic{rps: 100, stable: .005, ratio: 1, tick: 15, step: 60, names: []string{"errors"}}

// watch feeds all ticks into a new state and returns it with the last finding.
func watch(t testing.TB, cfg Config, ticks []Tick) (*State, Finding) {
	t.Helper()
	s, err := NewState(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var f Finding
	for _, tk := range ticks {
		f = s.Observe(cfg, tk)
	}
	return s, f
}

// same returns n ticks of 10 s with the same counts.
func same(n int, weight float64, c Counts) []Tick {
	out := make([]Tick, n)
	for i := range out {
		out[i] = Tick{Elapsed: float64(10 * (i + 1)), Weight: weight, Counts: map[string]Counts{"errors": c}}
	}
	return out
}
