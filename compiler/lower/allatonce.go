package lower

import "github.com/penstock-dev/penstock/compiler/plan"

// allAtOnce brings the new version up with full capacity, gives it everything, watches it, and commits.
func allAtOnce(d *deploy) error {
	if err := d.stageUp(plan.StageOp{Capacity: 100}); err != nil {
		return err
	}
	return d.whole(d.src.AllAtOnce.Hold, d.path, d.src.AllAtOnce.Analysis, plan.Commit{})
}
