package local

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// errTimedOut is the cause for which an attempt is cancelled whose time is up, cancelled that of a [machine.CancelOp].
var errTimedOut = errors.New("the attempt's time was up")

type cancelled struct{ reason string }

func (c cancelled) Error() string { return c.reason }

// flightKey names the one attempt of a node's do or undo that counts.
type flightKey struct {
	node plan.NodeID
	undo bool
}

// flight is an attempt under way.
type flight struct {
	d      *driver
	c      machine.Dispatch
	cancel context.CancelCauseFunc
	// answered is set by whoever answers first, ended when the executor has returned.
	answered, ended atomic.Bool
	timer           *time.Timer // of the timeout, nil without one
}

// dispatch journals an attempt; it begins when that is durable.
func (d *driver) dispatch(c machine.Dispatch) {
	bindings := d.snapshot()
	e := event.Event{Type: event.NodeDispatched, Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}
	e = e.With(event.Dispatched{Key: c.Key, Fence: c.Fence, Recover: c.Recover, Subject: c.Subject})
	d.emit(e, func(e event.Event) { d.attempt(c, e.Seq, bindings) })
}

// attempt runs one attempt in a goroutine of its own; how many there are at once is the machine's to bound.
func (d *driver) attempt(c machine.Dispatch, order uint64, bindings map[string]string) {
	ctx, cancel := context.WithCancelCause(d.ctx)
	f := &flight{d: d, c: c, cancel: cancel}
	d.flights[flightKey{c.Node, c.Undo}] = f
	if c.Timeout > 0 {
		f.timer = time.AfterFunc(c.Timeout, func() { f.interrupt(errTimedOut) })
	}
	around := d.around(c)
	d.tasks.spawn(func() {
		defer cancel(nil)
		around.before(ctx)
		out := d.o.Executor.Do(ctx, c, order, bindings)
		cause := context.Cause(ctx)
		f.ended.Store(true)
		if f.timer != nil {
			f.timer.Stop()
		}
		around.after(out)
		f.answer(out, cause)
	})
}

// interrupt cancels the attempt, and answers for it when it doesn't notice in time.
func (f *flight) interrupt(cause error) {
	f.cancel(cause)
	f.d.tasks.spawn(func() {
		t := time.NewTimer(f.d.o.Grace)
		defer t.Stop()
		select {
		case <-t.C:
			if !f.ended.Load() {
				f.answer(Outcome{Failure: &event.Failure{Message: "it did not stop when it was asked to", Unknown: true}}, cause)
			}
		case <-f.d.ctx.Done():
		}
	})
}

// answer hands the end of the attempt to the owner, once.
func (f *flight) answer(out Outcome, cause error) {
	if f.answered.Swap(true) {
		return
	}
	e := f.event(out, cause)
	f.d.post(func() {
		if key := (flightKey{f.c.Node, f.c.Undo}); f.d.flights[key] == f {
			delete(f.d.flights, key)
		}
		if !f.ended.Load() {
			f.d.zombies = append(f.d.zombies, f)
		}
		if out.Fenced && f.c.Env != "" {
			f.d.locks.lost(f.c.Env, f.c.Fence)
		}
		f.d.emit(e, nil)
	})
}

// event is what the attempt came to. Whatever was achieved counts, also when it was asked to stop meanwhile.
func (f *flight) event(out Outcome, cause error) event.Event {
	c := f.c
	e := event.Event{Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}
	switch {
	case out.Done != nil && c.Recover:
		e.Type = event.NodeObserved
		return e.With(event.Observed{Effect: event.EffectDone, Done: out.Done})
	case out.Done != nil:
		e.Type = event.NodeDone
		return e.With(*out.Done)
	case out.Observed != nil && c.Recover:
		e.Type = event.NodeObserved
		return e.With(*out.Observed)
	case errors.Is(cause, errTimedOut):
		e.Type = event.NodeTimedOut
		return e
	}
	x := event.Failure{Message: "the attempt ended without an answer", Unknown: true}
	if out.Failure != nil {
		x = *out.Failure
	}
	e.Type = event.NodeFailed
	var asked cancelled
	if errors.As(cause, &asked) {
		e.Type, x.Message = event.NodeCancelled, asked.reason
	}
	return e.With(x)
}

// cancelOp asks an attempt to stop.
func (d *driver) cancelOp(c machine.CancelOp) {
	f := d.flights[flightKey{c.Node, c.Undo}]
	if f != nil && f.c.Generation == c.Generation && f.c.Attempt == c.Attempt {
		f.interrupt(cancelled{c.Reason})
	}
}
