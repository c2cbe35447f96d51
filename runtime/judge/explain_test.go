package judge

import (
	"math"
	"testing"
)

func TestExplain(t *testing.T) {
	dead := Counts{CanaryTotal: 100, CanaryBad: 20, StableTotal: 1900, StableBad: 2}
	fine := Counts{CanaryTotal: 100, StableTotal: 1900}
	cases := map[string]struct {
		cfg   Config
		ticks []Tick
		want  string
	}{
		"harm": {errorsOnly(), same(6, 5, dead), "harm: errors: canary failed 120 of 600, stable 12 of 11,400; " +
			"equally good versions would put 6.6 of these 132 failures on the canary; " +
			"harm proven at 20 s, evidence 402,890:1 against at most 1x stable's failures (proof at 20:1)"},
		"no failures": {errorsOnly(), same(60, 5, fine), "pass (no-harm): errors: nothing failed, canary 0 of 6,000, stable 0 of 114,000; " +
			"evidence of harm 1:1 (proof at 20:1), of safety 1:1 (proof at 20:1); " +
			"no harm found, could have seen ≥ 66.1x a stable version that fails once in 114,000 (0.058 % of the canary's requests)"},
		"some failures": {errorsOnly(), same(60, 5, Counts{CanaryTotal: 100, CanaryBad: 1, StableTotal: 1900, StableBad: 19}),
			"pass (no-harm): errors: canary failed 60 of 6,000, stable 1,140 of 114,000; " +
				"equally good versions would put 60 of these 1,200 failures on the canary; " +
				"evidence of harm 1:1 (proof at 20:1), of safety 10.7:1 (proof at 20:1); " +
				"no harm found, could have seen ≥ 1.55x stable (1.55 % of the canary's requests)"},
		"no series": {errorsOnly(), same(4, 5, Counts{Missing: true}), "inconclusive: errors: no requests counted; " +
			"evidence of harm 1:1 (proof at 20:1), of safety 1:1 (proof at 20:1); " +
			"not even a canary that fails every request would have been found out; " +
			"missing: no-series, no-traffic, no-stable-traffic, too-few-requests, gaps"},
		"budget": {Config{Against: AgainstObjective, SLIs: []SLI{{Name: "errors", Objective: 99}}}, same(60, 100, Counts{CanaryTotal: 1500, CanaryBad: 9}),
			"pass (no-harm): errors: canary failed 540 of 90,000; its budget of 1 % allows 900; " +
				"proven safe, evidence over 1,000,000,000:1 against at least 2x the budget (proof at 20:1); " +
				"no harm found, could have seen ≥ 1.13x the budget (1.13 % of the canary's requests)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, _ := watch(t, c.cfg, c.ticks)
			if got := Conclude(c.cfg, s).Explain(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOdds(t *testing.T) {
	for log, want := range map[float64]string{
		0: "1:1", math.Log(41): "41:1", math.Log(1.0 / 3): "1:3", math.Log(12345): "12,345:1",
		700: "over 1,000,000,000:1", -700: "under 1:1,000,000,000",
	} {
		if got := odds(log); got != want {
			t.Errorf("odds(%v) = %q, want %q", log, got, want)
		}
	}
}
