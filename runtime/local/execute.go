package local

import (
	"context"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/op"
)

// execute carries out the commands of one Next: first the facts that they begin with, in their order and in one write,
// then what follows from them.
func (d *driver) execute(ctx context.Context, cmds []machine.Command) error {
	var facts []event.Event
	if ends(cmds) {
		if err := d.giveBackStrays(ctx); err != nil {
			return err
		}
	}
	for _, c := range cmds {
		switch c := c.(type) {
		case machine.Dispatch:
			facts = append(facts, dispatched(c))
		case machine.RequestApproval:
			facts = append(facts, d.request(c))
		case machine.End:
			facts = append(facts, event.Event{Type: event.RunEnded}.With(event.Ended{Outcome: c.Outcome, Causes: c.Causes}))
		}
	}
	order := d.seq + uint64(len(d.pending))
	if err := d.fold(facts); err != nil {
		return err
	}
	if err := d.flush(ctx); err != nil {
		return err
	}
	for _, c := range cmds {
		switch c := c.(type) {
		case machine.Dispatch:
			order++
			d.dispatch(ctx, c, order)
		case machine.RequestApproval:
			order++
		case machine.End:
			d.over = true
		default:
			d.start(ctx, c)
		}
	}
	return nil
}

// ends reports whether the run ends with nothing left to settle: an unsettled run keeps its locks.
func ends(cmds []machine.Command) bool {
	return slices.ContainsFunc(cmds, func(c machine.Command) bool {
		e, ok := c.(machine.End)
		return ok && e.Outcome != event.Unsettled
	})
}

// start begins what needs no fact of its own.
func (d *driver) start(ctx context.Context, c machine.Command) {
	switch c := c.(type) {
	case machine.CancelOp:
		d.cancel(c)
	case machine.AcquireLock:
		d.beginAcquire(ctx, c)
	case machine.ReleaseLock:
		d.spawn(func() { d.release(ctx, c) })
	case machine.OpenMonitor:
		d.openMonitor(ctx, c.Monitor, nil)
	case machine.CloseMonitor:
		d.closeMonitor(ctx, c)
	case machine.AskGate:
		if c.At.After(time.Now()) {
			d.alarms.call(c.At, func() { d.ask(ctx, c) })
			return
		}
		d.ask(ctx, c)
	case machine.Hold:
		d.hold(c)
	case machine.Wake:
		d.alarms.set(c.At, woke(c))
	}
}

func dispatched(c machine.Dispatch) event.Event {
	e := event.Event{Type: event.NodeDispatched, Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}
	return e.With(event.Dispatched{Key: c.Key, Fence: c.Fence, Recover: c.Recover, Subject: c.Subject})
}

func (d *driver) request(c machine.RequestApproval) event.Event {
	r := event.ApprovalRequest{Subject: c.Subject}
	if c.Expires > 0 {
		r.Expires = d.clock().Add(c.Expires)
	}
	return event.Event{Type: event.ApprovalRequested, Node: c.Node, Generation: c.Generation}.With(r)
}

// woke is the fact that a timer rings.
func woke(c machine.Wake) event.Event {
	switch c.Kind {
	case machine.WakeExpiry:
		return event.Event{Type: event.ApprovalExpired, Node: c.Node, Generation: c.Generation}
	case machine.WakeStage:
		return event.Event{Type: event.StageTimedOut, Stage: c.Stage}
	}
	return event.Event{Type: event.NodeWoke, Node: c.Node, Undo: c.Undo, Generation: c.Generation}
}

// ask puts a gate's question.
func (d *driver) ask(ctx context.Context, c machine.AskGate) {
	n := d.nodes[c.Node]
	call := op.Call{Run: string(d.run), Node: c.Node, Key: string(d.run) + "/" + string(c.Node) + "/gate", Do: &n.Do, Bindings: d.values()}
	d.spawn(func() {
		ctx, stop := context.WithTimeoutCause(ctx, d.o.CallLimit, errTimedOut)
		defer stop()
		a := d.o.Exec.Ask(ctx, call, n.Do.Gate)
		if ctx.Err() != nil && context.Cause(ctx) == errTimedOut {
			a = event.GateAnswer{Reason: "no answer within " + d.o.CallLimit.String()}
		}
		d.sendEvents(event.Event{Type: event.GateAsked, Node: c.Node}.With(a))
	})
}

// hold waits: under a monitor that watches until it has judged for long enough, else until the clock says so.
func (d *driver) hold(c machine.Hold) {
	if w := d.watches[c.Monitor]; c.Monitor != "" && w != nil {
		d.holds = append(d.holds, c)
		d.checkHolds(w)
		return
	}
	d.alarms.set(c.Since.Add(c.For), event.Event{Type: event.NodeWoke, Node: c.Node, Generation: c.Generation})
}

// checkHolds lets the holds ring for which a monitor has judged long enough; the tick in which the last one will have is
// cut short there.
func (d *driver) checkHolds(w *watch) {
	rest := d.holds[:0]
	for _, h := range d.holds {
		if h.Monitor != w.m.ID {
			rest = append(rest, h)
			continue
		}
		left := h.For - judgedSince(w.spans, h.Since)
		if left <= 0 {
			d.alarms.set(time.Now(), event.Event{Type: event.NodeWoke, Node: h.Node, Generation: h.Generation})
			continue
		}
		rest = append(rest, h)
		if n := len(w.spans); n > 0 && left < time.Duration(w.m.Judge.Tick) {
			select {
			case w.ctl <- control{kind: ctlCut, at: w.spans[n-1].end.Add(left)}:
			default: // it is busy: the tick ends when it is due
			}
		}
	}
	d.holds = rest
}
