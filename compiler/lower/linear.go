package lower

import (
	"fmt"
	"math"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// mostSteps bounds what a linear strategy expands to.
const mostSteps = 1000

// linear raises the share by equal steps at equal intervals; the last step is the commit.
func linear(d *deploy) error {
	lin := d.src.Linear
	n := math.Ceil(100/lin.Step) - 1
	if !(lin.Step > 0) || n > mostSteps {
		return fmt.Errorf("a step of %v%% makes %v steps, at most %d are possible", lin.Step, n, mostSteps)
	}
	if err := d.stageUp(plan.StageOp{}); err != nil {
		return err
	}
	g := d.gradual(lin.Analysis)
	for k := 1.0; k <= n; k++ {
		w := math.Round(k*lin.Step*1e6) / 1e6
		err := g.rise(rise{step: "shift-" + percent(w), path: d.path, shift: plan.Shift{Weight: w}, hold: span(lin.Every)})
		if err != nil {
			return err
		}
	}
	return g.finish()
}
