package machine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// rig drives a machine by hand: what it isn't told to do otherwise it does well, at once.
type rig struct {
	t    *testing.T
	s    *machine.State
	now  time.Time
	seq  uint64
	open []machine.Command // issued, not yet answered
	// answer, when set, may answer a command instead of the rig; it returns true when it did.
	answer func(machine.Command) bool
	log    []string
}

func newRig(t *testing.T, p *plan.Plan, o machine.Options, started event.Started) *rig {
	t.Helper()
	s, err := machine.New(p, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, s: s, now: time.Unix(1000, 0).UTC()}
	if started.Plan == "" {
		started.Plan = "sha256:plan"
	}
	if started.Actor.Name == "" {
		started.Actor = event.Actor{Name: "author", How: "ssh"}
	}
	r.put(event.Event{Type: event.RunStarted}.With(started))
	return r
}

// put journals a fact.
func (r *rig) put(e event.Event) {
	r.t.Helper()
	if err := r.try(e); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) try(e event.Event) error {
	r.seq++
	e.Seq, e.Run, e.Time = r.seq, "run", r.now
	return machine.Apply(r.s, e)
}

// next collects the commands that are due, journaling dispatches and questions at once.
func (r *rig) next() []machine.Command {
	r.t.Helper()
	cmds := machine.Next(r.s)
	for _, c := range cmds {
		switch c := c.(type) {
		case machine.Dispatch:
			r.log = append(r.log, word(c))
			r.put(event.Event{Type: event.NodeDispatched, Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}.With(
				event.Dispatched{Key: c.Key, Fence: c.Fence, Recover: c.Recover, Subject: c.Subject}))
		case machine.RequestApproval:
			x := event.ApprovalRequest{Subject: c.Subject}
			if c.Expires > 0 {
				x.Expires = r.now.Add(c.Expires)
			}
			r.put(event.Event{Type: event.ApprovalRequested, Node: c.Node, Monitor: c.Monitor, Generation: c.Generation}.With(x))
		}
	}
	return cmds
}

func word(c machine.Dispatch) string {
	w := string(c.Node)
	if c.Undo {
		w += ":undo"
	}
	if c.Recover {
		w += ":look"
	}
	return w
}

// reply ends a dispatch.
func (r *rig) reply(c machine.Dispatch, t event.Type, payload any) {
	r.t.Helper()
	r.put(event.Event{Type: t, Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}.With(payload))
}

// good answers a command as a well-meaning world would. People and timers it leaves alone.
func (r *rig) good(c machine.Command) {
	r.t.Helper()
	switch c := c.(type) {
	case machine.Dispatch:
		d := event.Done{}
		if c.Do.Snapshot != nil {
			d.Prior = &event.Prior{Version: "old"}
		}
		r.reply(c, event.NodeDone, d)
	case machine.AcquireLock:
		r.put(event.Event{Type: event.LockAcquired, Env: c.Env}.With(event.Lock{Fence: 7}))
	case machine.ReleaseLock:
		r.put(event.Event{Type: event.LockReleased, Env: c.Env}.With(event.Lock{Fence: c.Fence}))
	case machine.OpenMonitor:
		r.put(event.Event{Type: event.MonitorOpened, Monitor: c.Monitor})
	case machine.CloseMonitor:
		r.put(event.Event{Type: event.MonitorClosed, Monitor: c.Monitor}.With(event.Verdict{Verdict: "no-harm"}))
	case machine.AskGate:
		r.put(event.Event{Type: event.GateAsked, Node: c.Node}.With(event.GateAnswer{Open: true}))
	case machine.Hold:
		r.now = r.now.Add(c.For)
		r.put(event.Event{Type: event.NodeWoke, Node: c.Node, Generation: c.Generation})
	case machine.Wake:
		if c.Kind == machine.WakeRetry || c.Kind == machine.WakeKeep {
			if c.At.After(r.now) {
				r.now = c.At
			}
			r.put(event.Event{Type: event.NodeWoke, Node: c.Node, Undo: c.Undo, Generation: c.Generation})
		}
	}
}

// until drives on until a command satisfies stop, and returns it; commands that answer takes are left to it.
func (r *rig) until(stop func(machine.Command) bool) machine.Command {
	r.t.Helper()
	for range 500 {
		cmds := r.next()
		for i, c := range cmds {
			if stop(c) {
				r.open = cmds[i+1:]
				return c
			}
		}
		moved := false
		for _, c := range cmds {
			if r.answer != nil && r.answer(c) {
				moved = true
				continue
			}
			r.good(c)
			moved = true
		}
		if !moved {
			r.t.Fatalf("stands still after %s", strings.Join(r.log, " "))
		}
	}
	r.t.Fatal("does not come to an end")
	return nil
}

// rest answers what next returned beside the command that until stopped at.
func (r *rig) rest() {
	r.t.Helper()
	for _, c := range r.open {
		r.good(c)
	}
	r.open = nil
}

// end drives to the end.
func (r *rig) end() machine.End {
	r.t.Helper()
	e := r.until(func(c machine.Command) bool { _, ok := c.(machine.End); return ok }).(machine.End)
	r.put(event.Event{Type: event.RunEnded}.With(event.Ended{Outcome: e.Outcome, Causes: e.Causes}))
	return e
}

// dispatch drives until a node (or its undo) is dispatched.
func (r *rig) dispatch(w string) machine.Dispatch {
	r.t.Helper()
	c := r.until(func(c machine.Command) bool { d, ok := c.(machine.Dispatch); return ok && word(d) == w }).(machine.Dispatch)
	r.rest()
	return c
}

func (r *rig) status(id plan.NodeID, want machine.NodeStatus) {
	r.t.Helper()
	v, ok := r.s.Node(id)
	if !ok || v.Status != want {
		r.t.Fatalf("%s is %s, want %s", id, v.Status, want)
	}
}

func (r *rig) outcome(e machine.End, want event.Outcome, causes ...string) {
	r.t.Helper()
	var got []string
	for _, c := range e.Causes {
		got = append(got, c.Message)
	}
	if e.Outcome != want || strings.Join(got, "|") != strings.Join(causes, "|") {
		r.t.Fatalf("ended %s because %q, want %s because %q", e.Outcome, got, want, causes)
	}
}

// undos are the undos so far, in order.
func (r *rig) undos() string {
	var out []string
	for _, l := range r.log {
		if n, ok := strings.CutSuffix(l, ":undo"); ok {
			out = append(out, n)
		}
	}
	return strings.Join(out, " ")
}

func resumed(tree string) event.Event {
	return event.Event{Type: event.RunResumed}.With(event.Resumed{Actor: event.Actor{Name: "ada"}, Tree: tree})
}

func abort(kind string, hard bool) event.Event {
	return event.Event{Type: event.RunAbort}.With(event.Abort{Kind: kind, Hard: hard})
}

func approval(node plan.NodeID, t event.Type, a event.Approval) event.Event {
	return event.Event{Type: t, Node: node}.With(a)
}

func person(name string, groups ...string) event.Actor {
	return event.Actor{Name: name, How: "ssh", Groups: groups}
}
