// Package power_test holds vet's word on what a canary can see against canaries that are judged: pipelines are vetted, and
// the judge that would watch them is given the counts of simulated releases.
package power_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/judge"
	"github.com/penstock-dev/penstock/schema"
)

// setting is a canary whose power vet warns of.
type setting struct {
	name      string
	rps       float64
	errors    float64 // percent
	tolerate  float64
	steps     []step
	otherSLOs int // they share alpha
}

type step struct {
	weight float64 // percent
	hold   time.Duration
}

func (s step) String() string {
	return fmt.Sprintf("%v %% for %s", s.weight, schema.FormatDuration(s.hold))
}

func settings() []setting {
	at := func(weight float64, hold time.Duration) step { return step{weight, hold} }
	const m, s = time.Minute, time.Second
	return []setting{
		{"slow service", 1, 1, 1, []step{at(5, 30*m)}, 0},
		{"slow service, half", 1, 1, 1.25, []step{at(50, 30*m)}, 0},
		{"ten, rare errors", 10, 0.1, 1, []step{at(5, 10*m), at(25, 10*m)}, 0},
		{"ten, more errors", 10, 0.5, 1.25, []step{at(10, 10*m)}, 0},
		{"ten, many errors", 10, 1, 1, []step{at(1, 20*m)}, 0},
		{"hundred, rare errors", 100, 0.1, 1.25, []step{at(5, 10*m)}, 0},
		{"hundred, one in a hundred", 100, 1, 1, []step{at(1, 8*m)}, 0},
		{"hundred, four steps", 100, 0.1, 1.25, []step{at(1, 2*m), at(5, 2*m), at(20, 2*m), at(50, 2*m)}, 0},
		{"hundred, three SLOs", 100, 0.2, 1, []step{at(5, 5*m), at(25, 2*m)}, 2},
		{"thousand, short", 1000, 0.1, 1.25, []step{at(5, 30*s), at(10, 20*s)}, 0},
		{"thousand, one percent", 1000, 0.1, 1, []step{at(1, 5*m)}, 0},
		{"thousand, many errors", 1000, 1, 1.25, []step{at(1, 30*s), at(2, 30*s)}, 0},
	}
}

// text is the setting as a user writes it.
func (s setting) text() string {
	var steps []string
	for _, st := range s.steps {
		steps = append(steps, fmt.Sprintf("{weight: %v, hold: %q}", st.weight, schema.FormatDuration(st.hold)))
	}
	var slos, judged strings.Builder
	for i := range s.otherSLOs + 1 {
		name := "errors"
		if i > 0 {
			name = fmt.Sprintf("other%d", i)
		}
		fmt.Fprintf(&slos, "\t%s: {objective: 99, over: \"7d\", sli: requests: workload: \"web\"}\n", name)
		fmt.Fprintf(&judged, "%s: tolerate: %v, ", name, s.tolerate)
	}
	return `package web
pipeline: {
	name: "web"
	artifacts: web: file: path: "bin/web"
	environments: here: {tier: "development", process: {}}
	workloads: web: process: {artifact: "web", listen: "127.0.0.1:8080"}
	slos: {
` + slos.String() + `	}
	stages: build: exec: {command: ["make"], produces: web: {}}
	stages: release: {needs: ["build"], deploy: {workload: "web", in: "here", canary: {
		steps: [` + strings.Join(steps, ", ") + `]
		analysis: {slos: {` + judged.String() + `}, expect: {rps: ` + num(s.rps) + `, errors: ` + num(s.errors) + `}}
	}}}
}
`
}

func num(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// said is the ratio in vet's warning, and the plan that would be executed.
func said(t *testing.T, s setting) (float64, *plan.Plan) {
	t.Helper()
	o := compiler.Options{Args: []string{"-"}, Dir: t.TempDir(), Stdin: strings.NewReader(s.text())}
	out, list, err := compiler.Compile(context.Background(), o)
	if err != nil || len(out) != 1 {
		t.Fatalf("%v %v\n%s", err, list, s.text())
	}
	for _, d := range list {
		m := regexp.MustCompile(`fails ([0-9.]+) times`).FindStringSubmatch(d.Message)
		if d.Code == "low-power" && m != nil {
			v, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v, out[0].Plan
		}
	}
	t.Fatalf("vet has no warning: %v", list)
	return 0, nil
}

// config is the monitor's judge, as the driver makes it.
func config(p *plan.Plan) (judge.Config, time.Duration) {
	m := p.Monitors[0]
	c := judge.Config{Against: judge.Against(m.Judge.Against), Alpha: m.Judge.Alpha, Require: judge.Require(m.Judge.Require)}
	for _, s := range m.Judge.SLIs {
		c.SLIs = append(c.SLIs, judge.SLI{Name: s.SLO, Tolerate: s.Tolerate, Safe: s.Safe, Critical: s.Critical, DryRun: s.DryRun, Weight: s.Weight})
	}
	return c, time.Duration(m.Judge.Tick)
}

// found says whether one release of a canary that fails ratio times as often ends in harm by the SLO "errors".
func found(t *testing.T, s setting, c judge.Config, tick time.Duration, ratio float64, r *rand.Rand) bool {
	st, err := judge.NewState(c)
	if err != nil {
		t.Fatal(err)
	}
	elapsed := 0.0
	p := s.errors / 100
	for _, step := range s.steps {
		for left := step.hold; left > 0; left -= tick {
			length := min(tick, left).Seconds()
			elapsed += length
			w := step.weight / 100
			canary, stable := poisson(r, s.rps*length*w), poisson(r, s.rps*length*(1-w))
			counts := judge.Counts{
				CanaryTotal: canary, CanaryBad: binomial(r, canary, min(1, p*ratio)), StableTotal: stable, StableBad: binomial(r, stable, p),
			}
			f := st.Observe(c, judge.Tick{Elapsed: elapsed, Weight: step.weight, Counts: map[string]judge.Counts{"errors": counts}})
			if f.Verdict == judge.Harm {
				return true
			}
		}
	}
	return false
}

// measured is the ratio at which four fifths of the releases end in harm, by bisection.
func measured(t *testing.T, s setting, c judge.Config, tick time.Duration) float64 {
	const releases = 400
	lo, hi := s.tolerate, 100/s.errors
	for hi/lo > 1.03 {
		mid := math.Sqrt(lo * hi)
		r := rand.New(rand.NewPCG(7, 11))
		harms := 0
		for range releases {
			if found(t, s, c, tick, mid, r) {
				harms++
			}
		}
		if harms*5 >= releases*4 {
			hi = mid
		} else {
			lo = mid
		}
	}
	return math.Sqrt(lo * hi)
}

// TestWarningsAgreeWithTheJudge holds the ratio that vet prints to within a quarter of what simulated releases need.
func TestWarningsAgreeWithTheJudge(t *testing.T) {
	for _, s := range settings() {
		t.Run(s.name, func(t *testing.T) {
			vet, p := said(t, s)
			c, tick := config(p)
			mc := measured(t, s, c, tick)
			off := 100 * (vet/mc - 1)
			t.Logf("%5v rps, %4v %% errors, tolerate %-4v  %-58v tick %-5v vet %-5v judge %5.2f  %+5.1f %%", s.rps, s.errors, s.tolerate, fmt.Sprint(s.steps), tick, vet, mc, off)
			if math.Abs(off) > 25 {
				t.Errorf("vet says %v times, the judge needs %.2f", vet, mc)
			}
		})
	}
}

// poisson draws by multiplication where the mean is small and from the normal distribution where it is large.
func poisson(r *rand.Rand, mean float64) uint64 {
	if mean > 50 {
		return uint64(max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	limit, k := math.Exp(-mean), uint64(0)
	for product := r.Float64(); product > limit; product *= r.Float64() {
		k++
	}
	return k
}

// binomial draws exactly where failures are few, by the gaps between them, and from the normal distribution where they are
// many.
func binomial(r *rand.Rand, n uint64, p float64) uint64 {
	if p >= 1 {
		return n
	}
	mean := float64(n) * p
	if spread := mean * (1 - p); spread > 50 {
		return uint64(min(float64(n), max(0, math.Round(mean+math.Sqrt(spread)*r.NormFloat64()))))
	}
	var k uint64
	for at := gap(r, p); at <= float64(n); at += gap(r, p) {
		k++
	}
	return k
}

func gap(r *rand.Rand, p float64) float64 {
	return math.Floor(math.Log(1-r.Float64())/math.Log1p(-p)) + 1
}
