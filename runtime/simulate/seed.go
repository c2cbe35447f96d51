package simulate

import (
	"fmt"
	"math/rand/v2"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// Seeded returns n faults of a plan, chosen by a seed: the same seed, the same faults. They come from what a run without
// faults does, so that each of them can happen.
func Seeded(p *plan.Plan, o Options, seed uint64, n int) ([]Fault, error) {
	o.Faults, o.Quiet = nil, true
	plain, err := Run(p, o)
	if err != nil {
		return nil, fmt.Errorf("run without faults: %w", err)
	}
	all := firsts(p, plain)
	if len(all) == 0 {
		return nil, nil
	}
	r := rand.New(rand.NewPCG(seed, 0x70656e73746f636b))
	var out []Fault
	for range n {
		out = append(out, all[r.IntN(len(all))])
	}
	return out, nil
}
