package local

import (
	"context"
	"errors"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/targets"
)

// lease is the exposure of one workload, which the target takes back unless it is renewed. The owner keeps it; a goroutine
// renews it while cancel is set.
type lease struct {
	call   targets.Call
	ref    plan.Ref
	last   time.Duration
	cancel context.CancelFunc
}

// orders are the calls of the dispatches that may lead to an exposure, by what is in flight.
type orders map[flightKey]targets.Call

// trackLease follows a fact: a shift that took effect is exposure, until the workload is committed or taken away. It only
// keeps what is so; renewLeases acts on it.
func (d *driver) trackLease(e event.Event) {
	n := d.nodes[e.Node]
	if n == nil {
		return
	}
	do := &n.Do
	if e.Undo {
		do = n.Undo
	}
	if do == nil {
		return
	}
	ref, ok := do.Workload()
	if !ok {
		return
	}
	switch e.Type {
	case event.NodeDispatched:
		x, err := event.Payload[event.Dispatched](e)
		if err == nil && !x.Recover {
			d.orders[flightKey{e.Node, e.Undo}] = targets.Call{Key: x.Key, Run: string(d.run), Fence: x.Fence, Order: e.Seq, Log: func(string) {}}
		}
		return
	case event.NodeDone:
	case event.NodeObserved:
		if x, err := event.Payload[event.Observed](e); err != nil || x.Effect != event.EffectDone {
			return
		}
	default:
		return
	}
	switch {
	case do.Shift != nil && do.Shift.Lease > 0 && (do.Shift.Weight > 0 || len(do.Shift.Match) > 0):
		d.dropLease(ref)
		d.leases[ref] = &lease{call: d.orders[flightKey{e.Node, e.Undo}], ref: ref, last: time.Duration(do.Shift.Lease)}
	case do.Shift != nil, do.Commit != nil, do.Restore != nil, do.Unstage != nil:
		d.dropLease(ref)
	}
}

func (d *driver) dropLease(ref plan.Ref) {
	if l := d.leases[ref]; l != nil && l.cancel != nil {
		l.cancel()
	}
	delete(d.leases, ref)
}

// renewLeases starts to renew the leases that nobody renews yet.
func (d *driver) renewLeases(ctx context.Context) {
	for _, ref := range sortedKeys(d.leases) {
		l := d.leases[ref]
		if l.cancel != nil {
			continue
		}
		ctx, cancel := context.WithCancel(ctx)
		l.cancel = cancel
		values := d.values()
		d.spawn(func() { d.renew(ctx, l.call, l.ref, l.last, values) })
	}
}

// renew renews three times within each lease. A target that refuses has taken the exposure back, or given it to a later
// instruction: it is said, and the evidence will show it.
func (d *driver) renew(ctx context.Context, c targets.Call, ref plan.Ref, last time.Duration, values map[string]string) {
	dep, err := d.o.Exec.Deploy(ctx, ref, values, false)
	if err != nil {
		d.sendEvents(note("the exposure of %s is not kept up: %s", ref, oneLine(err)))
		return
	}
	drv, err := d.o.Exec.Driver(ctx, dep.Kind)
	if err != nil {
		d.sendEvents(note("the exposure of %s is not kept up: %s", ref, oneLine(err)))
		return
	}
	l, ok := drv.(targets.Leaser)
	if !ok {
		return // the target takes nothing back by itself
	}
	for pause := time.Duration(0); sleep(ctx, pause); pause = last / 3 {
		err := func() error {
			ctx, stop := context.WithTimeout(ctx, last/3)
			defer stop()
			return l.RenewLease(ctx, c, dep, last)
		}()
		switch {
		case err == nil, targets.IsTransient(err), ctx.Err() != nil:
		case errors.Is(err, targets.ErrStaleOrder):
			return // a later instruction has taken over
		default:
			d.sendEvents(note("the exposure of %s is not kept up: %s", ref, oneLine(err)))
			return
		}
	}
}
