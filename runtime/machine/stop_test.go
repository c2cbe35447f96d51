package machine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

func TestRollbackOfOtherStages(t *testing.T) {
	r := newRig(t, handmade.Regions(), machine.Options{}, event.Started{})
	r.reply(r.dispatch("smoke/exec"), event.NodeFailed, event.Failure{Message: "exit 1"})
	r.outcome(r.end(), event.RolledBack, "exit 1")
	want := "us/commit us/shift-10 us/stage eu/commit eu/shift-10 eu/stage"
	if got := r.undos(); got != want {
		t.Errorf("undone: %s\nwant: %s", got, want)
	}
	r.status("eu/retire", machine.NodeDropped)
}

// TestStuckKeepsWhatItStandsOn: a stage that can't be undone keeps those before it from being rolled back.
func TestStuckKeepsWhatItStandsOn(t *testing.T) {
	r := newRig(t, handmade.Migration(), machine.Options{UndoAttempts: 1}, event.Started{})
	approveAll(r)
	people := r.answer
	d := r.dispatch("release/commit")
	r.reply(d, event.NodeFailed, event.Failure{Message: "no"})
	r.answer = func(c machine.Command) bool {
		if d, ok := c.(machine.Dispatch); ok && d.Undo {
			r.reply(d, event.NodeFailed, event.Failure{Message: "gone"})
			return true
		}
		return people(c)
	}
	r.outcome(r.end(), event.Unsettled, "could not be undone: gone", "no")
	if got := r.undos(); got != "release/commit" {
		t.Errorf("undone: %s", got)
	}
	r.answer = people
	r.put(resumed(""))
	r.outcome(r.end(), event.RolledBack, "no")
	if got := r.undos(); !strings.HasSuffix(got, "release/stage expand/migrate") {
		t.Errorf("undone: %s", got)
	}
}

func TestAbort(t *testing.T) {
	t.Run("uncommitted goes back", func(t *testing.T) {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		d := r.dispatch("release/shift-10")
		r.put(abort("signal", false))
		r.reply(d, event.NodeDone, event.Done{})
		r.outcome(r.end(), event.Aborted, "signal")
		if got := r.undos(); got != "release/shift-10 release/stage" {
			t.Errorf("undone: %s", got)
		}
	})
	t.Run("commit in flight stays", func(t *testing.T) {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		d := r.dispatch("release/commit")
		r.put(abort("supersede", false))
		r.reply(d, event.NodeDone, event.Done{})
		r.outcome(r.end(), event.Aborted, "supersede")
		if got := r.undos(); got != "" {
			t.Errorf("undone: %s", got)
		}
	})
	t.Run("committed stays", func(t *testing.T) {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		d := r.dispatch("smoke/exec")
		r.put(abort("abort", false))
		r.reply(d, event.NodeCancelled, event.Failure{Message: "killed"})
		r.outcome(r.end(), event.Aborted, "abort")
		if got := r.undos(); got != "" {
			t.Errorf("undone: %s", got)
		}
	})
	t.Run("hard", func(t *testing.T) {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		r.dispatch("release/shift-10")
		r.put(abort("signal", false))
		r.put(abort("signal", true))
		r.outcome(r.end(), event.Unsettled, "signal")
		r.put(resumed(""))
		r.outcome(r.end(), event.Aborted, "signal")
		if got := r.undos(); got != "release/shift-10 release/stage" {
			t.Errorf("undone: %s", got)
		}
	})
	t.Run("before anything", func(t *testing.T) {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		r.put(abort("abort", true))
		r.outcome(r.end(), event.Aborted, "abort")
	})
}

func TestLocks(t *testing.T) {
	t.Run("taken late, kept, given back", func(t *testing.T) {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		a := r.until(func(c machine.Command) bool { _, ok := c.(machine.AcquireLock); return ok }).(machine.AcquireLock)
		if got := strings.Join(r.log, " "); got != "build/exec test/exec" || a.Env != "local" || a.Place != "process:local" {
			t.Fatalf("%+v after %s", a, got)
		}
		r.put(event.Event{Type: event.LockWaiting, Env: "local"}.With(event.Lock{Holder: "other"}))
		if c := machine.Next(r.s); len(c) != 0 {
			t.Fatalf("while waiting: %v", c)
		}
		r.good(a)
		if d := r.dispatch("release/snapshot"); d.Fence != 7 || d.Env != "local" {
			t.Fatalf("%+v", d)
		} else {
			r.good(d)
		}
		smoke := r.dispatch("smoke/exec")
		if _, held := r.s.Fence("local"); !held {
			t.Fatal("given back while the smoke test can still take the release back")
		}
		r.good(smoke)
		r.outcome(r.end(), event.Succeeded)
		if _, held := r.s.Fence("local"); held {
			t.Fatal("still held")
		}
	})
}

func TestLockLost(t *testing.T) {
	t.Run("lost", func(t *testing.T) {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		d := r.dispatch("release/shift-10")
		r.put(event.Event{Type: event.LockLost, Env: "local"}.With(event.Lock{Holder: "other"}))
		r.reply(d, event.NodeFailed, event.Failure{Message: "stale fencing number"})
		e := r.end()
		if e.Outcome != event.Unsettled || r.undos() != "" {
			t.Fatalf("ended %s, undone %q", e.Outcome, r.undos())
		}
		r.put(resumed(""))
		r.answer = func(c machine.Command) bool {
			if _, ok := c.(machine.AcquireLock); ok {
				r.put(event.Event{Type: event.LockAcquired, Env: "local"}.With(event.Lock{Fence: 9}))
				return true
			}
			return false
		}
		if e := r.end(); e.Outcome != event.RolledBack || r.undos() != "release/shift-10 release/stage" {
			t.Fatalf("ended %s, undone %q", e.Outcome, r.undos())
		}
	})
	t.Run("held by another in between", func(t *testing.T) {
		r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
		r.dispatch("release/shift-10")
		r.put(resumed(""))
		r.answer = func(c machine.Command) bool {
			if _, ok := c.(machine.AcquireLock); ok {
				r.put(event.Event{Type: event.LockAcquired, Env: "local"}.With(event.Lock{Fence: 12}))
				return true
			}
			return false
		}
		r.outcome(r.end(), event.RolledBack, "another run held the lock of local in between")
	})
}

func TestStageTimeout(t *testing.T) {
	r := newRig(t, handmade.Linear(), machine.Options{}, event.Started{})
	var at time.Time
	r.answer = func(c machine.Command) bool {
		w, ok := c.(machine.Wake)
		if ok && w.Kind == machine.WakeStage {
			at = w.At
		}
		return ok && w.Kind == machine.WakeStage
	}
	began := r.now
	r.until(func(c machine.Command) bool { h, ok := c.(machine.Hold); return ok && h.Node == "release/shift-40" })
	if at.Sub(began) != 3*time.Hour {
		t.Fatalf("times out at %s, began %s", at, began)
	}
	r.now = at
	r.put(event.Event{Type: event.StageTimedOut, Stage: "release"})
	r.outcome(r.end(), event.RolledBack, "the stage's time was up")
}

func TestParallelBound(t *testing.T) {
	s, err := machine.New(layered(2, 50), machine.Options{Parallel: 4})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, s: s, now: time.Unix(0, 0)}
	r.put(event.Event{Type: event.RunStarted}.With(event.Started{}))
	var flying []machine.Dispatch
	total := 0
	for {
		over := false
		for _, c := range r.next() {
			switch c := c.(type) {
			case machine.Dispatch:
				flying = append(flying, c)
			case machine.End:
				over = true
			}
		}
		if over {
			break
		}
		if len(flying) > 4 || len(flying) == 0 {
			t.Fatalf("%d in flight", len(flying))
		}
		r.reply(flying[0], event.NodeDone, nil)
		flying = flying[1:]
		total++
	}
	if total != 100 {
		t.Errorf("%d nodes ran", total)
	}
}

func TestNotifyNeverFails(t *testing.T) {
	r := newRig(t, handmade.Exec(), machine.Options{}, event.Started{})
	r.reply(r.dispatch("tell/notify"), event.NodeFailed, event.Failure{Message: "chat is down"})
	r.outcome(r.end(), event.Succeeded)
}

// TestIndependentStagesDrain: after a failure nothing begins, and what has had effects runs to its end.
func TestIndependentStagesDrain(t *testing.T) {
	r := newRig(t, handmade.Parallel(), machine.Options{}, event.Started{})
	var beside machine.Dispatch
	r.answer = func(c machine.Command) bool {
		d, ok := c.(machine.Dispatch)
		if ok && d.Node == "beside/exec" {
			beside = d
			return true
		}
		return false
	}
	d := r.dispatch("a/shift-30")
	r.reply(beside, event.NodeFailed, event.Failure{Message: "exit 1"})
	r.good(d)
	r.outcome(r.end(), event.Failed, "exit 1")
	got := map[string]string{}
	for _, v := range r.s.Stages() {
		got[v.Name] = v.Status
	}
	if got["a"] != "done" || got["b"] != "done" || got["after"] != "skipped" || r.undos() != "" {
		t.Errorf("stages %v, undone %q", got, r.undos())
	}
}

func TestIrreversibleGoesForward(t *testing.T) {
	r := newRig(t, handmade.Migration(), machine.Options{}, event.Started{})
	approveAll(r)
	r.reply(r.dispatch("contract/migrate"), event.NodeFailed, event.Failure{Message: "half-way"})
	r.reply(r.dispatch("contract/migrate:look"), event.NodeObserved, event.Observed{Effect: event.EffectUnknown, Detail: "column half dropped"})
	e := r.end()
	r.outcome(e, event.Unsettled, "it is unknown how far it came, and there is no way back: column half dropped")
	if _, held := r.s.Fence("production"); !held {
		t.Error("the lock was given back")
	}
	r.put(resumed(""))
	d := r.dispatch("contract/migrate")
	if d.Generation != 2 {
		t.Errorf("%+v", d)
	}
	r.good(d)
	if e := r.end(); e.Outcome != event.Failed || r.undos() != "" {
		t.Errorf("ended %s, undone %q", e.Outcome, r.undos())
	}
	r.status("contract/migrate", machine.NodeDone)
}

func TestIllegal(t *testing.T) {
	for name, p := range map[string]*plan.Plan{
		"cycle": {Stages: []plan.Stage{{Name: "s"}}, Nodes: []plan.Node{
			{ID: "s/a", Stage: "s", Needs: []plan.NodeID{"s/b"}, Do: plan.Do{Hold: &plan.HoldOp{}}},
			{ID: "s/b", Stage: "s", Needs: []plan.NodeID{"s/a"}, Do: plan.Do{Hold: &plan.HoldOp{}}},
		}},
		"dangling need":  {Stages: []plan.Stage{{Name: "s"}}, Nodes: []plan.Node{{ID: "s/a", Stage: "s", Needs: []plan.NodeID{"s/b"}, Do: plan.Do{Hold: &plan.HoldOp{}}}}},
		"unknown stage":  {Nodes: []plan.Node{{ID: "s/a", Stage: "s", Do: plan.Do{Hold: &plan.HoldOp{}}}}},
		"no instruction": {Stages: []plan.Stage{{Name: "s"}}, Nodes: []plan.Node{{ID: "s/a", Stage: "s"}}},
		"node twice":     {Stages: []plan.Stage{{Name: "s"}}, Nodes: []plan.Node{{ID: "s/a", Stage: "s", Do: plan.Do{Hold: &plan.HoldOp{}}}, {ID: "s/a", Stage: "s", Do: plan.Do{Hold: &plan.HoldOp{}}}}},
		"no rollback":    {Stages: []plan.Stage{{Name: "s", Rollback: []string{"t"}}}},
		"monitor": {Stages: []plan.Stage{{Name: "s"}}, Nodes: []plan.Node{{ID: "s/a", Stage: "s", Do: plan.Do{Hold: &plan.HoldOp{}}}},
			Monitors: []plan.Monitor{{ID: "s/m", Stage: "s", Opens: "s/a", Closes: "s/x"}}},
	} {
		if _, err := machine.New(p, machine.Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r := newRig(t, handmade.Canary(), machine.Options{}, event.Started{})
	for name, e := range map[string]event.Event{
		"unknown node":     {Type: event.NodeDone, Node: "no/such"},
		"never dispatched": {Type: event.NodeDone, Node: "build/exec", Generation: 1, Attempt: 1},
		"not ready":        {Type: event.NodeDispatched, Node: "smoke/exec", Generation: 1, Attempt: 1},
		"wrong attempt":    {Type: event.NodeDispatched, Node: "build/exec", Generation: 1, Attempt: 2},
		"nothing to undo":  {Type: event.NodeDispatched, Node: "build/exec", Generation: 1, Attempt: 1, Undo: true},
		"unknown type":     {Type: "node.exploded", Node: "build/exec"},
		"started twice":    {Type: event.RunStarted},
		"payload":          {Type: event.NodeDispatched, Node: "build/exec", Generation: 1, Attempt: 1, Data: []byte(`[`)},
	} {
		if err := r.try(e); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r.outcome(r.end(), event.Succeeded)
	if err := r.try(resumed("")); err == nil {
		t.Error("a run that succeeded was resumed")
	}
}
