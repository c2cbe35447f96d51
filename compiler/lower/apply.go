package lower

import "github.com/penstock-dev/penstock/compiler/plan"

// apply executes a previewed change. The pass previews says which; the way back is the version recorded before.
func apply(d *deploy) error {
	if err := d.prepare(); err != nil {
		return err
	}
	a := d.src.Apply
	n := d.next("apply", d.path, plan.Do{Apply: &plan.Apply{Workload: d.ref, Destroys: a.Destroys, Replaces: a.Replaces}})
	n.Undo = &plan.Do{Restore: &plan.Restore{Workload: d.ref, Snapshot: d.snapshot}}
	return nil
}
