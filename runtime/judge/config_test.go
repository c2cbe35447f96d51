package judge

import (
	"math"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	with := func(s SLI) Config { return Config{SLIs: []SLI{s}} }
	cases := map[string]struct {
		cfg  Config
		want string // part of the message; empty: valid
	}{
		"usual":            {errorsOnly(), ""},
		"no SLI":           {Config{}, "no SLI"},
		"no name":          {with(SLI{}), "no name"},
		"twice":            {Config{SLIs: []SLI{{Name: "a"}, {Name: "a"}}}, "listed twice"},
		"against":          {Config{Against: "past", SLIs: []SLI{{Name: "a"}}}, `against "past"`},
		"require":          {Config{Require: "luck", SLIs: []SLI{{Name: "a"}}}, `require "luck"`},
		"alpha":            {Config{Alpha: 1, SLIs: []SLI{{Name: "a"}}}, "alpha 1"},
		"alpha not number": {Config{Alpha: math.NaN(), SLIs: []SLI{{Name: "a"}}}, "alpha NaN"},
		"tolerate":         {with(SLI{Name: "a", Tolerate: -1}), "tolerate -1"},
		"safe":             {with(SLI{Name: "a", Safe: math.Inf(1)}), "safe +Inf"},
		"weight":           {with(SLI{Name: "a", Weight: -3}), "weight -3"},
		"minimum seen":     {Config{MinSeen: -1, SLIs: []SLI{{Name: "a"}}}, "minimum seen"},
		"no objective":     {Config{Against: AgainstObjective, SLIs: []SLI{{Name: "a"}}}, "objective 0"},
		"budget of all":    {Config{Against: AgainstObjective, SLIs: []SLI{{Name: "a", Objective: 50, Tolerate: 2}}}, "every request may fail"},
		"safe above all":   {Config{Against: AgainstObjective, SLIs: []SLI{{Name: "a", Objective: 40}}}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := c.cfg.Validate()
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if _, newErr := NewState(c.cfg); (newErr == nil) != (err == nil) {
				t.Errorf("NewState says %v", newErr)
			}
		})
	}
}

func TestAlphas(t *testing.T) {
	cases := map[string]struct {
		slis []SLI
		want []float64
	}{
		"one":           {[]SLI{{Name: "a"}}, []float64{.05}},
		"by weight":     {[]SLI{{Name: "a", Weight: 4}, {Name: "b"}}, []float64{.04, .01}},
		"one critical":  {[]SLI{{Name: "a", Critical: true}, {Name: "b"}}, []float64{.0375, .0125}},
		"all critical":  {[]SLI{{Name: "a", Critical: true}, {Name: "b", Critical: true}}, []float64{.025, .025}},
		"with dry run":  {[]SLI{{Name: "a"}, {Name: "b", DryRun: true}}, []float64{.05, .025}},
		"only dry runs": {[]SLI{{Name: "a", DryRun: true}}, []float64{.05}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := Config{SLIs: c.slis}.Alphas()
			var sum float64
			for i, a := range got {
				if math.Abs(a-c.want[i]) > 1e-12 {
					t.Errorf("part %d is %v, want %v", i, a, c.want[i])
				}
				if !c.slis[i].DryRun {
					sum += a
				}
			}
			if sum > DefaultAlpha+1e-12 {
				t.Errorf("the parts add up to %v", sum)
			}
		})
	}
}
