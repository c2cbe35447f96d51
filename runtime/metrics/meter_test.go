package metrics

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	t0 := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	pair := func(s int, canary, stable Counter) Pair {
		return Pair{At: at(s), Canary: canary, Stable: stable, Weight: 10}
	}
	n := func(bad, total uint64, since int) Counter { return Counter{Bad: bad, Total: total, Since: at(since)} }
	for name, x := range map[string]struct {
		before, now    Pair
		canary, stable Counter // without Since
		ok             bool
	}{
		"added":              {pair(10, n(1, 10, 0), n(2, 90, 0)), pair(20, n(3, 20, 0), n(2, 190, 0)), Counter{Bad: 2, Total: 10}, Counter{Total: 100}, true},
		"nothing":            {pair(10, n(1, 10, 0), n(2, 90, 0)), pair(20, n(1, 10, 0), n(2, 90, 0)), Counter{}, Counter{}, true},
		"began anew":         {pair(10, n(1, 10, 0), n(2, 90, 0)), pair(20, n(4, 5, 15), n(2, 91, 0)), Counter{Bad: 4, Total: 5}, Counter{Total: 1}, true},
		"fell without since": {Pair{At: at(10), Canary: Counter{Total: 10}}, Pair{At: at(20), Canary: Counter{Total: 3}}, Counter{Total: 3}, Counter{}, true},
		"new version":        {pair(10, Counter{}, n(2, 90, 0)), pair(20, n(0, 7, 12), n(2, 95, 0)), Counter{Total: 7}, Counter{Total: 5}, true},
		"another's history":  {pair(10, n(1, 10, 5), n(2, 90, 0)), pair(20, n(2, 95, 0), n(2, 90, 0)), Counter{}, Counter{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var m Meter
			if _, ok := m.Take(x.before); ok {
				t.Fatal("the first reading is no difference")
			}
			got, ok := m.Take(x.now)
			if ok != x.ok {
				t.Fatalf("ok %t, want %t", ok, x.ok)
			}
			if !ok {
				return
			}
			got.Canary.Since, got.Stable.Since = time.Time{}, time.Time{}
			if got.Canary != x.canary || got.Stable != x.stable {
				t.Errorf("got %+v and %+v, want %+v and %+v", got.Canary, got.Stable, x.canary, x.stable)
			}
		})
	}
}
