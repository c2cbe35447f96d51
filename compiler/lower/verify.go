package lower

import (
	"github.com/penstock-dev/penstock/compiler/plan"
)

// verifyStage holds and judges what is already released, against the objectives: nothing runs beside it. The verdict is
// read by a node of its own, since a monitor closes before another node than it opened with.
func verifyStage(b *builder) error {
	v := *b.s.src.Verify
	ref, _, err := b.on(v.Workload, v.In)
	if err != nil {
		return err
	}
	if err := b.enter(false); err != nil {
		return err
	}
	hold := b.next("hold", b.path, plan.Do{Hold: &plan.HoldOp{Workload: ref}})
	hold.Hold = &plan.Hold{For: span(v.Hold)}
	analysis := v.Analysis()
	if !judges(&analysis) {
		return nil
	}
	verdict := b.next("verdict", b.path, plan.Do{Hold: &plan.HoldOp{Workload: ref}})
	m := b.monitor("judge", b.path, &analysis, watched{ref: ref, against: "objective", opens: hold.ID, closes: verdict.ID}, hold.Hold.For)
	hold.Hold.Monitor = m
	return nil
}
