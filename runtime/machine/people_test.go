package machine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

func asks(r *rig) machine.RequestApproval {
	r.t.Helper()
	return r.until(func(c machine.Command) bool { _, ok := c.(machine.RequestApproval); return ok }).(machine.RequestApproval)
}

func TestWhoMayApprove(t *testing.T) {
	r := newRig(t, handmade.Approvals(), machine.Options{}, event.Started{})
	q := asks(r)
	if q.Node != "go/approve" || q.Expires != time.Hour {
		t.Fatalf("%+v", q)
	}
	release := []string{"release"}
	for name, x := range map[string]struct {
		a      event.Approval
		reject bool
		after  time.Duration
		want   error
	}{
		"stranger":         {event.Approval{By: person("eve"), Subject: q.Subject}, false, 0, machine.ErrNotEntitled},
		"nobody":           {event.Approval{By: person("", "release"), Subject: q.Subject}, false, 0, machine.ErrNotEntitled},
		"author":           {event.Approval{By: person("author", "release"), Subject: q.Subject}, false, 0, machine.ErrIsAuthor},
		"author rejects":   {event.Approval{By: person("author", "release"), Subject: q.Subject}, true, 0, nil},
		"stranger rejects": {event.Approval{By: person("eve"), Subject: q.Subject}, true, 0, machine.ErrNotEntitled},
		"os user":          {event.Approval{By: event.Actor{Name: "bob", How: "os-user", Groups: release}, Subject: q.Subject}, false, 0, machine.ErrOSUser},
		"other subject":    {event.Approval{By: person("bob", "release"), Subject: "sha256:other"}, false, 0, machine.ErrOtherSubject},
		"too late":         {event.Approval{By: person("bob", "release"), Subject: q.Subject}, false, 2 * time.Hour, machine.ErrExpired},
		"member":           {event.Approval{By: person("bob", "release"), Subject: q.Subject}, false, 0, nil},
	} {
		if err := machine.CheckApproval(r.s, q.Node, x.a, x.reject, r.now.Add(x.after)); !errors.Is(err, x.want) {
			t.Errorf("%s: got %v, want %v", name, err, x.want)
		}
	}
	if err := machine.CheckApproval(r.s, "release/commit", event.Approval{}, false, r.now); !errors.Is(err, machine.ErrNotAsked) {
		t.Errorf("of a node that asks nobody: %v", err)
	}
	give := func(name string) {
		r.put(approval(q.Node, event.ApprovalGiven, event.Approval{By: person(name, "release"), Subject: q.Subject}))
	}
	give("eve") // a member here, and the first of two
	give("eve")
	give("author")
	if _, _, given, ok := r.s.Asked(q.Node); !ok || !slices.Equal(given, []string{"eve"}) {
		t.Fatalf("given by %v", given)
	}
	give("bob")
	r.status(q.Node, machine.NodeDone)
}

func TestOSUserWhereNothingIsProtected(t *testing.T) {
	p := handmade.Approvals()
	e := p.Envs["production"]
	e.Tier = "staging"
	p.Envs["production"] = e
	r := newRig(t, p, machine.Options{}, event.Started{})
	q := asks(r)
	a := event.Approval{By: event.Actor{Name: "bob", How: "os-user", Groups: []string{"release"}}, Subject: q.Subject}
	if err := machine.CheckApproval(r.s, q.Node, a, false, r.now); err != nil {
		t.Error(err)
	}
}

// TestGroupsOfThePlan: whoever says to be in a group that the plan spells out has to be named there.
func TestGroupsOfThePlan(t *testing.T) {
	p := handmade.Approvals()
	p.Groups = map[string]plan.Group{"release": {Members: []string{"user:ada"}}}
	r := newRig(t, p, machine.Options{}, event.Started{})
	q := asks(r)
	for name, want := range map[string]error{"ada": nil, "eve": machine.ErrNotEntitled} {
		a := event.Approval{By: person(name, "release"), Subject: q.Subject}
		if err := machine.CheckApproval(r.s, q.Node, a, false, r.now); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRejectAndExpire(t *testing.T) {
	r := newRig(t, handmade.Approvals(), machine.Options{}, event.Started{})
	q := asks(r)
	r.put(approval(q.Node, event.ApprovalRejected, event.Approval{By: person("bob", "release"), Subject: q.Subject, Reason: "not on a Friday"}))
	e := r.end()
	r.outcome(e, event.Failed, "rejected by bob: not on a Friday")
	if e.Causes[0].Node != q.Node || e.Causes[0].Stage != "go" {
		t.Errorf("%+v", e.Causes[0])
	}

	r = newRig(t, handmade.Approvals(), machine.Options{}, event.Started{})
	q = asks(r)
	w := r.until(func(c machine.Command) bool { _, ok := c.(machine.Wake); return ok }).(machine.Wake)
	if w.Kind != machine.WakeExpiry || w.At.Sub(r.now) != time.Hour {
		t.Fatalf("%+v", w)
	}
	r.put(event.Event{Type: event.ApprovalExpired, Node: q.Node, Generation: 1}) // too early: nothing happens
	r.status(q.Node, machine.NodeWaiting)
	r.now = w.At
	r.put(event.Event{Type: event.ApprovalExpired, Node: q.Node, Generation: 1})
	r.outcome(r.end(), event.Failed, "nobody decided in time")
}

// TestSubject: it changes with everything an approval is about, and a change reopens what was given.
func TestSubject(t *testing.T) {
	subject := func(st event.Started) string {
		return asks(newRig(t, handmade.Approvals(), machine.Options{}, st)).Subject
	}
	base := subject(event.Started{Plan: "sha256:a", Tree: "t"})
	for name, st := range map[string]event.Started{
		"plan": {Plan: "sha256:b", Tree: "t"}, "tree": {Plan: "sha256:a", Tree: "u"},
		"binding": {Plan: "sha256:a", Tree: "t", Bindings: map[string]string{"artifact:lib": "sha256:1"}},
	} {
		if subject(st) == base {
			t.Errorf("another %s has the same subject", name)
		}
	}
	if subject(event.Started{Plan: "sha256:a", Tree: "t", Host: "elsewhere"}) != base {
		t.Error("what isn't approved changes the subject")
	}
}

func approveAll(r *rig) {
	r.answer = func(c machine.Command) bool {
		q, ok := c.(machine.RequestApproval)
		if !ok {
			return false
		}
		for _, name := range []string{"ada", "bob"} {
			r.put(approval(q.Node, event.ApprovalGiven, event.Approval{By: person(name, "release", "sre", "dba"), Subject: q.Subject}))
		}
		return true
	}
}

func TestChangedTreeReopens(t *testing.T) {
	r := newRig(t, handmade.Approvals(), machine.Options{}, event.Started{Tree: "before"})
	approveAll(r)
	d := r.dispatch("release/snapshot")
	first := d.Subject
	if first == "" {
		t.Fatal("dispatched without a subject")
	}
	r.put(resumed("after"))
	r.status("go/approve", machine.NodePending)
	look := r.dispatch("release/snapshot:look") // looking changes nothing and needs nobody
	r.reply(look, event.NodeObserved, event.Observed{Effect: event.EffectNotDone})
	again := r.dispatch("release/snapshot")
	if again.Subject == first || again.Subject == "" {
		t.Errorf("dispatched under %q, before it was %q", again.Subject, first)
	}
	if v, _ := r.s.Node("go/approve"); v.Status != machine.NodeDone {
		t.Errorf("dispatched while the approval is %s", v.Status)
	}
	r.good(again)
	r.outcome(r.end(), event.Succeeded)
}

func TestGates(t *testing.T) {
	r := newRig(t, handmade.Approvals(), machine.Options{}, event.Started{})
	approveAll(r)
	gate := func() machine.AskGate {
		t.Helper()
		return r.until(func(c machine.Command) bool { _, ok := c.(machine.AskGate); return ok }).(machine.AskGate)
	}
	answer := func(a event.GateAnswer) {
		r.put(event.Event{Type: event.GateAsked, Node: "window/calendar"}.With(a))
	}
	if g := gate(); g.Node != "window/calendar" || !g.At.IsZero() {
		t.Fatalf("%+v", g)
	}
	answer(event.GateAnswer{Reason: "closed"})
	if g := gate(); g.At.Sub(r.now) != time.Minute { // the gate's own interval
		t.Fatalf("asked again at %s", g.At)
	}
	monday := r.now.Add(48 * time.Hour)
	answer(event.GateAnswer{Reason: "weekend", Next: monday})
	if g := gate(); !g.At.Equal(monday) {
		t.Fatalf("asked again at %s", g.At)
	}
	p, ok := machine.Next(r.s)[0].(machine.Park)
	if !ok || len(p.Waiting) != 1 || p.Waiting[0] != "window/calendar" || len(p.Locks) != 0 || !p.Until.Equal(monday) {
		t.Fatalf("%+v", p)
	}
	r.put(event.Event{Type: event.RunParked}.With(event.Parked{Waiting: p.Waiting, Reason: p.Reason}))
	if c := machine.Next(r.s); len(c) != 0 {
		t.Fatalf("a parked run goes on: %v", c)
	}
	r.now = monday
	r.put(resumed(""))
	gate()
	answer(event.GateAnswer{Open: true})
	r.status("window/calendar", machine.NodeDone)
	r.put(resumed("")) // nothing went through it yet: it is asked again
	gate()
	answer(event.GateAnswer{Reason: "a freeze", Never: true})
	r.outcome(r.end(), event.Failed, "the gate cannot open: a freeze")
}

func TestSelection(t *testing.T) {
	r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{Selection: []string{"build", "test", "release"}})
	r.outcome(r.end(), event.Succeeded)
	r.status("smoke/exec", machine.NodeSkipped)
	r.status("release/retire", machine.NodeDone)

	r = newRig(t, handmade.Canary(), machine.Options{}, event.Started{
		Selection: []string{"release", "smoke"}, Reused: []plan.NodeID{"build/exec", "test/exec"}, Bindings: map[string]string{"artifact:app": "sha256:1"},
	})
	r.outcome(r.end(), event.Succeeded)
	if r.log[0] != "release/snapshot" || r.s.Bindings()["artifact:app"] != "sha256:1" {
		t.Errorf("began with %s, bindings %v", r.log[0], r.s.Bindings())
	}

	s, err := machine.New(handmade.Canary(), machine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range []event.Started{
		{Selection: []string{"release"}}, {Selection: []string{"relaese"}}, {Reused: []plan.NodeID{"no/such"}},
	} {
		if err := machine.Apply(s, event.Event{Type: event.RunStarted}.With(st)); !errors.Is(err, machine.ErrIllegal) {
			t.Errorf("%+v: %v", st, err)
		}
	}
}
