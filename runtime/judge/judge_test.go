package judge

import (
	"math"
	"slices"
	"testing"
)

func TestVerdicts(t *testing.T) {
	proven := errorsOnly()
	proven.Require = ProvenSafe
	budget := Config{Against: AgainstObjective, SLIs: []SLI{{Name: "errors", Objective: 99}}}
	budgetSafe := budget
	budgetSafe.Require = ProvenSafe
	ok := Counts{CanaryTotal: 100, StableTotal: 1900}
	cases := map[string]struct {
		cfg     Config
		ticks   []Tick
		verdict Verdict
		outcome Outcome
		codes   []Code
	}{
		"sick canary":                  {errorsOnly(), sick.ticks(1, 5, 25), Harm, Harmed, nil},
		"sick, safety required":        {proven, sick.ticks(1, 5, 25), Harm, Harmed, []Code{NotProven}},
		"healthy canary":               {errorsOnly(), healthy.ticks(1, 5, 25), Safe, Pass, nil},
		"healthy, safety required":     {proven, healthy.ticks(1, 5, 25), Safe, Pass, nil},
		"no failures at all":           {errorsOnly(), same(30, 5, ok), Inconclusive, Pass, nil},
		"no failures, safety required": {proven, same(30, 5, ok), Inconclusive, Unproven, []Code{NotProven}},
		"fails within its budget":      {budget, same(60, 100, Counts{CanaryTotal: 1000, CanaryBad: 8}), Safe, Pass, nil},
		"proven within its budget":     {budgetSafe, same(60, 100, Counts{CanaryTotal: 1000, CanaryBad: 8}), Safe, Pass, nil},
		"above its budget":             {budget, same(30, 100, Counts{CanaryTotal: 1000, CanaryBad: 200}), Harm, Harmed, nil},
		"first deploy, no traffic":     {budget, same(30, 100, Counts{}), Inconclusive, Unproven, []Code{NoTraffic, TooFew}},
		"no traffic at all":            {errorsOnly(), same(30, 5, Counts{}), Inconclusive, Unproven, []Code{NoTraffic, NoStableTraffic, TooFew}},
		"no canary traffic":            {errorsOnly(), same(30, 5, Counts{StableTotal: 2000}), Inconclusive, Unproven, []Code{NoTraffic, SplitMismatch, TooFew}},
		"no stable traffic":            {errorsOnly(), same(30, 5, Counts{CanaryTotal: 2000}), Inconclusive, Unproven, []Code{NoStableTraffic, SplitMismatch, TooFew}},
		"no series":                    {errorsOnly(), same(30, 5, Counts{Missing: true}), Inconclusive, Unproven, []Code{NoSeries, NoTraffic, NoStableTraffic, TooFew, Gaps}},
		"another SLI's series":         {Config{SLIs: []SLI{{Name: "latency"}}}, same(30, 5, ok), Inconclusive, Unproven, []Code{NoSeries, NoTraffic, NoStableTraffic, TooFew, Gaps}},
		"stale series":                 {errorsOnly(), same(30, 5, Counts{CanaryTotal: 9, StableTotal: 9, Late: true}), Inconclusive, Unproven, []Code{Stale, NoTraffic, NoStableTraffic, TooFew, Gaps}},
		"impossible counts":            {errorsOnly(), same(30, 5, Counts{CanaryBad: 9, CanaryTotal: 3, StableTotal: 9}), Inconclusive, Unproven, []Code{InvalidCounts, NoTraffic, NoStableTraffic, TooFew, Gaps}},
		"wrong split":                  {errorsOnly(), same(30, 5, Counts{CanaryTotal: 6, StableTotal: 1994}), Inconclusive, Unproven, []Code{SplitMismatch}},
		"three times the weight":       {errorsOnly(), same(30, 5, Counts{CanaryTotal: 300, StableTotal: 1700}), Inconclusive, Unproven, []Code{SplitMismatch}},
		"slightly off split":           {errorsOnly(), same(300, 5, Counts{CanaryTotal: 105, StableTotal: 1895}), Inconclusive, Pass, nil},
		"sticky sessions":              {Config{Sticky: true, SLIs: []SLI{{Name: "errors"}}}, same(30, 5, Counts{CanaryTotal: 30, StableTotal: 1970}), Inconclusive, Pass, nil},
		"too few requests":             {Config{MinRequests: 5000, SLIs: []SLI{{Name: "errors"}}}, same(30, 5, ok), Inconclusive, Unproven, []Code{TooFew}},
		"too blind":                    {Config{MinSeen: 1.5, SLIs: []SLI{{Name: "errors"}}}, same(30, 5, ok), Inconclusive, Unproven, []Code{TooBlind}},
		"last tick missing":            {errorsOnly(), append(same(30, 5, ok), Tick{Elapsed: 310, Weight: 5}), Inconclusive, Unproven, []Code{NoSeries}},
		"traffic vanished":             {errorsOnly(), append(same(30, 5, ok), Tick{Elapsed: 310, Weight: 5, Counts: map[string]Counts{"errors": {}}}), Inconclusive, Unproven, []Code{NoTraffic}},
		"an idle tick of a quiet service": {errorsOnly(), append(same(30, 50, Counts{CanaryTotal: 1, StableTotal: 1}),
			Tick{Elapsed: 310, Weight: 50, Counts: map[string]Counts{"errors": {}}}), Inconclusive, Pass, nil},
		"header-matched at weight 0": {errorsOnly(), same(30, 0, Counts{CanaryTotal: 20, StableTotal: 1000}), Inconclusive, Pass, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, f := watch(t, c.cfg, c.ticks)
			end := Conclude(c.cfg, s)
			if f.Verdict != c.verdict || end.Outcome != c.outcome {
				t.Errorf("verdict %s, outcome %s, want %s, %s\n%s", f.Verdict, end.Outcome, c.verdict, c.outcome, end.Explain())
			}
			if got := end.Finding.SLIs[0].Codes; !slices.Equal(got, c.codes) {
				t.Errorf("codes %v, want %v", got, c.codes)
			}
		})
	}
}

func TestGaps(t *testing.T) {
	for _, c := range []struct {
		missing int
		pass    bool
	}{{0, true}, {6, true}, {7, false}} { // of 30
		ticks := same(30, 5, Counts{CanaryTotal: 100, StableTotal: 1900})
		for i := range c.missing {
			ticks[i].Counts = nil
		}
		s, _ := watch(t, errorsOnly(), ticks)
		end := Conclude(errorsOnly(), s)
		if (end.Outcome == Pass) != c.pass || slices.Contains(end.Finding.SLIs[0].Codes, Gaps) == c.pass {
			t.Errorf("%d of 30 ticks missing: %s", c.missing, end.Explain())
		}
	}
}

func TestHarmStays(t *testing.T) {
	cfg := errorsOnly()
	s, f := watch(t, cfg, sick.ticks(1, 5))
	if f.Verdict != Harm {
		t.Fatal(f.Explain())
	}
	at := *f.SLIs[0].HarmAt
	for i := range 2000 {
		f = s.Observe(cfg, Tick{Elapsed: 1e4 + float64(i), Weight: 5, Counts: map[string]Counts{"errors": {CanaryTotal: 500, StableTotal: 9500, StableBad: 50}}})
	}
	if f.Verdict != Harm || *f.SLIs[0].HarmAt != at || Conclude(cfg, s).Outcome != Harmed {
		t.Errorf("harm went away: %s", f.Explain())
	}
	if f.SLIs[0].HarmLog >= f.SLIs[0].HarmPeak {
		t.Errorf("the good ticks left the evidence at its peak %v", f.SLIs[0].HarmPeak)
	}
}

func TestDryRunNeverDecides(t *testing.T) {
	cfg := Config{SLIs: []SLI{{Name: "errors", DryRun: true}, {Name: "latency"}}}
	ticks := sick.ticks(1, 5)
	for i := range ticks {
		ticks[i].Counts["latency"] = Counts{CanaryTotal: 75, StableTotal: 1425, StableBad: 3}
	}
	s, f := watch(t, cfg, ticks)
	if f.SLIs[0].Verdict != Harm || f.Verdict == Harm {
		t.Errorf("dry run %s, overall %s, want harm reported and not decided", f.SLIs[0].Verdict, f.Verdict)
	}
	if end := Conclude(cfg, s); end.Outcome != Pass {
		t.Errorf("the dry run's harm decided: %s", end.Explain())
	}
	alone := Config{SLIs: []SLI{{Name: "errors", DryRun: true}}}
	s, f = watch(t, alone, healthy.ticks(1, 5, 25))
	if end := Conclude(alone, s); end.Outcome != Unproven || f.Verdict == Safe || !slices.Contains(end.Finding.Codes, NothingDecides) {
		t.Errorf("nothing decides and yet: %s", end.Explain())
	}
}

func TestIgnoredTicks(t *testing.T) {
	cfg := errorsOnly()
	s, _ := watch(t, cfg, sick.ticks(1, 5)[:3])
	before := encode(t, s)
	other := Config{SLIs: []SLI{{Name: "errors", Tolerate: 2}}}
	more := Config{SLIs: []SLI{{Name: "errors"}, {Name: "latency"}}}
	good := Tick{Elapsed: 60, Weight: 5, Counts: map[string]Counts{"errors": {CanaryTotal: 10, CanaryBad: 5, StableTotal: 90}}}
	cases := map[string]struct {
		cfg  Config
		tick Tick
		code Code
	}{
		"the same again":   {cfg, sick.ticks(1, 5)[2], RepeatedTick},
		"an earlier one":   {cfg, Tick{Elapsed: 1}, RepeatedTick},
		"time is no time":  {cfg, Tick{Elapsed: math.NaN()}, InvalidTick},
		"impossible share": {cfg, Tick{Elapsed: 60, Weight: 101}, InvalidTick},
		"another ratio":    {other, good, ConfigChanged},
		"another SLI":      {more, good, ConfigChanged},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := s.Observe(c.cfg, c.tick)
			if !slices.Contains(f.Codes, c.code) {
				t.Errorf("codes %v, want %s", f.Codes, c.code)
			}
			if after := encode(t, s); after != before {
				t.Error("the state changed")
			}
		})
	}
	if end := Conclude(other, s); end.Outcome == Pass || !slices.Contains(end.Finding.Codes, ConfigChanged) {
		t.Errorf("another config concludes: %s", end.Explain())
	}
}

func TestNeverWatched(t *testing.T) {
	for name, s := range map[string]*State{"nil": nil, "zero": {}} {
		end := Conclude(errorsOnly(), s)
		if end.Outcome != Unproven || !slices.Contains(end.Finding.Codes, NeverWatched) {
			t.Errorf("%s state: %s", name, end.Explain())
		}
	}
	if end := Conclude(Config{}, &State{}); end.Outcome != Unproven || !slices.Contains(end.Finding.Codes, InvalidConfig) {
		t.Errorf("empty config: %s", end.Explain())
	}
}

func TestInconclusiveIsHandedOn(t *testing.T) {
	cfg := errorsOnly()
	cfg.Require, cfg.Inconclusive = ProvenSafe, "approve"
	s, _ := watch(t, cfg, same(3, 5, Counts{CanaryTotal: 100, StableTotal: 1900}))
	if end := Conclude(cfg, s); end.Outcome != Unproven || end.Inconclusive != "approve" {
		t.Errorf("outcome %s, then %q", end.Outcome, end.Inconclusive)
	}
}

// TestSeenIsHonest holds "could have seen" to simulation: canaries at that ratio are found in about the promised share.
func TestSeenIsHonest(t *testing.T) {
	cfg := errorsOnly()
	for _, stable := range []float64{.005, 0} {
		quiet := healthy
		quiet.stable = stable
		s, _ := watch(t, cfg, quiet.ticks(3, 5, 25))
		seen := Conclude(cfg, s).Finding.SLIs[0].Seen
		if seen.Assumed != (stable == 0) || seen.Ratio <= 1 || seen.Share <= 0 {
			t.Fatalf("stable fails %v: %+v", stable, seen)
		}
		found := 0
		const runs = 200
		for i := range runs {
			ill := quiet
			ill.stable, ill.ratio = seen.Baseline, seen.Ratio
			if _, f := watch(t, cfg, ill.ticks(uint64(100+i), 5, 25)); f.Verdict == Harm {
				found++
			}
		}
		if found < runs*74/100 {
			t.Errorf("stable fails %v: %.3gx was to be seen in 80 %%, was in %d of %d", stable, seen.Ratio, found, runs)
		}
	}
}

func TestSeenNothing(t *testing.T) {
	s, _ := watch(t, errorsOnly(), same(1, 5, Counts{CanaryTotal: 1, StableTotal: 19}))
	if seen := Conclude(errorsOnly(), s).Finding.SLIs[0].Seen; seen.Ratio != 0 {
		t.Errorf("one request is said to show %vx", seen.Ratio)
	}
}

// TestFamilyWise plays healthy canaries under four SLIs, one critical, that see independent failures.
func TestFamilyWise(t *testing.T) {
	cfg := Config{Alpha: .2, SLIs: []SLI{{Name: "a", Critical: true}, {Name: "b", Weight: 2}, {Name: "c"}, {Name: "d", DryRun: true}}}
	const runs = 300
	harmed := 0
	for i := range runs {
		ticks := healthy.ticks(uint64(i), 5, 25)
		for j, n := range []string{"a", "b", "c", "d"} {
			for k, other := range healthy.ticks(uint64(1000*(j+1)+i), 5, 25) {
				ticks[k].Counts[n] = other.Counts["errors"]
			}
		}
		if _, f := watch(t, cfg, ticks); f.Verdict == Harm {
			harmed++
		}
	}
	if float64(harmed)/runs > cfg.Alpha {
		t.Errorf("%d of %d healthy canaries harmed, want at most %v", harmed, runs, cfg.Alpha)
	}
}

// TestFindsFiveTimes holds the project's bar: 5x at 10 rps, 5 % weight, 0.5 % errors is found within half an hour in at
// least 95 % of rollouts, also with the schema's default tolerance of 1.25.
func TestFindsFiveTimes(t *testing.T) {
	ill := traffic{rps: 10, stable: .005, ratio: 5, tick: 15, step: 120, names: []string{"errors"}}
	const runs = 400
	for _, tolerate := range []float64{1, 1.25} {
		cfg := Config{SLIs: []SLI{{Name: "errors", Tolerate: tolerate}}}
		found := 0
		for i := range runs {
			if _, f := watch(t, cfg, ill.ticks(uint64(i), 5)); f.Verdict == Harm {
				found++
			}
		}
		t.Logf("tolerating %v: %d of %d found", tolerate, found, runs)
		if found < runs*95/100 {
			t.Errorf("tolerating %v: found %d of %d", tolerate, found, runs)
		}
	}
}

// A tick that is cut short, because the weight changed or the watch was closed, may well have no requests in it: that is no
// missing traffic, and must not turn a healthy canary away.
func TestShortTickWithoutRequests(t *testing.T) {
	cfg := errorsOnly()
	s, err := NewState(cfg)
	if err != nil {
		t.Fatal(err)
	}
	at := 0.0
	for range 30 {
		at++
		s.Observe(cfg, Tick{Elapsed: at, Weight: 10, Counts: map[string]Counts{"errors": {CanaryTotal: 10, StableTotal: 90}}})
	}
	s.Observe(cfg, Tick{Elapsed: at + 0.004, Weight: 10, Counts: map[string]Counts{"errors": {}}})
	if c := Conclude(cfg, s); c.Outcome != Pass {
		t.Errorf("got %s: %s", c.Outcome, c.Explain())
	}
	// a whole second without any is another matter
	s.Observe(cfg, Tick{Elapsed: at + 1.004, Weight: 10, Counts: map[string]Counts{"errors": {}}})
	if c := Conclude(cfg, s); c.Outcome == Pass {
		t.Errorf("a second without traffic passed: %s", c.Explain())
	}
}
