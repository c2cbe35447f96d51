package lower

import (
	"math"
	"strconv"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// rolling replaces instances batch by batch: a batch of new ones comes up beside the old ones, which then leave, so
// that capacity never falls. Once all are new they are watched, and committed.
func rolling(d *deploy) error {
	r := d.src.Rolling
	batch := strconv.FormatFloat(math.Round(r.BatchOrDefault()*100)/100, 'f', -1, 64) + "%"
	if err := d.stageUp(plan.StageOp{Surge: batch, Unavailable: "0%"}); err != nil {
		return err
	}
	return d.whole(r.Hold, d.path, r.Analysis, plan.Commit{Surge: batch, Unavailable: "0%"})
}
