package judge

import (
	"math"

	"github.com/penstock-dev/penstock/internal/evidence"
)

// Seen is what the data of a watch could have shown: the smallest harm that they would have proven with the chance Power. It
// depends on the traffic, the weights and stable's failures, never on how the canary did.
type Seen struct {
	// Ratio is the smallest ratio of failure shares, canary to stable (or to the budget). 0: not even a canary that fails
	// every request would have been proven harmful.
	Ratio float64 `json:"ratio,omitempty"`
	// Share is the same as a failure share of the canary.
	Share float64 `json:"share,omitempty"`
	// Baseline is the failure share of stable that Ratio refers to.
	Baseline float64 `json:"baseline,omitempty"`
	// Assumed says that stable did not fail at all: a multiple of nothing is nothing, so Baseline is one failure among all
	// of stable's requests, the largest share that zero failures make look plausible.
	Assumed bool `json:"assumed,omitempty"`
}

func (w *Watch) seen(cfg Config, f SLIFinding) *Seen {
	if cfg.Against == AgainstObjective {
		return w.seenBudget(f)
	}
	var phases []evidence.Traffic
	var stable Counts
	for _, seg := range w.Segments {
		if seg.Ticks == 0 {
			continue
		}
		phases = append(phases, evidence.Traffic{
			Canary: float64(seg.Counts.CanaryTotal), Stable: float64(seg.Counts.StableTotal), Ticks: float64(seg.Ticks),
		})
		stable.add(seg.Counts)
	}
	if stable.StableTotal == 0 {
		return &Seen{}
	}
	out := Seen{Baseline: float64(stable.StableBad) / float64(stable.StableTotal)}
	if stable.StableBad == 0 {
		out.Baseline, out.Assumed = 1/float64(stable.StableTotal), true
	}
	if out.Baseline >= 1 {
		return &out
	}
	q := evidence.Question{Method: evidence.Robust, Null: f.Tolerate, Share: out.Baseline, Alpha: f.HarmAlpha, Power: Power}
	if r := q.MinRatio(phases); !math.IsInf(r, 1) {
		out.Ratio, out.Share = r, min(1, r*out.Baseline)
	}
	return &out
}

func (w *Watch) seenBudget(f SLIFinding) *Seen {
	out := Seen{Baseline: f.Budget}
	var phases []evidence.Traffic
	for _, seg := range w.Segments {
		if seg.Ticks > 0 {
			phases = append(phases, evidence.Traffic{Canary: float64(seg.Counts.CanaryTotal), Ticks: float64(seg.Ticks)})
		}
	}
	q := evidence.Question{Method: evidence.Robust, Null: 1, Share: f.Tolerate * f.Budget, Alpha: f.HarmAlpha, Power: Power}
	if share := q.MinShare(phases); share <= 1 {
		out.Share, out.Ratio = share, share/f.Budget
	}
	return &out
}
