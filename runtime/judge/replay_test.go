package judge

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encode(t testing.TB, s *State) string {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// wild returns ticks in which everything happens: gaps, late series, idle and impossible ticks, wrong splits, bursts.
func wild(seed uint64, n int) []Tick {
	rng := rand.New(rand.NewPCG(seed, 1))
	weights := []float64{0, 1, 5, 25, 50, 100}
	out := make([]Tick, n)
	var at float64
	for i := range out {
		at += float64(rng.IntN(30))
		out[i] = Tick{Elapsed: at, Weight: weights[i*len(weights)/n], Counts: map[string]Counts{}}
		for _, name := range []string{"errors", "latency"} {
			c := Counts{CanaryTotal: uint64(rng.IntN(200)), StableTotal: uint64(rng.IntN(3000))}
			c.CanaryBad, c.StableBad = uint64(rng.IntN(int(c.CanaryTotal/20+2))), uint64(rng.IntN(int(c.StableTotal/50+2)))
			switch rng.IntN(12) {
			case 0:
				continue
			case 1:
				c.Late = true
			case 2:
				c = Counts{}
			case 3:
				c.CanaryTotal, c.CanaryBad = 0, 0
			}
			out[i].Counts[name] = c
		}
	}
	return out
}

func configs() map[string]Config {
	two := []SLI{{Name: "errors", Tolerate: 1.25, Objective: 99, Critical: true}, {Name: "latency", Objective: 95, DryRun: true}}
	return map[string]Config{
		"stable":    {SLIs: two, Require: ProvenSafe},
		"objective": {Against: AgainstObjective, SLIs: two},
		"sticky":    {Sticky: true, SLIs: two},
	}
}

// TestReplay records ticks as JSON and judges them again: every finding and the state are the same, bit for bit. So are those
// of a watch that is stored and read between all ticks and gets some ticks twice.
func TestReplay(t *testing.T) {
	for name, cfg := range configs() {
		t.Run(name, func(t *testing.T) {
			var first, again, resumed State
			for _, tk := range wild(4, 300) {
				data, err := json.Marshal(tk)
				if err != nil {
					t.Fatal(err)
				}
				var read Tick
				if err := json.Unmarshal(data, &read); err != nil {
					t.Fatal(err)
				}
				want := first.Observe(cfg, tk)
				if diff := cmp.Diff(want, again.Observe(cfg, read)); diff != "" {
					t.Fatalf("replay at %v s differs (-first +replay):\n%s", tk.Elapsed, diff)
				}
				if diff := cmp.Diff(want, resumed.Observe(cfg, read)); diff != "" {
					t.Fatalf("resume at %v s differs (-first +resumed):\n%s", tk.Elapsed, diff)
				}
				stored := encode(t, &resumed)
				resumed = State{}
				if err := json.Unmarshal([]byte(stored), &resumed); err != nil {
					t.Fatal(err)
				}
				resumed.Observe(cfg, read) // at-least-once delivery
			}
			if a, b, c := encode(t, &first), encode(t, &again), encode(t, &resumed); a != b || a != c {
				t.Error("the states differ")
			}
			if diff := cmp.Diff(Conclude(cfg, &first), Conclude(cfg, &resumed)); diff != "" {
				t.Errorf("conclusions differ:\n%s", diff)
			}
		})
	}
}

func TestConcludeChangesNothing(t *testing.T) {
	for name, cfg := range configs() {
		s, _ := watch(t, cfg, wild(8, 50))
		before := encode(t, s)
		Conclude(cfg, s)
		if encode(t, s) != before {
			t.Errorf("%s: the state changed", name)
		}
	}
}

// TestNoDataNeverPasses draws watches of which a part brings no usable numbers: no series, stale, nothing served by the
// canary. Whenever too little is left, nothing passes, whatever is required.
func TestNoDataNeverPasses(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for round := range 500 {
		cfg := errorsOnly()
		if round%2 == 1 {
			cfg.Require = ProvenSafe
		}
		if round%3 == 1 {
			cfg.Against, cfg.SLIs[0].Objective = AgainstObjective, 99
		}
		cfg.Sticky = round%5 == 0
		ticks := healthy.ticks(uint64(round), 5, 25)
		kind := rng.IntN(4)
		from := rng.IntN(len(ticks) * 3 / 4) // from here on nothing, to the end
		if kind == 3 {
			from = 0
		}
		for i := from; i < len(ticks); i++ {
			c := ticks[i].Counts["errors"]
			switch kind {
			case 0:
				delete(ticks[i].Counts, "errors")
				continue
			case 1:
				c.Late = true
			case 2:
				c.Missing = true
			case 3:
				c.CanaryBad, c.CanaryTotal = 0, 0
			}
			ticks[i].Counts["errors"] = c
		}
		s, f := watch(t, cfg, ticks)
		if end := Conclude(cfg, s); end.Outcome == Pass || f.Verdict == Safe {
			t.Fatalf("round %d, kind %d from tick %d of %d: %s", round, kind, from, len(ticks), end.Explain())
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	s, _ := watch(t, errorsOnly(), same(3, 5, Counts{CanaryTotal: 100, CanaryBad: 1, StableTotal: 1900}))
	good := encode(t, s)
	var back State
	if err := json.Unmarshal([]byte(good), &back); err != nil {
		t.Fatal(err)
	}
	cases := map[string][2]string{
		"another format":         {`"version":1`, `"version":2`},
		"no config":              {`"config":"` + s.Config + `"`, `"config":""`},
		"negative ticks":         {`"ticks":3,"elapsed"`, `"ticks":-3,"elapsed"`},
		"impossible weight":      {`"weight":5,"slis"`, `"weight":500,"slis"`},
		"more bad than total":    {`"canary_bad":3`, `"canary_bad":301`},
		"more ticks than taken":  {`"weight":5,"ticks":3`, `"weight":5,"ticks":4`},
		"swapped evidence":       {`"side":"above"`, `"side":"below"`},
		"negative expectation":   {`"expected":`, `"expected":-`},
		"more gaps than ticks":   {`"segments":`, `"missing":4,"segments":`},
		"too much for a counter": {`"stable_total":5700`, `"stable_total":9007199254740993`},
		"cut off":                {`}]}`, ``},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, c[0], c[1], 1)
			if bad == good {
				t.Fatalf("the state holds no %s", c[0])
			}
			if err := json.Unmarshal([]byte(bad), &back); err == nil {
				t.Errorf("read %s", bad)
			}
		})
	}
}

func FuzzState(f *testing.F) {
	for _, cfg := range configs() {
		s, _ := watch(f, cfg, wild(6, 20))
		f.Add([]byte(encode(f, s)))
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"version":1,"config":"a","slis":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s State
		if json.Unmarshal(data, &s) != nil {
			return
		}
		for _, cfg := range configs() {
			var again State
			if err := json.Unmarshal([]byte(encode(t, &s)), &again); err != nil {
				t.Fatalf("a state that was read cannot be read again: %v", err)
			}
			for _, tk := range wild(7, 5) {
				tk.Elapsed += again.Elapsed
				again.Observe(cfg, tk)
			}
			Conclude(cfg, &again).Explain()
			if err := again.check(); err != nil {
				t.Fatalf("ticks broke the state: %v", err)
			}
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	cfg := Config{SLIs: []SLI{{Name: "errors"}, {Name: "latency"}}}
	s, err := NewState(cfg)
	if err != nil {
		b.Fatal(err)
	}
	c := Counts{CanaryBad: 1, CanaryTotal: 50, StableBad: 15, StableTotal: 950}
	tk := Tick{Weight: 5, Counts: map[string]Counts{"errors": c, "latency": c}}
	for b.Loop() {
		tk.Elapsed++
		s.Observe(cfg, tk)
	}
}
