package evidence

import (
	"math"
	"testing"
	"time"
)

func TestTickOf(t *testing.T) {
	for _, tt := range []struct {
		holds []time.Duration
		want  time.Duration
	}{
		{nil, 15 * time.Second},
		{[]time.Duration{10 * time.Minute, time.Hour}, 15 * time.Second},
		{[]time.Duration{0, 10 * time.Minute}, 15 * time.Second},
		{[]time.Duration{10 * time.Minute, time.Minute}, 6 * time.Second},
		{[]time.Duration{5 * time.Second}, time.Second},
	} {
		if got := TickOf(tt.holds...); got != tt.want {
			t.Errorf("%v: every %v, want %v", tt.holds, got, tt.want)
		}
	}
}

// TestMostIsReached holds the bound against the mixture itself: the worst counts there can be reach it, no others pass it.
func TestMostIsReached(t *testing.T) {
	const canary, stable, ticks = 5000.0, 95000.0, 7
	phases := []Traffic{{Canary: canary * ticks, Stable: stable * ticks, Ticks: ticks}}
	up, down := NewAbove(Robust, 1), NewBelow(Robust, 2)
	some := NewAbove(Robust, 1)
	for range ticks {
		up.Observe(Trial{canary, stable, canary, 0})
		down.Observe(Trial{canary, stable, 0, 9})
		some.Observe(Trial{canary, stable, canary, 1})
	}
	most := Question{Null: 1}.Most(Above, phases)
	if math.Abs(most-up.Log()) > 1e-9 || some.Log() >= most {
		t.Errorf("harm: at most %v, reached %v and %v", most, up.Log(), some.Log())
	}
	// The robust test of a ratio below another than 1 moves it outwards: with many requests by next to nothing.
	if most := (Question{Null: 2}).Most(Below, phases); math.Abs(most-down.Log()) > 1e-3 {
		t.Errorf("safe: at most %v, reached %v", most, down.Log())
	}
	wide := NewWide(Robust, Above, 1)
	for range ticks {
		wide.Observe(Trial{0.01, 0.99, 500, 0})
	}
	if most := (Question{Share: 0.01}).MostShare(ticks); math.Abs(most-wide.Log()) > 1e-9 {
		t.Errorf("one sample: at most %v, reached %v", most, wide.Log())
	}
}

// TestProves compares the closed form with the measured chances of docs/judging.md: 93 % and 38 %, 22 % and none.
func TestProves(t *testing.T) {
	steps := []Step{{Weight: 0.05, Seconds: 1800}}
	for _, tt := range []struct {
		rps, share float64
		want       bool
	}{{100, 0.005, true}, {100, 0.001, false}, {10, 0.005, false}, {10, 0.001, false}} {
		d := Design{Question: Question{Method: Robust, Null: 2, Share: tt.share, Alpha: 0.05, Power: 0.8}, RPS: tt.rps, Tick: 15}
		if got := d.Proves(d.Phases(steps...)); got != tt.want {
			t.Errorf("%v rps, %v: proves %v", tt.rps, tt.share, got)
		}
	}
}
