package local

import (
	"context"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// around is what happens before and after an instruction that changes the split of a watched workload: the tick before it
// ends, and the next one begins behind it.
type around struct {
	watches []*watch
	c       machine.Dispatch
	wait    time.Duration
}

func (d *driver) around(c machine.Dispatch) around {
	ref, ok := c.Do.Workload()
	if !ok || !splits(c.Do) {
		return around{}
	}
	a := around{c: c, wait: d.o.ReadTimeout}
	for _, w := range d.watches {
		if w.m.Workload == ref {
			a.watches = append(a.watches, w)
		}
	}
	return a
}

// splits reports whether an instruction may change who gets which share.
func splits(do *plan.Do) bool {
	switch do.Op() {
	case plan.OpShift, plan.OpCommit, plan.OpRestore, plan.OpUnstage:
		return true
	}
	return false
}

// before ends the ticks. Going forward it waits for that, a little; what undoes never waits. Looking changes nothing.
func (a around) before(ctx context.Context) {
	for _, w := range a.watches {
		if a.c.Recover {
			continue
		}
		if a.c.Undo {
			w.box.post(w.stop)
			continue
		}
		ended := make(chan struct{})
		w.box.post(func() {
			w.pause()
			close(ended)
		})
		t := time.NewTimer(a.wait)
		select {
		case <-ended:
		case <-w.gone:
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
	}
}

// after begins the next ticks. When nobody knows what became of the split, the target is believed. A look that finds the
// effect made begins them too: the process that made it didn't come to that.
func (a around) after(out Outcome) {
	if len(a.watches) == 0 || a.c.Recover && (out.Observed == nil || out.Observed.Effect != event.EffectDone) {
		return
	}
	done := out.Done
	if out.Observed != nil {
		done = out.Observed.Done
	}
	var weight *float64
	switch {
	case done != nil:
		weight = shiftedTo(a.c.Do, *done)
	case out.Observed != nil:
		weight = shiftedTo(a.c.Do, event.Done{})
	}
	for _, w := range a.watches {
		w.box.post(func() { w.proceed(weight) })
	}
}

// shiftedTo is the share of the new version behind a successful instruction; nil when there are no longer two.
func shiftedTo(do *plan.Do, done event.Done) *float64 {
	if do.Shift == nil {
		return nil
	}
	if done.Weight != nil {
		return done.Weight
	}
	return &do.Shift.Weight
}
