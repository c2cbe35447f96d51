package simulate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/targets"
)

const (
	runID  = event.RunID("simulated")
	author = "author"
	// lockRetry is how often a lock that somebody else holds is tried again.
	lockRetry = 10 * time.Second
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// execute carries out one command.
func (s *sim) execute(c machine.Command) error {
	switch c := c.(type) {
	case machine.Dispatch:
		return s.dispatch(c)
	case machine.CancelOp:
		return s.cancel(c)
	case machine.AcquireLock:
		return s.acquire(c)
	case machine.ReleaseLock:
		return s.release(c)
	case machine.OpenMonitor:
		s.after(0, func() error { return s.openJudge(c.Monitor) })
	case machine.CloseMonitor:
		s.after(0, func() error { return s.closeJudge(c) })
	case machine.RequestApproval:
		return s.request(c)
	case machine.AskGate:
		at := s.w.now
		if c.At.After(at) {
			at = c.At
		}
		s.schedule(at, func() error { return s.answerGate(c.Node) })
	case machine.Hold:
		s.hold(c)
	case machine.Wake:
		s.schedule(c.At, func() error { return s.append(wakeEvent(c)) })
	case machine.End:
		s.over = true
		for _, env := range sortedKeys(s.taken) {
			s.w.give(env, s.taken[env])
		}
		return s.append(event.Event{Type: event.RunEnded}.With(event.Ended{Outcome: c.Outcome, Causes: c.Causes}))
	}
	return nil
}

func wakeEvent(c machine.Wake) event.Event {
	e := event.Event{Type: event.NodeWoke, Node: c.Node, Undo: c.Undo, Generation: c.Generation}
	switch c.Kind {
	case machine.WakeExpiry:
		e.Type = event.ApprovalExpired
	case machine.WakeStage:
		e = event.Event{Type: event.StageTimedOut, Stage: c.Stage}
	}
	return e
}

// hold wakes a node when its time has passed; under a monitor the time in which nothing ran doesn't count.
func (s *sim) hold(c machine.Hold) {
	t := c.Since.Add(c.For)
	for _, d := range s.dead {
		if c.Monitor != "" && d.to.After(c.Since) {
			t = t.Add(d.to.Sub(d.from))
		}
	}
	s.schedule(t, func() error {
		return s.append(event.Event{Type: event.NodeWoke, Node: c.Node, Generation: c.Generation})
	})
}

func flightKey(n plan.NodeID, undo bool) string { return fmt.Sprintf("%s|%t", n, undo) }

// dispatch journals an attempt and lets it begin.
func (s *sim) dispatch(d machine.Dispatch) error {
	e := event.Event{Type: event.NodeDispatched, Node: d.Node, Undo: d.Undo, Generation: d.Generation, Attempt: d.Attempt}
	err := s.append(e.With(event.Dispatched{Key: d.Key, Fence: d.Fence, Recover: d.Recover, Subject: d.Subject}))
	if err != nil {
		return err
	}
	c := call{Dispatch: d, order: uint64(len(s.journal)), node: s.nodes[d.Node], began: s.w.now}
	key := flightKey(d.Node, d.Undo)
	s.calls[key]++
	n := s.calls[key]
	s.log = append(s.log, Operation{Node: d.Node, Undo: d.Undo, Attempt: n, Recover: d.Recover})
	s.flight[key] = c
	f := s.faultOf(d, n)
	wait := opTime
	if f.Kind == Hang || f.Kind == HangPersistent || f.Kind == Late {
		if wait = d.Timeout; wait <= 0 {
			wait = hangTime
		}
	}
	s.after(wait, func() error {
		if now, ok := s.flight[key]; !ok || now.order != c.order {
			return nil
		}
		delete(s.flight, key)
		return s.finish(c, f)
	})
	return nil
}

// faultOf is what goes wrong in the n-th execution of a node's do or undo.
func (s *sim) faultOf(d machine.Dispatch, n int) Fault {
	for _, f := range s.faults {
		if f.On != string(d.Node) || f.Undo != d.Undo || !slices.Contains(OpKinds(), f.Kind) {
			continue
		}
		if f.persistent() && !s.lifted && n >= max(f.Attempt, 1) || !f.persistent() && n == max(f.Attempt, 1) {
			return f
		}
	}
	return Fault{}
}

// finish ends an attempt: the effect as far as the fault lets it, then the answer.
func (s *sim) finish(c call, f Fault) error {
	s.w.ops++
	s.arrive()
	e := event.Event{Type: event.NodeDone, Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}
	fail := func(x event.Failure) error {
		e.Type = event.NodeFailed
		return s.append(e.With(x))
	}
	switch f.Kind {
	case FailTransient:
		return fail(event.Failure{Message: "injected: connection refused", Transient: true})
	case FailPersistent:
		if !c.Undo && !c.Recover {
			s.w.fatal[c.Key] = true
		}
		return fail(event.Failure{Message: "injected: not allowed", Fix: "penstock resume " + string(runID)})
	case Late:
		if !c.Recover {
			s.w.pending = append(s.w.pending, late{after: s.w.ops + f.Arg, call: c})
		}
		fallthrough
	case Hang, HangPersistent:
		e.Type = event.NodeTimedOut
		return s.append(e)
	case StaleRead:
		if c.Recover {
			break
		}
		return fail(event.Failure{Message: errStale.Error(), Transient: true})
	}
	if c.Recover {
		return s.observe(c, f)
	}
	half := f.Kind == Partial || f.Kind == PartialFatal
	done, err := s.w.effect(c, half)
	switch {
	case err != nil:
		if errors.Is(err, targets.ErrStaleFence) {
			lost := event.Event{Type: event.LockLost, Env: c.Env}.With(event.Lock{Place: s.p.Envs[c.Env].Place, Fence: c.Fence, Holder: s.w.Holder(c.Env)})
			if err := s.append(lost); err != nil {
				return err
			}
		}
		return fail(event.Failure{Message: err.Error(), Transient: targets.IsTransient(err)})
	case f.Kind == ReplyLost:
		return fail(event.Failure{Message: "injected: the answer was lost", Unknown: true})
	case half:
		if f.Kind == PartialFatal && !c.Undo {
			s.w.fatal[c.Key] = true
		}
		return fail(event.Failure{Message: "injected: stopped half-way", Transient: f.Kind == Partial})
	}
	return s.append(e.With(done))
}

// observe answers a look. A stale one doesn't see the latest change.
func (s *sim) observe(c call, f Fault) error {
	e := event.Event{Type: event.NodeObserved, Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}
	if f.Kind == ReplyLost {
		e.Type = event.NodeFailed
		return s.append(e.With(event.Failure{Message: "injected: the answer was lost", Unknown: true}))
	}
	seen := s.w.look(c)
	x := event.Observed{Effect: seen, Detail: "looked"}
	if f.Kind == StaleRead && seen == event.EffectDone {
		x.Effect = event.EffectNotDone
	}
	if seen == event.EffectDone {
		x.Done = &event.Done{Bindings: map[string]string{}}
		if c.Do.Exec != nil {
			for _, p := range c.Do.Exec.Produces {
				x.Done.Bindings[machine.BindingName(plan.Binding{Artifact: p.Artifact})] = digest("artifact", p.Artifact)
			}
		}
	}
	return s.append(e.With(x))
}

// cancel stops an interruptible operation in flight, before its effect.
func (s *sim) cancel(c machine.CancelOp) error {
	s.after(0, func() error {
		key := flightKey(c.Node, c.Undo)
		x, ok := s.flight[key]
		if !ok || x.Attempt != c.Attempt || x.Generation != c.Generation {
			return nil
		}
		delete(s.flight, key)
		e := event.Event{Type: event.NodeCancelled, Node: c.Node, Undo: c.Undo, Generation: c.Generation, Attempt: c.Attempt}
		return s.append(e.With(event.Failure{Message: c.Reason}))
	})
	return nil
}

// acquire takes a lock, now or as soon as its holder gives it back.
func (s *sim) acquire(c machine.AcquireLock) error {
	fence, holder := s.w.take(c.Env, string(runID))
	if holder == "" {
		s.taken[c.Env] = fence
		s.after(0, func() error {
			delete(s.taken, c.Env)
			return s.append(event.Event{Type: event.LockAcquired, Env: c.Env}.With(event.Lock{Place: c.Place, Fence: fence}))
		})
		return nil
	}
	s.after(lockRetry, func() error { return s.acquire(c) })
	if s.waits[c.Env] {
		return nil
	}
	s.waits[c.Env] = true
	return s.append(event.Event{Type: event.LockWaiting, Env: c.Env}.With(event.Lock{Place: c.Place, Holder: holder}))
}

func (s *sim) release(c machine.ReleaseLock) error {
	e := event.Event{Type: event.LockReleased, Env: c.Env}
	if !s.w.give(c.Env, c.Fence) {
		e.Type = event.LockLost
	}
	s.after(0, func() error { return s.append(e.With(event.Lock{Place: c.Place, Fence: c.Fence})) })
	return nil
}

// steal has another run break every lock that is held, change nothing, and give it back after a minute.
func (s *sim) steal() {
	for _, env := range sortedKeys(s.w.locks) {
		if l := s.w.locks[env]; l.holder != "" {
			l.holder, l.until = "somebody", s.w.now.Add(time.Minute)
			l.fence++
		}
	}
}

// people returns enough different people whom an approval accepts, none of them the author: those whom it or the plan
// names, then others of its groups.
func people(p *plan.Plan, a *plan.Approve) []event.Actor {
	if a == nil {
		return []event.Actor{{Name: "person-1", How: "ssh"}}
	}
	var out []event.Actor
	add := func(name string, groups ...string) {
		same := func(x event.Actor) bool { return x.Name == name }
		if name != author && !slices.ContainsFunc(out, same) {
			out = append(out, event.Actor{Name: name, How: "ssh", Groups: groups})
		}
	}
	var groups []string
	for _, b := range a.By {
		switch kind, name, _ := strings.Cut(b, ":"); kind {
		case "user":
			add(name)
		case "group":
			groups = append(groups, name)
			for _, m := range p.Groups[name].Members {
				add(strings.TrimPrefix(m, "user:"), name)
			}
		}
	}
	n := max(a.Count, 1)
	for i := 1; len(out) < n; i++ {
		add(fmt.Sprintf("person-%d", i), groups...)
	}
	return out[:n]
}
