package local

import (
	"context"
	"errors"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/targets"
)

// exposures is what the journal says about who gets traffic, and keeps it from being taken back: a fold over durable
// events, so that a process which takes the run over knows the same.
type exposures struct {
	d       *driver
	leases  map[plan.Ref]*lease
	weights map[plan.Ref]float64
	latest  map[flightKey]ordered // dispatches
	live    bool                  // renewing
}

// lease is the exposure of one workload.
type lease struct {
	Lease
	renewing bool // an attempt is under way
	failing  bool // and the last one failed
	ended    bool
}

// ordered is a dispatch: its idempotency key, and its Seq.
type ordered struct {
	key string
	seq uint64
}

// active reports whether anything is exposed under a lease.
func (x *exposures) active() bool { return len(x.leases) > 0 }

func (x *exposures) fold(e event.Event) {
	n := x.d.nodes[e.Node]
	if n == nil {
		return
	}
	do := &n.Do
	if e.Undo {
		if do = n.Undo; do == nil {
			return
		}
	}
	ref, ok := do.Workload()
	if !ok {
		return
	}
	switch e.Type {
	case event.NodeDispatched:
		x.dispatched(e, do, ref, n.Lock)
	case event.NodeDone:
		if done, err := event.Payload[event.Done](e); err == nil {
			x.took(e, do, ref, n.Lock, done)
		}
	case event.NodeObserved:
		if o, err := event.Payload[event.Observed](e); err == nil && o.Effect == event.EffectDone {
			done := event.Done{}
			if o.Done != nil {
				done = *o.Done
			}
			x.took(e, do, ref, n.Lock, done)
		}
	}
}

// dispatched keeps the lease at the latest order, which is the only one a target still accepts. What takes exposure back
// is not renewed against: if it fails for good, the lease runs out.
func (x *exposures) dispatched(e event.Event, do *plan.Do, ref plan.Ref, env string) {
	data, err := event.Payload[event.Dispatched](e)
	if err != nil {
		return
	}
	x.latest[flightKey{e.Node, e.Undo}] = ordered{data.Key, e.Seq}
	l := x.leases[ref]
	if l == nil {
		return
	}
	if e.Undo && splits(do) {
		x.end(ref)
		return
	}
	if !data.Recover {
		l.Key, l.Order, l.Env = data.Key, e.Seq, env
	}
}

func (x *exposures) took(e event.Event, do *plan.Do, ref plan.Ref, env string, done event.Done) {
	if w := shiftedTo(do, done); w != nil {
		x.weights[ref] = *w
	}
	switch {
	case do.Shift != nil && do.Shift.Lease > 0:
		x.end(ref)
		by := x.latest[flightKey{e.Node, e.Undo}]
		l := &lease{Lease: Lease{Workload: ref, Key: by.key, Env: env, Order: by.seq, For: time.Duration(do.Shift.Lease)}}
		x.leases[ref] = l
		if x.live {
			x.schedule(l)
		}
	case splits(do):
		x.end(ref)
		if do.Shift == nil {
			delete(x.weights, ref)
		}
	}
}

func (x *exposures) end(ref plan.Ref) {
	if l := x.leases[ref]; l != nil {
		l.ended = true
		delete(x.leases, ref)
	}
}

// renewAll begins to renew what the journal says is exposed.
func (x *exposures) renewAll() {
	x.live = true
	for _, l := range x.leases {
		x.renew(l)
	}
}

func (x *exposures) schedule(l *lease) {
	x.d.timers.set(x.d.now().Add(l.For/3), func() { x.renew(l) })
}

// renew renews a lease in a goroutine of its own, and sets the time of the next. Without the environment's lock it waits.
func (x *exposures) renew(l *lease) {
	d := x.d
	if l.ended || d.o.Leases == nil {
		return
	}
	x.schedule(l)
	fence, held := d.st.Fence(l.Env)
	if l.renewing || l.Env != "" && !held {
		return
	}
	l.renewing = true
	call := l.Lease
	call.Fence, call.Bindings = fence, d.snapshot()
	d.tasks.spawn(func() {
		ctx, cancel := context.WithTimeout(d.ctx, call.For/3)
		defer cancel()
		err := d.o.Leases.Renew(ctx, call)
		d.post(func() { x.renewed(l, fence, err) })
	})
}

func (x *exposures) renewed(l *lease, fence uint64, err error) {
	l.renewing = false
	switch {
	case err == nil:
		l.failing = false
	case l.ended || errors.Is(err, targets.ErrStaleOrder): // a later instruction has come in between
	case errors.Is(err, targets.ErrStaleFence):
		x.end(l.Workload)
		x.d.locks.lost(l.Env, fence)
	case !l.failing:
		l.failing = true
		x.d.note("the exposure lease of %s could not be renewed: %v", l.Workload, err)
	}
}
