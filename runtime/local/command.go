package local

import (
	"context"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// askTimeout bounds one question to a gate.
const askTimeout = 5 * time.Minute

// decide asks the machine what to do until it has nothing more to say. Answers that must precede every other fact are
// folded at once; everything else waits until the batch is durable.
func (d *driver) decide() {
	for d.err == nil && !d.over {
		cmds := machine.Next(d.st)
		if len(cmds) == 0 {
			d.parking = parking{}
			return
		}
		if p, ok := cmds[0].(machine.Park); ok {
			d.park(p)
			return
		}
		d.parking = parking{}
		for _, c := range cmds {
			d.command(c)
		}
	}
}

// command is the table of what the machine asks for.
func (d *driver) command(c machine.Command) {
	switch c := c.(type) {
	case machine.Dispatch:
		d.dispatch(c)
	case machine.RequestApproval:
		d.request(c)
	case machine.End:
		d.emit(event.Event{Type: event.RunEnded}.With(event.Ended{Outcome: c.Outcome, Causes: c.Causes}), func(event.Event) {
			d.result.Outcome, d.result.Causes = c.Outcome, c.Causes
		})
		d.over = true
	case machine.CancelOp:
		d.starts = append(d.starts, func() { d.cancelOp(c) })
	case machine.AcquireLock:
		d.starts = append(d.starts, func() { d.locks.acquire(c) })
	case machine.ReleaseLock:
		d.starts = append(d.starts, func() { d.locks.release(c) })
	case machine.OpenMonitor:
		d.starts = append(d.starts, func() { d.openMonitor(c.Monitor) })
	case machine.CloseMonitor:
		d.starts = append(d.starts, func() { d.closeMonitor(c) })
	case machine.AskGate:
		d.starts = append(d.starts, func() { d.timers.set(c.At, func() { d.askGate(c.Node) }) })
	case machine.Hold:
		d.starts = append(d.starts, func() { d.hold(c) })
	case machine.Wake:
		d.starts = append(d.starts, func() { d.timers.set(c.At, func() { d.woke(c) }) })
	}
}

func (d *driver) request(c machine.RequestApproval) {
	x := event.ApprovalRequest{Subject: c.Subject}
	if c.Expires > 0 {
		x.Expires = d.now().Add(c.Expires)
	}
	d.emit(event.Event{Type: event.ApprovalRequested, Node: c.Node, Monitor: c.Monitor, Generation: c.Generation}.With(x), nil)
}

// woke reports that a timer's time has come, unless its reason has visibly gone.
func (d *driver) woke(c machine.Wake) {
	e := event.Event{Type: event.NodeWoke, Node: c.Node, Undo: c.Undo, Generation: c.Generation}
	switch c.Kind {
	case machine.WakeExpiry:
		if _, expires, _, ok := d.st.Asked(c.Node); !ok || expires.After(d.now()) {
			return
		}
		e.Type = event.ApprovalExpired
	case machine.WakeStage:
		i := slices.IndexFunc(d.st.Stages(), func(s machine.StageView) bool { return s.Name == c.Stage && s.Status == "active" })
		if i < 0 {
			return
		}
		e = event.Event{Type: event.StageTimedOut, Stage: c.Stage}
	}
	d.emit(e, nil)
}

// hold waits for watched time: its monitor counts it, or the clock where none is open.
func (d *driver) hold(c machine.Hold) {
	if w := d.watches[c.Monitor]; c.Monitor != "" && w != nil {
		w.box.post(func() { w.hold(c) })
		return
	}
	d.timers.set(c.Since.Add(c.For), func() { d.held(c) })
}

// held reports that a hold is over, if the node still holds.
func (d *driver) held(c machine.Hold) {
	v, ok := d.st.Node(c.Node)
	if ok && (v.Status == machine.NodeHolding || v.Status == machine.NodePending) {
		d.emit(event.Event{Type: event.NodeWoke, Node: c.Node, Generation: c.Generation}, nil)
	}
}

// askGate asks in a goroutine of its own.
func (d *driver) askGate(id plan.NodeID) {
	n, bindings := d.nodes[id], d.snapshot()
	d.tasks.spawn(func() {
		a := event.GateAnswer{Reason: "nothing here can ask gates"}
		if d.o.Gates != nil {
			ctx, cancel := context.WithTimeout(d.ctx, askTimeout)
			defer cancel()
			a = d.o.Gates.Ask(ctx, id, n.Do.Gate, bindings, d.now())
		}
		d.post(func() { d.emit(event.Event{Type: event.GateAsked, Node: id}.With(a), nil) })
	})
}

// parking is since when there has been nothing to do but wait.
type parking struct {
	since time.Time
	on    bool
}

// park goes on waiting, or ends this process's part of the run when that has lasted for a while. What is exposed under a
// lease is not left alone, and a short wait isn't worth it.
func (d *driver) park(p machine.Park) {
	if d.o.Park != ParkEnd {
		return
	}
	now := d.now()
	if d.expo.active() || !p.Until.IsZero() && p.Until.Before(now.Add(d.o.ParkAfter)) {
		d.parking = parking{}
		return
	}
	if !d.parking.on {
		d.parking = parking{since: now, on: true}
		d.timers.set(now.Add(d.o.ParkAfter), func() {})
	}
	if now.Before(d.parking.since.Add(d.o.ParkAfter)) {
		return
	}
	x := event.Parked{Waiting: p.Waiting, Reason: p.Reason}
	d.emit(event.Event{Type: event.RunParked}.With(x), func(event.Event) { d.result.Parked = &x })
	d.over = true
}
