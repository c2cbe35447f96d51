package evidence

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
)

const (
	tableFile  = "../../docs/judging.md"
	tableOpen  = "<!-- measured -->\n"
	tableClose = "<!-- /measured -->\n"
	tableRuns  = 1000
)

// zTest is the usual test of two proportions, one-sided at 5 %, looked at after every tick: what the e-process is compared
// with in the table.
type zTest struct {
	xc, nc, xb, nb float64
	alarm          bool
}

func (z *zTest) observe(t Trial) {
	z.xc, z.nc = z.xc+t.CanaryHits, z.nc+t.CanarySize
	z.xb, z.nb = z.xb+t.StableHits, z.nb+t.StableSize
	p := (z.xc + z.xb) / (z.nc + z.nb)
	sd := math.Sqrt(p * (1 - p) * (1/z.nc + 1/z.nb))
	z.alarm = z.alarm || (sd > 0 && (z.xc/z.nc-z.xb/z.nb)/sd > quantile(.95))
}

// zRate is the share of runs of w in which a z-test raised an alarm.
func (w world) zRate(runs int) float64 {
	rng := rand.New(rand.NewPCG(20, 26))
	var alarms float64
	for range runs {
		var z zTest
		w.play(rng, func(_ int, t Trial) { z.observe(t) })
		if z.alarm {
			alarms++
		}
	}
	return alarms / float64(runs)
}

func pct(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

func falseAbortTable(b *strings.Builder) {
	b.WriteString("**Healthy canaries rolled back** (α 5 %; must stay below it)\n\n")
	b.WriteString("| rollout | robust (used) | binomial | z-test at each tick |\n|---|---|---|---|\n")
	for _, n := range nulls {
		share, _ := n.rate(tableRuns, alpha, func() []Mixture {
			return []Mixture{NewAbove(Robust, n.tolerate), NewAbove(Binomial, n.tolerate)}
		})
		z := "–" // it tests equality, not another ratio
		if n.tolerate == 1 {
			z = pct(n.zRate(tableRuns))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", n.name, pct(share[0]), pct(share[1]), z)
	}
}

func detectionTable(b *strings.Builder) {
	b.WriteString("\n**Sick canaries found**\n\n| canary | watched | found | after, on average |\n|---|---|---|---|\n")
	for _, d := range detections {
		share, minutes := d.rate(tableRuns, alpha, func() []Mixture { return []Mixture{NewAbove(Robust, 1)} })
		fmt.Fprintf(b, "| %s | %.0f min | %s | %.1f min |\n", d.name, d.minutes, pct(share[0]), minutes[0])
	}
}

func powerTable(b *strings.Builder) {
	b.WriteString("\n**What ten minutes can see** (ratio by the formula; in brackets, how many canaries that bad the simulation found)\n\n")
	b.WriteString("| service | weight 1 % | weight 5 % | weight 25 % | weight 50 % |\n|---|---|---|---|---|\n")
	for _, s := range []struct{ rps, share float64 }{{10, .001}, {10, .01}, {100, .001}, {100, .01}, {1000, .001}, {1000, .01}} {
		fmt.Fprintf(b, "| %g rps, %g %% errors |", s.rps, 100*s.share)
		for _, weight := range []float64{.01, .05, .25, .5} {
			ratio := design(Robust, s.rps, s.share).MinRatio(Step{Weight: weight, Seconds: 600})
			if math.IsInf(ratio, 1) {
				b.WriteString(" nothing |")
				continue
			}
			w := world{rps: s.rps, share: s.share, ratio: ratio, tick: 15, weights: []float64{weight}, minutes: 10}
			found, _ := w.rate(tableRuns/2, alpha, func() []Mixture { return []Mixture{NewAbove(Robust, 1)} })
			fmt.Fprintf(b, " %.3gx (%.0f %%) |", ratio, 100*found[0])
		}
		b.WriteString("\n")
	}
}

func safeTable(b *strings.Builder) {
	b.WriteString("\n**Equal canaries proven safe** (below 2x, 5 % weight, 30 minutes)\n\n| service | proven |\n|---|---|\n")
	for _, s := range []struct{ rps, share float64 }{{100, .005}, {100, .001}, {10, .005}, {10, .001}} {
		w := world{rps: s.rps, share: s.share, ratio: 1, tick: 15, weights: []float64{.05}, minutes: 30}
		share, _ := w.rate(tableRuns, alpha, func() []Mixture { return []Mixture{NewBelow(Robust, 2)} })
		fmt.Fprintf(b, "| %g rps, %g %% errors | %s |\n", s.rps, 100*s.share, pct(share[0]))
	}
}

func budgetTable(b *strings.Builder) {
	b.WriteString("\n**First deploys against a budget of 1 %** (30 minutes, a tick every 15 s)\n\n")
	b.WriteString("| version | harm proven | proven below twice the budget |\n|---|---|---|\n")
	for _, c := range []struct {
		name              string
		rps, share, burst float64
	}{
		{"10 rps, fails 1 %", 10, .01, 1}, {"100 rps, fails 1 %", 100, .01, 1},
		{"100 rps, fails 1 % in bursts of 20", 100, .01, 20}, {"100 rps, fails 2 % in bursts of 20", 100, .02, 20},
		{"100 rps, fails 2 %", 100, .02, 1}, {"10 rps, fails 5 %", 10, .05, 1},
	} {
		rng := rand.New(rand.NewPCG(20, 26))
		var harm, safe float64
		for range tableRuns {
			h, s := budgetRun(rng, c.rps*15, c.share, .01, c.burst, 120)
			if h {
				harm++
			}
			if s {
				safe++
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", c.name, pct(harm/tableRuns), pct(safe/tableRuns))
	}
}

// TestTable measures the tables of docs/judging.md and holds the page to them; UPDATE=1 writes them. The simulations are
// seeded, so the numbers repeat; another architecture's logarithm may differ in its last bit and with it a run or two, so
// there the tables are only printed.
func TestTable(t *testing.T) {
	if testing.Short() {
		t.Skip("ten seconds of simulation")
	}
	var b strings.Builder
	falseAbortTable(&b)
	detectionTable(&b)
	powerTable(&b)
	safeTable(&b)
	budgetTable(&b)
	got := b.String()
	t.Log("\n" + got)
	data, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), tableOpen)
	old, tail, closed := strings.Cut(rest, tableClose)
	if !ok || !closed {
		t.Fatalf("%s has no place for the tables", tableFile)
	}
	if old == got || runtime.GOARCH != "amd64" {
		return
	}
	if os.Getenv("UPDATE") != "1" {
		t.Fatalf("%s holds other numbers; UPDATE=1 writes these", tableFile)
	}
	if err := os.WriteFile(tableFile, []byte(head+tableOpen+got+tableClose+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}
