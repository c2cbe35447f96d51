package lower

import (
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// blueGreen brings up a full second side, asks before anybody is on it, switches, watches, and commits: until then the
// way back is another switch.
func blueGreen(d *deploy) error {
	bg := d.src.BlueGreen
	if err := d.stageUp(plan.StageOp{Capacity: 100}); err != nil {
		return err
	}
	if bg.Before != nil {
		d.before(*bg.Before)
	}
	var hold schema.Duration
	var analysis *schema.Analysis
	path := d.path
	if bg.After != nil {
		hold, analysis, path = bg.After.Hold, bg.After.Analysis, source.Join(d.path, "after")
	}
	return d.whole(hold, path, analysis, plan.Commit{})
}

// before asks people or a program about the side that nobody is on yet.
func (d *deploy) before(q schema.Before) {
	path := source.Join(d.path, "before")
	if q.Approve != nil {
		d.next("before", path, approval(*q.Approve))
		return
	}
	n := d.next("before", path, plan.Do{Exec: d.l.program(*q.Exec, d.src.In, q.InterruptedOrDefault())})
	n.Undo = revert(*q.Exec, d.src.In)
	n.Interruptible = true
}
