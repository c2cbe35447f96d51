package machine

import (
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

func (s *State) side(i int32, undo bool) *side {
	if undo {
		return &s.nodes[i].undo
	}
	return &s.nodes[i].do
}

// foldDispatched starts an attempt. It has to be one that Next would have issued.
func (s *State) foldDispatched(e event.Event, i int32) error {
	d, err := decode[event.Dispatched](e.Data)
	if err != nil {
		return illegal(e, "payload: %v", err)
	}
	n, k := &s.nodes[i], s.g.nodes[i].stage
	st := &s.stages[k]
	sd := s.side(i, e.Undo)
	if int(sd.gen) != e.Generation || int(sd.attempt)+1 != e.Attempt {
		return illegal(e, "generation %d attempt %d: expected %d and %d", e.Generation, e.Attempt, sd.gen, sd.attempt+1)
	}
	switch {
	case e.Undo:
		if st.phase != undoing || st.order[st.cursor-1] != i || sd.phase != idle {
			return illegal(e, "it isn't its turn to be undone")
		}
	case d.Recover:
		if sd.phase != lookDue {
			return illegal(e, "there is nothing to look for")
		}
	case sd.phase != idle || n.wait > 0 || st.phase != pending && st.phase != active:
		return illegal(e, "the node isn't ready")
	}
	if s.out.in[i]&sentOf(e.Undo) != 0 {
		s.out.issued--
	}
	if v := s.g.nodes[i].env; v != none {
		delete(s.out.wants[v], i)
	}
	sd.attempt++
	sd.phase, sd.since = running, s.clock()
	if d.Recover {
		sd.phase = looking
		sd.looks++
	} else {
		sd.tries++
	}
	s.out.answered(i, e.Undo)
	s.flying++
	if e.Undo {
		return nil
	}
	s.begin(i)
	st.flying++
	if !n.ordered {
		n.ordered = true
		st.order = append(st.order, i)
	}
	if s.g.nodes[i].acts {
		st.acted = true
	}
	if s.g.nodes[i].env != none {
		s.pin(k)
	}
	return nil
}

func sentOf(undo bool) mark {
	if undo {
		return sentUndo
	}
	return sent
}

// land takes node i's attempt out of the air.
func (s *State) land(i int32) {
	s.flying--
	if s.nodes[i].do.phase.inFlight() {
		s.stages[s.g.nodes[i].stage].flying--
	}
}

// foldAnswer ends an attempt. Answers of attempts that have already ended are dropped.
func (s *State) foldAnswer(e event.Event, i int32) error {
	sd := s.side(i, e.Undo)
	if e.Generation > int(sd.gen) || e.Generation == int(sd.gen) && e.Attempt > int(sd.attempt) {
		return illegal(e, "that attempt was never dispatched")
	}
	current := sd.phase.inFlight() && e.Generation == int(sd.gen) && e.Attempt == int(sd.attempt)
	var x answer
	var err error
	switch e.Type {
	case event.NodeDone:
		x.done, err = decode[event.Done](e.Data)
		x.ok = true
	case event.NodeFailed, event.NodeCancelled:
		x.failure, err = decode[event.Failure](e.Data)
	case event.NodeTimedOut:
		x.failure = event.Failure{Message: "timed out after " + at(sd.since).Sub(s.now).Abs().Round(time.Millisecond).String(), Transient: true}
	case event.NodeObserved:
		var o event.Observed
		o, err = decode[event.Observed](e.Data)
		x.seen = o.Effect
		if o.Done != nil {
			x.done = *o.Done
		}
		x.failure.Message = o.Detail
	}
	if err != nil {
		return illegal(e, "payload: %v", err)
	}
	if !current {
		return nil
	}
	if x.seen != "" && sd.phase != looking {
		return illegal(e, "the attempt wasn't one that only looks")
	}
	x.t, x.looking = e.Type, sd.phase == looking
	s.land(i)
	sd.phase = idle
	if e.Undo {
		s.undoAnswered(i, x)
		s.out.touchStage(s.g.nodes[i].stage)
	} else {
		s.doAnswered(i, x)
		s.drained(s.g.nodes[i].stage)
	}
	s.out.answered(i, e.Undo)
	return nil
}

// answer is how an attempt ended.
type answer struct {
	t       event.Type
	ok      bool
	done    event.Done
	failure event.Failure
	looking bool // the attempt was one that only looks
	seen    event.Observation
}

// doAnswered decides what becomes of a node after an attempt.
func (s *State) doAnswered(i int32, x answer) {
	k := s.g.nodes[i].stage
	if x.seen != "" {
		s.looked(i, x)
		return
	}
	if x.ok {
		s.took(i, x.done)
		return
	}
	switch {
	case s.stages[k].phase != active && x.t == event.NodeCancelled:
		s.finish(i, cancelled)
	case s.stages[k].phase != active:
		s.giveUp(i, x)
	case x.t == event.NodeCancelled:
		s.fail(i, event.Cause{Message: "cancelled: " + x.failure.Message})
	default:
		s.again(i, x)
	}
}

// again retries what is worth it, looks for an effect that was lost, and fails the rest.
func (s *State) again(i int32, x answer) {
	n, d := &s.nodes[i], &s.g.nodes[i]
	timedOut := x.t == event.NodeTimedOut
	mayLook := int(n.do.looks) < s.opt.LookAttempts
	mayTry := int(n.do.tries) < max(d.n.Retry.Attempts, 1) || s.mutated(mutRetryAlways)
	look := false
	switch {
	case x.looking: // looking itself failed
		look = (x.failure.Transient || x.failure.Unknown) && mayLook
		mayTry = false
	case x.failure.Unknown:
		look, mayTry = mayLook, false
	case timedOut && d.op != plan.OpExec:
		look = mayTry && mayLook
	}
	if !look && (!mayTry || !x.failure.Transient && !s.mutated(mutRetryAlways)) {
		s.giveUp(i, x)
		return
	}
	s.pause(i, look)
}

// giveUp fails a node. One from which there is no way back is looked at first: it may have stopped half-way.
func (s *State) giveUp(i int32, x answer) {
	c := event.Cause{Message: x.failure.Message, Fix: x.failure.Fix}
	n := &s.nodes[i]
	switch {
	case !s.g.nodes[i].oneWay:
		s.fail(i, c)
	case int(n.do.looks) < s.opt.LookAttempts && (!x.looking || x.failure.Transient || x.failure.Unknown):
		n.do.last = true
		s.pause(i, true)
	default:
		s.stand(i, c)
	}
}

// pause waits before the next attempt, or before looking.
func (s *State) pause(i int32, look bool) {
	n, d := &s.nodes[i], &s.g.nodes[i]
	n.do.phase, n.do.look, n.do.since = backoff, look, s.clock()
	n.do.until = nanos(s.now.Add(doubled(time.Duration(d.n.Retry.Backoff), int(n.do.attempt), 10*time.Minute)))
}

// doubled is the pause after the n-th attempt.
func doubled(first time.Duration, n int, most time.Duration) time.Duration {
	for ; n > 1 && first < most; n-- {
		first *= 2
	}
	return min(first, most)
}

// looked decides after an attempt that only looked.
func (s *State) looked(i int32, x answer) {
	n, d := &s.nodes[i], &s.g.nodes[i]
	crashed, last := n.do.crashed, n.do.last
	n.do.look, n.do.crashed, n.do.last = false, false, false
	if x.seen == event.EffectDone {
		s.took(i, x.done)
		return
	}
	if d.oneWay && x.seen == event.EffectUnknown {
		s.stand(i, event.Cause{Message: "it is unknown how far it came, and there is no way back: " + x.failure.Message})
		return
	}
	if s.stages[d.stage].phase != active {
		s.finish(i, cancelled)
		return
	}
	if x.seen == event.EffectNotDone {
		if crashed {
			n.do.tries = max(n.do.tries-1, 0)
		}
		if crashed || !last && int(n.do.tries) < max(d.n.Retry.Attempts, 1) {
			n.do.phase, n.do.since = idle, s.clock()
			return
		}
		s.fail(i, event.Cause{Message: "the effect was not made: " + x.failure.Message})
		return
	}
	if rerun(d.n.Do) {
		n.do = side{gen: n.do.gen + 1, since: s.clock()}
		return
	}
	s.fail(i, event.Cause{Message: "interrupted, and whether it took effect is unknown: " + x.failure.Message})
}

// rerun reports whether an interrupted instruction is declared to bear being run twice.
func rerun(d plan.Do) bool {
	x := d.Exec
	if d.Notify != nil {
		x = d.Notify.Exec
	}
	return x != nil && x.Interrupted == plan.InterruptedRerun
}

// took folds an effect that was made: what it established, and the hold that follows.
func (s *State) took(i int32, x event.Done) {
	n, d := &s.nodes[i], &s.g.nodes[i]
	if x.Prior != nil && d.op == plan.OpSnapshot {
		s.priors[i] = *x.Prior
	}
	if len(x.Bindings) > 0 {
		s.bind(i, x.Bindings)
	}
	if d.commit {
		s.stages[d.stage].commits++ // from here on, whatever a hold brings
	}
	if d.n.Hold != nil && d.n.Hold.For > 0 && s.stages[d.stage].phase == active && !s.mutated(mutEarlyCommit) {
		n.do.phase, n.do.since = holding, s.clock()
		if n.held == 0 {
			n.held = s.clock()
		}
		return
	}
	s.finish(i, done)
}
