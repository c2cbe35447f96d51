package machine

import (
	"errors"
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// ErrIllegal is wrapped by the errors of [Apply]: the fact contradicts those before it.
var ErrIllegal = errors.New("illegal event")

func illegal(e event.Event, format string, args ...any) error {
	return fmt.Errorf("event %d %s: %w: %s", e.Seq, e.Type, ErrIllegal, fmt.Sprintf(format, args...))
}

// Apply folds one fact into s, in place. An event that contradicts the journal so far (of an unknown node, of an attempt
// that was never dispatched, after the end) is an error that wraps [ErrIllegal] and leaves s as it was. A late answer of
// an attempt that has already ended, and an approval that doesn't count, are legal and change nothing.
func Apply(s *State, e event.Event) error {
	if err := s.legal(e); err != nil {
		return err
	}
	before := s.now
	if e.Time.After(s.now) {
		s.now = e.Time
	}
	if err := s.fold(e); err != nil {
		s.now = before
		return err
	}
	return nil
}

// legal checks what holds for events of all types.
func (s *State) legal(e event.Event) error {
	switch {
	case e.Type == event.Note:
	case e.Type == event.RunStarted:
		if s.status != unstarted {
			return illegal(e, "the run has already started")
		}
	case s.status == unstarted:
		return illegal(e, "the run hasn't started")
	case e.Type == event.RunResumed:
		if s.status == ended && s.outcome != event.Unsettled {
			return illegal(e, "the run ended %s", s.outcome)
		}
	case s.status == ended:
		return illegal(e, "the run has ended")
	}
	if e.Run != "" && s.run != "" && e.Run != s.run {
		return illegal(e, "belongs to run %q", e.Run)
	}
	return nil
}

func (s *State) fold(e event.Event) error {
	switch e.Type {
	case event.Note:
		return nil
	case event.RunStarted, event.RunResumed, event.RunParked, event.RunAbort, event.RunEnded:
		return s.foldRun(e)
	case event.LockAcquired, event.LockWaiting, event.LockLost, event.LockReleased:
		return s.foldLock(e)
	case event.MonitorOpened, event.MonitorVerdict, event.MonitorClosed:
		return s.foldMonitor(e)
	case event.StageTimedOut:
		return s.foldStageTimeout(e)
	}
	i, ok := s.g.index[e.Node]
	if !ok {
		return illegal(e, "unknown node %q", e.Node)
	}
	switch e.Type {
	case event.NodeDispatched:
		return s.foldDispatched(e, i)
	case event.NodeDone, event.NodeFailed, event.NodeCancelled, event.NodeObserved, event.NodeTimedOut:
		return s.foldAnswer(e, i)
	case event.NodeWoke:
		return s.foldWoke(e, i)
	case event.ApprovalRequested, event.ApprovalGiven, event.ApprovalRejected, event.ApprovalExpired:
		return s.foldApproval(e, i)
	case event.GateAsked:
		return s.foldGate(e, i)
	}
	return illegal(e, "unknown type")
}

func (s *State) foldRun(e event.Event) error {
	switch e.Type {
	case event.RunStarted:
		return s.foldStarted(e)
	case event.RunResumed:
		r, err := decode[event.Resumed](e.Data)
		if err != nil {
			return illegal(e, "payload: %v", err)
		}
		s.resume(r)
	case event.RunParked:
		s.status = parked
	case event.RunAbort:
		a, err := decode[event.Abort](e.Data)
		if err != nil {
			return illegal(e, "payload: %v", err)
		}
		s.foldAbort(a)
	case event.RunEnded:
		x, err := decode[event.Ended](e.Data)
		if err != nil {
			return illegal(e, "payload: %v", err)
		}
		s.status, s.outcome = ended, x.Outcome
	}
	return nil
}

func (s *State) foldStarted(e event.Event) error {
	x, err := decode[event.Started](e.Data)
	if err != nil {
		return illegal(e, "payload: %v", err)
	}
	selected, err := s.selected(x)
	if err != nil {
		return illegal(e, "%v", err)
	}
	s.status, s.run, s.started, s.tree = live, e.Run, x, x.Tree
	for k, v := range x.Bindings {
		s.bindings[k] = v
	}
	for i := range s.nodes {
		s.nodes[i].do.since = s.clock()
	}
	for _, id := range x.Reused {
		s.finish(s.g.index[id], done)
	}
	for k := range s.stages {
		if s.stages[k].open == 0 && s.stages[k].phase == pending { // nothing to do at all
			s.unbegun--
			s.settle(int32(k), unneeded)
		}
		if selected[k] || s.stages[k].phase.final() {
			continue
		}
		for _, i := range s.g.stages[k].nodes {
			if !s.nodes[i].do.phase.final() {
				s.finish(i, skipped)
			}
		}
	}
	for i := range s.nodes {
		if s.nodes[i].wait == 0 {
			s.ready(int32(i))
		}
	}
	return nil
}

// selected returns which stages are part of the run; a selection that isn't closed under needs is an error.
func (s *State) selected(x event.Started) ([]bool, error) {
	sel := make([]bool, len(s.stages))
	for k := range sel {
		sel[k] = len(x.Selection) == 0
	}
	for _, name := range x.Selection {
		k, ok := s.g.stageIndex[name]
		if !ok {
			return nil, fmt.Errorf("unknown stage %q is selected", name)
		}
		sel[k] = true
	}
	reused := map[int32]int{}
	seen := map[plan.NodeID]bool{}
	for _, id := range x.Reused {
		i, ok := s.g.index[id]
		if !ok {
			return nil, fmt.Errorf("unknown node %q is reused", id)
		}
		if !seen[id] {
			seen[id] = true
			reused[s.g.nodes[i].stage]++
		}
	}
	for k := range sel {
		if !sel[k] {
			continue
		}
		for _, need := range s.g.stages[k].s.Needs {
			n, ok := s.g.stageIndex[need]
			if ok && !sel[n] && reused[n] == 0 {
				return nil, fmt.Errorf("stage %q is selected without %q, which it needs", s.g.stages[k].s.Name, need)
			}
		}
	}
	return sel, nil
}

// resume takes the run over in a new process: nothing is known to be under way any more.
func (s *State) resume(r event.Resumed) {
	s.status, s.outcome, s.hard, s.sticking = live, "", false, nil
	for e := range s.envs {
		s.envs[e].lost = false
		if s.envs[e].phase == lockHeld {
			s.envs[e].phase = lockUnsure
		}
	}
	for i := range s.nodes {
		s.resumeNode(int32(i))
	}
	for k := range s.stages {
		st := &s.stages[k]
		switch st.phase {
		case stuck:
			s.stucks--
			s.busy++
			if st.forward {
				s.goForward(int32(k))
				continue
			}
			st.phase = undoing
			u := &s.nodes[st.order[st.cursor-1]].undo
			*u = side{gen: u.gen + 1, attempt: u.attempt}
		case failing:
			s.drained(int32(k))
		}
	}
	if r.Tree != "" && r.Tree != s.tree {
		s.tree = r.Tree
		s.version++
		s.reopenApprovals()
	}
	s.out.resume(s)
}

// resumeNode turns attempts in flight into ones that have to be looked for, and asks gates again that let nothing
// through yet.
func (s *State) resumeNode(i int32) {
	n := &s.nodes[i]
	if n.undo.phase.inFlight() {
		s.land(i)
		n.undo.phase, n.undo.crashed = idle, true // what undoes looks at the world by itself
	}
	st := &s.stages[s.g.nodes[i].stage]
	switch {
	case n.do.phase.inFlight() && st.phase != active && !s.g.nodes[i].oneWay:
		s.land(i)
		s.finish(i, cancelled)
	case n.do.phase.inFlight():
		s.land(i)
		n.do.phase, n.do.crashed, n.do.looks = lookDue, true, 0
		if s.mutated(mutBlindResume) {
			s.finish(i, done)
		}
	case n.do.phase == holding && s.g.nodes[i].op == plan.OpShift:
		n.do.phase, n.do.crashed, n.do.looks = lookDue, true, 0 // the host may have taken the exposure back
	case n.do.phase == done && s.g.nodes[i].op == plan.OpGate && s.untaken(i):
		s.reopen(i)
	}
}

// untaken reports whether nothing that needs i has begun.
func (s *State) untaken(i int32) bool {
	if s.stopping {
		return false
	}
	for _, d := range s.g.dependents(i) {
		if s.nodes[d].do.phase != idle {
			return false
		}
	}
	return len(s.g.dependents(i)) > 0
}

// foldAbort stops the run: the first time softly, Hard at once.
func (s *State) foldAbort(a event.Abort) {
	s.hard = s.hard || a.Hard
	msg := a.Kind
	if a.Reason != "" {
		msg += ": " + a.Reason
	}
	idle := s.busy == 0 && s.unbegun == 0 // too late: there is nothing left to stop
	if s.abort != nil || idle {
		if s.hard && len(s.causes) == 0 {
			s.addCause(event.Cause{Message: msg})
		}
		return
	}
	s.abort = &a
	c := s.addCause(event.Cause{Message: msg})
	s.stop(c)
	for k := range s.stages {
		if s.stages[k].phase == active {
			s.abortStage(int32(k), c)
		}
	}
}
