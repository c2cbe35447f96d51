package machine

import (
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// drop marks a node that hasn't begun as not run because of a cause, and with it what needs it.
func (s *State) drop(i, cause int32) {
	for list := []int32{i}; len(list) > 0; {
		x := list[len(list)-1]
		list = list[:len(list)-1]
		n := &s.nodes[x]
		if n.do.phase != idle && n.do.phase != waiting {
			continue
		}
		n.because = cause
		s.finish(x, dropped)
		list = append(list, s.orphans(x, cause)...)
	}
}

// dropDependents does the same for what needs i, but not for i.
func (s *State) dropDependents(i, cause int32) {
	for _, d := range s.orphans(i, cause) {
		s.drop(d, cause)
	}
}

// orphans returns the nodes that can't run when i doesn't. Where one belongs to another stage that has begun, that stage
// fails, for the same cause.
func (s *State) orphans(i, cause int32) []int32 {
	var list []int32
	for _, d := range s.g.dependents(i) {
		if s.nodes[d].do.phase != idle {
			continue
		}
		k := s.g.nodes[d].stage
		if k != s.g.nodes[i].stage && s.stages[k].phase == active && s.g.nodes[d].op != plan.OpRetire {
			s.failStage(k, cause)
			continue
		}
		list = append(list, d)
	}
	return list
}

// fail ends node i's do as failed, and with it its stage.
func (s *State) fail(i int32, c event.Cause) {
	x := &s.g.nodes[i]
	c.Node, c.Stage = x.n.ID, x.n.Stage
	k := x.stage
	if x.op == plan.OpNotify {
		s.finish(i, done) // a notification never fails a run
		return
	}
	if s.stages[k].aborted || s.stages[k].phase != active && s.stages[k].phase != pending {
		s.finish(i, failed)
		if !s.stages[k].aborted {
			s.addCause(c)
		}
		return
	}
	cause := s.addCause(c)
	if x.op == plan.OpRetire { // the release is committed; only its clean-up failed
		s.begin(i)
		s.stop(cause)
		s.finish(i, failed)
		s.dropDependents(i, cause)
		return
	}
	s.begin(i)
	s.nodes[i].do.phase, s.nodes[i].do.since = failed, s.clock() // so that the stage doesn't count as over before it fails
	s.out.answered(i, false)
	s.failStage(k, cause)
	s.dropDependents(i, cause)
	s.closed(k, i)
	s.drained(k)
}

// failStage stops a stage that has begun: nothing of it starts any more.
func (s *State) failStage(k, cause int32) {
	st := &s.stages[k]
	if st.phase != active {
		return
	}
	st.phase, st.cause = failing, cause
	s.haltNodes(k, cause)
	for _, m := range s.g.stages[k].monitors {
		s.mustClose(m)
	}
	for _, u := range s.g.stages[k].undoes {
		if !st.forward {
			s.ask(u, cause)
		}
	}
	s.stop(cause)
	s.drained(k)
}

// haltNodes ends everything in stage k that isn't in flight.
func (s *State) haltNodes(k, cause int32) {
	for _, i := range s.g.stages[k].nodes {
		switch s.nodes[i].do.phase {
		case idle, waiting:
			s.drop(i, cause)
		case backoff, holding, lookDue:
			s.finish(i, cancelled)
			s.dropDependents(i, cause)
		case running, looking:
			s.dropDependents(i, cause)
			s.out.touch(i)
		}
	}
}

// stop lets no further stage begin. Stages that have begun without any effect end here.
func (s *State) stop(cause int32) {
	if s.stopping {
		return
	}
	s.stopping = true
	for k := range s.stages {
		st := &s.stages[k]
		switch {
		case st.phase == pending:
			for _, i := range s.g.stages[k].nodes {
				s.drop(i, cause)
			}
		case st.phase == active && !st.acted:
			st.phase, st.cause = failing, cause
			s.haltNodes(int32(k), cause)
			s.drained(int32(k))
		}
	}
}

// abortStage ends a stage because somebody asked for it: what is committed stays, the rest is undone.
func (s *State) abortStage(k, cause int32) {
	st := &s.stages[k]
	st.phase, st.cause, st.aborted = failing, cause, true
	s.haltNodes(k, cause)
	for _, m := range s.g.stages[k].monitors {
		s.mustClose(m)
	}
	s.drained(k)
}

// committed reports whether the stage's effect is permanent: an abort leaves it.
func (s *State) committed(k int32) bool { return s.stages[k].commits > 0 }

// drained is called whenever a failing stage may have come to rest: then its effects are undone.
func (s *State) drained(k int32) {
	st := &s.stages[k]
	if st.phase != failing || st.flying > 0 || st.open > 0 {
		return
	}
	if st.forward {
		st.phase = stuck
		s.busy--
		s.stucks++
		return
	}
	if st.aborted && s.committed(k) {
		s.busy--
		s.settle(k, over)
		return
	}
	st.phase, st.cursor = undoing, int32(len(st.order))
	s.undoNext(k)
}

func (s *State) foldStageTimeout(e event.Event) error {
	k, ok := s.g.stageIndex[e.Stage]
	if !ok {
		return illegal(e, "unknown stage %q", e.Stage)
	}
	if s.stages[k].phase != active || s.stages[k].main == 0 {
		return nil
	}
	c := s.addCause(event.Cause{Stage: e.Stage, Message: "the stage's time was up"})
	s.failStage(k, c)
	return nil
}
