package evidence

import (
	"math"
	"testing"
)

// design is one canary of ten minutes at alpha 5 %, power 80 %, a look every 15 s.
func design(m Method, rps, share float64) Design {
	return Design{Question: Question{Method: m, Null: 1, Share: share, Alpha: .05, Power: .8}, RPS: rps, Tick: 15}
}

// powerRows are minimum detectable ratios for ten minutes: by an independent Monte Carlo of the binomial test (0: above 100),
// and by the closed form.
var powerRows = []struct{ weight, rps, share, simulated, form float64 }{
	{.05, 1, .001, 0, 95}, {.05, 1, .01, 18.2, 17.4},
	{.05, 10, .001, 15.4, 17.4}, {.05, 10, .01, 4.15, 4.40},
	{.05, 100, .001, 4.14, 4.40}, {.05, 100, .01, 1.76, 1.85},
	{.05, 1000, .001, 1.76, 1.85}, {.05, 1000, .01, 1.30, 1.26},
	{.01, 100, .001, 9.6, 10.8}, {.01, 100, .01, 2.87, 3.14},
	{.25, 10, .001, 6.8, 7.5}, {.25, 10, .01, 2.47, 2.47},
}

func TestClosedForm(t *testing.T) {
	for _, r := range powerRows {
		step := Step{Weight: r.weight, Seconds: 600}
		got := design(Binomial, r.rps, r.share).MinRatio(step)
		if math.Abs(got/r.form-1) > .02 {
			t.Errorf("weight %v, %v rps, %v errors: closed form %.2f, want %v within 2 %%", r.weight, r.rps, r.share, got, r.form)
		}
		for _, m := range []Method{Binomial, Robust} {
			got := design(m, r.rps, r.share).MinRatio(step)
			if r.simulated > 0 && math.Abs(got/r.simulated-1) > .21 {
				t.Errorf("%s, weight %v, %v rps, %v errors: %.2f, simulation %v, want within 21 %%", m, r.weight, r.rps, r.share, got, r.simulated)
			}
			if r.simulated == 0 && got < 90 {
				t.Errorf("%s, weight %v, %v rps, %v errors: %.2f, simulation above 100", m, r.weight, r.rps, r.share, got)
			}
		}
	}
}

// TestRobustPowerIsWhatItSays plays rollouts at the ratio that the robust formula promises to see in 80 % of them.
func TestRobustPowerIsWhatItSays(t *testing.T) {
	for _, r := range append(powerRows[1:len(powerRows):len(powerRows)], []struct{ weight, rps, share, simulated, form float64 }{
		{.5, 10, .01, 0, 0}, {.5, 100, .01, 0, 0}, {.5, 1000, .01, 0, 0},
	}...) {
		d := design(Robust, r.rps, r.share)
		ratio := d.MinRatio(Step{Weight: r.weight, Seconds: 600})
		w := world{rps: r.rps, share: r.share, ratio: ratio, tick: 15, weights: []float64{r.weight}, minutes: 10}
		found, _ := w.rate(300, .05, func() []Mixture { return []Mixture{NewAbove(Robust, 1)} })
		if found[0] < .74 {
			t.Errorf("weight %v, %v rps, %v errors: %.2fx was to be seen in 80 %%, was in %.0f %%", r.weight, r.rps, r.share, ratio, 100*found[0])
		}
	}
}

func TestStepsAddUp(t *testing.T) {
	for _, m := range []Method{Binomial, Robust} {
		d := design(m, 50, .005)
		steps := []Step{{Weight: .05, Seconds: 600}, {Weight: .25, Seconds: 600}}
		both := d.MinRatio(steps...)
		if first, second := d.MinRatio(steps[0]), d.MinRatio(steps[1]); both >= first || both >= second {
			t.Errorf("%s: both steps see %.2fx, the first alone %.2fx, the second %.2fx", m, both, first, second)
		}
		w := world{rps: 50, share: .005, ratio: both, tick: 15, weights: []float64{.05, .25}, minutes: 20}
		found, _ := w.rate(300, .05, func() []Mixture { return []Mixture{NewAbove(m, 1)} })
		if found[0] < .74 {
			t.Errorf("%s: %.2fx over both steps was to be seen in 80 %%, was in %.0f %%", m, both, 100*found[0])
		}
	}
}

func TestMoreTrafficSeesMore(t *testing.T) {
	for _, m := range []Method{Binomial, Robust} {
		last := math.Inf(1)
		for _, rps := range []float64{1, 3, 10, 30, 100, 300, 1000} {
			got := design(m, rps, .005).MinRatio(Step{Weight: .05, Seconds: 600})
			if got >= last {
				t.Errorf("%s: %v rps see %.3fx, less traffic saw %.3fx", m, rps, got, last)
			}
			last = got
		}
	}
}

func TestUnseen(t *testing.T) {
	d := design(Robust, 1, .01)
	for name, s := range map[string]Step{"no time": {Weight: .05}, "no weight": {Seconds: 600}, "all the weight": {Weight: 1, Seconds: 600}, "two seconds": {Weight: .05, Seconds: 2}} {
		if got := d.MinRatio(s); !math.IsInf(got, 1) {
			t.Errorf("%s: %v, want unseen", name, got)
		}
	}
}

func TestNeeded(t *testing.T) {
	for _, m := range []Method{Binomial, Robust} {
		d := design(m, 10, .005)
		steps := []Step{{Weight: .05, Seconds: 600}, {Weight: .2, Seconds: 60}}
		hold, ok := d.NeededHold(steps, 1, 3)
		if !ok || hold <= 60 {
			t.Fatalf("%s: hold %v, %v", m, hold, ok)
		}
		if got := d.MinRatio(steps[0], Step{Weight: .2, Seconds: hold}); math.Abs(got/3-1) > .02 {
			t.Errorf("%s: the needed hold of %.0f s sees %.3fx, want 3x", m, hold, got)
		}
		weight, ok := d.NeededWeight(steps, 0, 5)
		if !ok || weight <= .05 || weight > .5 {
			t.Fatalf("%s: weight %v, %v", m, weight, ok)
		}
		if got := d.MinRatio(Step{Weight: weight, Seconds: 600}, steps[1]); math.Abs(got/5-1) > .02 {
			t.Errorf("%s: the needed weight of %.3f sees %.3fx, want 5x", m, weight, got)
		}
		if _, ok := d.NeededWeight(steps, 0, 1.3); ok {
			t.Errorf("%s: some weight is said to show 1.3x at 10 rps", m)
		}
		if got, ok := d.NeededHold(steps, 0, 100); !ok || got != 600 {
			t.Errorf("%s: 100x needs %v s, want the present 600", m, got)
		}
	}
}

func BenchmarkMinRatioRobust(b *testing.B) {
	d := design(Robust, 800, .001)
	for b.Loop() {
		d.MinRatio(Step{Weight: .05, Seconds: 600}, Step{Weight: .5, Seconds: 600})
	}
}
