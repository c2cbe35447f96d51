package local

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/op"
)

// flightKey names what can be in flight once at a time.
type flightKey struct {
	node plan.NodeID
	undo bool
}

// flight is an attempt under way.
type flight struct {
	generation, attempt int
	cancel              context.CancelCauseFunc
}

// dispatch starts the attempt whose node.dispatched is the order-th event.
func (d *driver) dispatch(ctx context.Context, c machine.Dispatch, order uint64) {
	call := op.Call{
		Run: string(d.run), Node: c.Node, Undo: c.Undo, Key: c.Key, Fence: c.Fence, Order: order, Recover: c.Recover,
		Do: c.Do, Prior: c.Prior, Bindings: d.values(),
	}
	key := flightKey{c.Node, c.Undo}
	ctx, cancel := context.WithCancelCause(ctx)
	f := &flight{generation: c.Generation, attempt: c.Attempt, cancel: cancel}
	d.flights[key] = f
	around := d.around(c)
	d.spawn(func() {
		defer cancel(nil)
		events := d.attempt(ctx, c, call, around)
		d.send(answer{events: events, then: func() error {
			if d.flights[key] == f {
				delete(d.flights, key)
			}
			return nil
		}})
	})
}

// cancel asks an attempt to stop.
func (d *driver) cancel(c machine.CancelOp) {
	f := d.flights[flightKey{c.Node, c.Undo}]
	if f != nil && f.generation == c.Generation && f.attempt == c.Attempt {
		f.cancel(errors.Join(errCancelled, errors.New(c.Reason)))
	}
}

// around returns the watches that must not count while the instruction changes the traffic that they judge.
func (d *driver) around(c machine.Dispatch) []*watch {
	ref, ok := c.Do.Workload()
	if !ok || c.Recover || c.Do.Snapshot != nil || c.Do.VerifyArtifact != nil {
		return nil
	}
	var out []*watch
	for _, id := range sortedKeys(d.watches) {
		if w := d.watches[id]; w.m.Workload == ref {
			out = append(out, w)
		}
	}
	return out
}

// attempt executes an instruction within its time and returns the facts with which it ends. One that was stopped may take
// a while to end; the fact waits for it, but not for ever.
func (d *driver) attempt(ctx context.Context, c machine.Dispatch, call op.Call, around []*watch) []event.Event {
	if c.Timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.Timeout, errTimedOut)
		defer stop()
	}
	around = slices.DeleteFunc(around, func(w *watch) bool { return !w.pause(ctx) })
	result := make(chan op.Outcome, 1)
	d.spawn(func() { result <- d.o.Exec.Do(ctx, call) })
	var out op.Outcome
	select {
	case out = <-result:
	case <-ctx.Done():
		out = d.linger(ctx, result)
	}
	for _, w := range around {
		w.resume()
	}
	return d.facts(ctx, c, out)
}

// linger gives an attempt that was stopped time to end.
func (d *driver) linger(ctx context.Context, result <-chan op.Outcome) op.Outcome {
	t := time.NewTimer(d.o.Linger)
	defer t.Stop()
	select {
	case out := <-result:
		return out
	case <-t.C:
		return op.Outcome{Failure: &event.Failure{Message: "did not stop when it was asked to: " + context.Cause(ctx).Error(), Unknown: true}}
	}
}

// facts turns an outcome into events.
func (d *driver) facts(ctx context.Context, c machine.Dispatch, out op.Outcome) []event.Event {
	e := event.Event{Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}
	switch {
	case out.Done != nil:
		e.Type = event.NodeDone
		return []event.Event{e.With(*out.Done)}
	case out.Observed != nil:
		e.Type = event.NodeObserved
		return []event.Event{e.With(*out.Observed)}
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errTimedOut):
		e.Type = event.NodeTimedOut
		return []event.Event{e}
	case errors.Is(cause, errCancelled):
		e.Type = event.NodeCancelled
		f := *out.Failure
		f.Message = oneLine(cause)
		return []event.Event{e.With(f)}
	}
	e.Type = event.NodeFailed
	events := []event.Event{e.With(*out.Failure)}
	if out.Fenced && c.Env != "" {
		lost := event.Event{Type: event.LockLost, Env: c.Env}.With(event.Lock{Place: d.o.Plan.Envs[c.Env].Place, Fence: c.Fence})
		events = append([]event.Event{lost}, events...)
	}
	return events
}
