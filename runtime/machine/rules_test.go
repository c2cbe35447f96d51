package machine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

func TestCanaryGoesWell(t *testing.T) {
	r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
	r.outcome(r.end(), event.Succeeded)
	want := "build/exec test/exec release/snapshot release/stage release/shift-10 release/shift-50 release/commit smoke/exec release/retire"
	if got := strings.Join(r.log, " "); got != want {
		t.Errorf("order:\n got %s\nwant %s", got, want)
	}
	r.status("release/shift-first", machine.NodeSkipped)
}

func TestHarmUndoesInReverse(t *testing.T) {
	r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
	r.until(func(c machine.Command) bool { h, ok := c.(machine.Hold); return ok && h.Node == "release/shift-50" })
	r.put(event.Event{Type: event.MonitorVerdict, Monitor: "release/judge"}.With(event.Verdict{Verdict: "harm", Explain: []string{"20 of 100 failed"}}))
	r.outcome(r.end(), event.RolledBack, "harm: 20 of 100 failed")
	if got, want := r.undos(), "release/shift-50 release/shift-10 release/stage"; got != want {
		t.Errorf("undone: %s, want %s", got, want)
	}
	r.status("smoke/exec", machine.NodeDropped)
	if v, _ := r.s.Node("smoke/exec"); v.Because == nil || v.Because.Monitor != "release/judge" {
		t.Errorf("the smoke test was dropped because of %+v", v.Because)
	}
}

// TestHarmWhileShifting: an operation that may not be interrupted is waited for, then undone.
func TestHarmWhileShifting(t *testing.T) {
	r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
	d := r.dispatch("release/shift-50")
	r.put(event.Event{Type: event.MonitorVerdict, Monitor: "release/judge"}.With(event.Verdict{Verdict: "harm"}))
	for _, c := range r.next() {
		if _, ok := c.(machine.CloseMonitor); !ok {
			t.Fatalf("%#v before the shift has ended", c)
		}
		r.good(c)
	}
	r.reply(d, event.NodeDone, event.Done{})
	r.outcome(r.end(), event.RolledBack, "harm")
	if got, want := r.undos(), "release/shift-50 release/shift-10 release/stage"; got != want {
		t.Errorf("undone: %s, want %s", got, want)
	}
}

func TestInterruptibleIsCancelled(t *testing.T) {
	r := newRig(t, handmade.Parallel(), machine.Options{}, event.Started{})
	var beside machine.Dispatch
	r.answer = func(c machine.Command) bool {
		d, ok := c.(machine.Dispatch)
		if ok && d.Node == "beside/exec" {
			beside = d
		}
		return ok && d.Node == "beside/exec"
	}
	r.dispatch("a/shift-30")
	r.put(abort("signal", false))
	c := r.until(func(c machine.Command) bool { _, ok := c.(machine.CancelOp); return ok }).(machine.CancelOp)
	if c.Node != "beside/exec" || !strings.Contains(c.Reason, "signal") {
		t.Fatalf("%+v", c)
	}
	r.reply(beside, event.NodeCancelled, event.Failure{Message: "killed"})
	r.status("beside/exec", machine.NodeCancelled)
}

func TestRetry(t *testing.T) {
	transient, fatal := event.Failure{Message: "refused", Transient: true}, event.Failure{Message: "forbidden"}
	r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
	r.reply(r.dispatch("release/stage"), event.NodeFailed, transient)
	w := r.until(func(c machine.Command) bool { _, ok := c.(machine.Wake); return ok }).(machine.Wake)
	if w.Kind != machine.WakeRetry || w.At.Sub(r.now) != time.Second {
		t.Fatalf("back-off %+v at %s", w, r.now)
	}
	r.good(w)
	second := r.dispatch("release/stage")
	if second.Attempt != 2 || second.Generation != 1 || second.Key != "run/release/stage/do/1" {
		t.Fatalf("second attempt %+v", second)
	}
	r.reply(second, event.NodeFailed, transient) // two attempts are allowed
	r.outcome(r.end(), event.RolledBack, "refused")

	r = newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
	r.reply(r.dispatch("release/stage"), event.NodeFailed, fatal)
	r.outcome(r.end(), event.RolledBack, "forbidden")
	if got := strings.Count(strings.Join(r.log, " ")+" ", "release/stage "); got != 1 {
		t.Errorf("a failure that may not be repeated was attempted %d times", got)
	}
}

func TestLostReplyIsLookedFor(t *testing.T) {
	for seen, want := range map[event.Observation]event.Outcome{
		event.EffectDone: event.Succeeded, event.EffectNotDone: event.RolledBack, event.EffectUnknown: event.RolledBack,
	} {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		r.reply(r.dispatch("release/commit"), event.NodeFailed, event.Failure{Message: "connection reset", Unknown: true})
		r.reply(r.dispatch("release/commit:look"), event.NodeObserved, event.Observed{Effect: seen})
		if e := r.end(); e.Outcome != want {
			t.Errorf("seen %s: ended %s, want %s", seen, e.Outcome, want)
		}
	}
}

func TestUnsettledKeepsLockAndResumes(t *testing.T) {
	r := newRig(t, handmade.Canary(), machine.Options{UndoAttempts: 2}, event.Started{})
	r.reply(r.dispatch("release/commit"), event.NodeFailed, event.Failure{Message: "no"})
	broken := true
	r.answer = func(c machine.Command) bool {
		d, ok := c.(machine.Dispatch)
		if !ok || !d.Undo || !broken {
			return false
		}
		r.reply(d, event.NodeFailed, event.Failure{Message: "host gone", Fix: "penstock host start"})
		return true
	}
	e := r.end()
	r.outcome(e, event.Unsettled, "could not be undone: host gone", "no")
	if e.Causes[0].Fix != "penstock host start" {
		t.Errorf("the headline has no fix: %+v", e.Causes[0])
	}
	if _, held := r.s.Fence("local"); !held {
		t.Error("the lock was given back")
	}
	r.status("release/commit", machine.NodeStuck)
	broken = false
	r.put(resumed(""))
	a := r.until(func(c machine.Command) bool { _, ok := c.(machine.AcquireLock); return ok }).(machine.AcquireLock)
	r.good(a)
	d := r.dispatch("release/commit:undo")
	if d.Generation != 2 || d.Fence != 7 {
		t.Errorf("undo after resume: %+v", d)
	}
	r.good(d)
	r.outcome(r.end(), event.RolledBack, "no")
	if _, held := r.s.Fence("local"); held {
		t.Error("the lock is still held")
	}
}

func TestResumeLooksFirst(t *testing.T) {
	r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
	r.dispatch("release/shift-10")
	r.put(resumed(""))
	r.log = nil
	d := r.dispatch("release/shift-10:look")
	if d.Key != "run/release/shift-10/do/1" || d.Attempt != 2 {
		t.Fatalf("%+v", d)
	}
	r.reply(d, event.NodeObserved, event.Observed{Effect: event.EffectNotDone})
	d = r.dispatch("release/shift-10")
	if d.Attempt != 3 || d.Generation != 1 {
		t.Fatalf("%+v", d)
	}
	r.good(d)
	r.outcome(r.end(), event.Succeeded)
}

func TestInterruptedExec(t *testing.T) {
	for _, x := range []struct {
		interrupted plan.Interrupted
		want        event.Outcome
		gen         int
	}{{plan.InterruptedFail, event.Failed, 0}, {plan.InterruptedRerun, event.Succeeded, 2}} {
		p := handmade.Exec()
		for i := range p.Nodes {
			if p.Nodes[i].ID == "build/exec" {
				p.Nodes[i].Do.Exec.Interrupted = x.interrupted
			}
		}
		r := newRig(t, p, machine.Options{}, event.Started{})
		r.dispatch("build/exec")
		r.put(resumed(""))
		r.reply(r.dispatch("build/exec:look"), event.NodeObserved, event.Observed{Effect: event.EffectUnknown})
		if x.gen > 0 {
			d := r.dispatch("build/exec")
			if d.Generation != x.gen || d.Key != "run/build/exec/do/2" {
				t.Fatalf("rerun as %+v", d)
			}
			r.good(d)
		}
		if e := r.end(); e.Outcome != x.want {
			t.Errorf("%s: ended %s (%v)", x.interrupted, e.Outcome, e.Causes)
		}
	}
}

var inconclusive = event.Verdict{Verdict: "inconclusive", Findings: []string{"no traffic"}}

// closing drives until the judge is asked for its verdict.
func closing(r *rig) machine.CloseMonitor {
	r.t.Helper()
	return r.until(func(c machine.Command) bool { _, ok := c.(machine.CloseMonitor); return ok }).(machine.CloseMonitor)
}

// judgedBy is the canary with another policy for its verdicts.
func judgedBy(policy, require string) *plan.Plan {
	p := handmade.Canary()
	for i := range p.Monitors {
		p.Monitors[i].Judge.Inconclusive, p.Monitors[i].Judge.Require = policy, require
	}
	return p
}

func closed(v event.Verdict) event.Event {
	return event.Event{Type: event.MonitorClosed, Monitor: "release/judge"}.With(v)
}

func TestInconclusive(t *testing.T) {
	for policy, want := range map[string]event.Outcome{"promote": event.Succeeded, "rollback": event.RolledBack, "": event.RolledBack} {
		r := newRig(t, judgedBy(policy, "no-harm"), machine.Options{}, event.Started{})
		if c := closing(r); c.MayExtend {
			t.Errorf("%s: may extend", policy)
		}
		r.put(closed(inconclusive))
		if e := r.end(); e.Outcome != want {
			t.Errorf("%s: ended %s", policy, e.Outcome)
		}
	}
	t.Run("hold", func(t *testing.T) {
		r := newRig(t, judgedBy("hold", "no-harm"), machine.Options{}, event.Started{})
		if c := closing(r); !c.MayExtend {
			t.Fatal("may not extend")
		}
		r.put(event.Event{Type: event.MonitorVerdict, Monitor: "release/judge"}.With(inconclusive))
		h := r.until(func(c machine.Command) bool { _, ok := c.(machine.Hold); return ok }).(machine.Hold)
		if h.Node != "release/commit" || h.For != 10*time.Minute || h.Monitor != "release/judge" {
			t.Fatalf("%+v", h)
		}
		r.good(h)
		if c := closing(r); c.MayExtend {
			t.Fatal("may extend twice")
		}
		r.put(closed(inconclusive))
		r.outcome(r.end(), event.RolledBack, "inconclusive: no traffic")
	})
	t.Run("proven-safe", func(t *testing.T) {
		r := newRig(t, judgedBy("rollback", "proven-safe"), machine.Options{}, event.Started{})
		closing(r)
		r.put(closed(event.Verdict{Verdict: "no-harm"}))
		r.outcome(r.end(), event.RolledBack, "inconclusive")
	})
}

// TestInconclusiveAsks: people decide about a verdict that says nothing.
func TestInconclusiveAsks(t *testing.T) {
	for name, x := range map[string]struct {
		e    event.Type
		want event.Outcome
	}{"yes": {event.ApprovalGiven, event.Succeeded}, "no": {event.ApprovalRejected, event.RolledBack}} {
		t.Run("ask "+name, func(t *testing.T) {
			r := newRig(t, judgedBy("ask", "no-harm"), machine.Options{}, event.Started{})
			closing(r)
			r.put(closed(inconclusive))
			q := r.until(func(c machine.Command) bool { _, ok := c.(machine.RequestApproval); return ok }).(machine.RequestApproval)
			if q.Node != "release/commit" || q.Monitor != "release/judge" || q.Expires != 24*time.Hour {
				t.Fatalf("%+v", q)
			}
			r.put(approval(q.Node, x.e, event.Approval{By: person("ada"), Subject: q.Subject, Reason: "because"}))
			if e := r.end(); e.Outcome != x.want {
				t.Errorf("ended %s (%v)", e.Outcome, e.Causes)
			}
		})
	}
}

// TestInconclusiveAsksWhoIsKnown: what goes on into production despite the judge needs more than the name of an OS user.
func TestInconclusiveAsksWhoIsKnown(t *testing.T) {
	p := judgedBy("ask", "no-harm")
	for name, e := range p.Envs {
		e.Tier = "production"
		p.Envs[name] = e
	}
	r := newRig(t, p, machine.Options{}, event.Started{})
	closing(r)
	r.put(closed(inconclusive))
	q := r.until(func(c machine.Command) bool { _, ok := c.(machine.RequestApproval); return ok }).(machine.RequestApproval)
	a := event.Approval{By: event.Actor{Name: "ada", How: "os-user"}, Subject: q.Subject}
	if err := machine.CheckApproval(r.s, q.Node, a, false, time.Time{}); !errors.Is(err, machine.ErrOSUser) {
		t.Errorf("an OS user may let it go on: %v", err)
	}
	if err := machine.CheckApproval(r.s, q.Node, a, true, time.Time{}); err != nil {
		t.Errorf("anybody may stop it: %v", err)
	}
	a.By.How = "ssh"
	if err := machine.CheckApproval(r.s, q.Node, a, false, time.Time{}); err != nil {
		t.Errorf("who signs may: %v", err)
	}
}

// TestMonitorThatCannotOpen: without a judge nothing is exposed.
func TestMonitorThatCannotOpen(t *testing.T) {
	r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
	r.until(func(c machine.Command) bool { _, ok := c.(machine.OpenMonitor); return ok })
	r.put(event.Event{Type: event.MonitorClosed, Monitor: "release/judge"}.With(event.Verdict{Verdict: "inconclusive", Findings: []string{"prometheus unreachable"}}))
	r.outcome(r.end(), event.RolledBack, "inconclusive: prometheus unreachable")
	if strings.Contains(strings.Join(r.log, " "), "shift") {
		t.Errorf("exposed without a judge: %v", r.log)
	}
}
