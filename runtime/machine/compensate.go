package machine

import (
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
)

// undoNext moves on to the latest effect of stage k that is still to be undone; when there is none the stage is undone.
func (s *State) undoNext(k int32) {
	st := &s.stages[k]
	if s.mutated(mutSwapUndo) && st.cursor == int32(len(st.order)) {
		for a, b := 0, len(st.order)-1; a < b; a, b = a+1, b-1 {
			st.order[a], st.order[b] = st.order[b], st.order[a]
		}
	}
	for ; st.cursor > 0; st.cursor-- {
		i := st.order[st.cursor-1]
		if s.g.nodes[i].n.Undo != nil && !s.forgets(k, i) {
			u := &s.nodes[i].undo
			*u = side{gen: u.gen, attempt: u.attempt, since: s.clock()}
			s.out.answered(i, true)
			s.out.touchStage(k)
			if s.lockGone(i) {
				s.stick(k, event.Cause{
					Node: s.g.nodes[i].n.ID, Stage: s.g.nodes[i].n.Stage,
					Message: "can't be undone: the environment's lock was taken away",
				})
			}
			return
		}
	}
	st.asked = false
	s.busy--
	s.settle(k, undone)
}

// forgets are the seeded mistakes of compensation.
func (s *State) forgets(k, i int32) bool {
	st := &s.stages[k]
	return s.mutated(mutDropUndo) && st.cursor == int32(len(st.order)) ||
		s.mutated(mutForgetTimedOut) && s.nodes[i].do.phase == failed
}

// undoAnswered decides after an attempt to undo: it is tried again within its bounds, whatever the failure was, since it
// looks at the world and may be repeated.
func (s *State) undoAnswered(i int32, x answer) {
	n, k := &s.nodes[i], s.g.nodes[i].stage
	st := &s.stages[k]
	if x.ok || x.seen == event.EffectDone {
		n.undo.phase = done
		st.undid = true
		s.undos++
		st.cursor--
		s.undoNext(k)
		return
	}
	if int(n.undo.tries) < s.opt.UndoAttempts && !s.lockGone(i) {
		first := max(time.Duration(s.g.nodes[i].n.Retry.Backoff), s.opt.UndoBackoff)
		n.undo.phase, n.undo.since = backoff, s.clock()
		n.undo.until = nanos(s.now.Add(doubled(first, int(n.undo.tries), time.Minute)))
		return
	}
	s.stick(k, event.Cause{
		Node: s.g.nodes[i].n.ID, Stage: s.g.nodes[i].n.Stage,
		Message: "could not be undone: " + x.failure.Message, Fix: x.failure.Fix,
	})
}

// stick gives up on undoing a stage until the run is resumed; until then its cause is the headline.
func (s *State) stick(k int32, c event.Cause) {
	st := &s.stages[k]
	if s.mutated(mutSettledAnyway) {
		st.asked = false
		s.busy--
		s.settle(k, undone)
		return
	}
	n := s.nodes[st.order[st.cursor-1]].undo.phase
	if n.inFlight() {
		return
	}
	s.nodes[st.order[st.cursor-1]].undo.phase = failed
	st.phase = stuck
	s.busy--
	s.stucks++
	s.sticking = append(s.sticking, c)
}

// stand ends node i, from which there is no way back, where nobody knows how far it came. Nothing before it may be undone
// now: the run ends unsettled, and resuming it runs the node again.
func (s *State) stand(i int32, c event.Cause) {
	k := s.g.nodes[i].stage
	c.Node, c.Stage = s.g.nodes[i].n.ID, s.g.nodes[i].n.Stage
	cause := s.addCause(c)
	s.nodes[i].do.phase, s.nodes[i].do.since = failed, s.clock()
	s.stages[k].forward = true
	s.failStage(k, cause)
	s.dropDependents(i, cause)
	s.closed(k, i)
	s.drained(k)
}

// goForward runs the nodes again that a stage stands at.
func (s *State) goForward(k int32) {
	st := &s.stages[k]
	st.forward, st.phase, st.began = false, active, s.clock() // its time begins anew
	for _, i := range s.g.stages[k].nodes {
		if n := &s.nodes[i]; s.g.nodes[i].oneWay && n.do.phase == failed {
			n.do = side{gen: n.do.gen + 1, attempt: n.do.attempt, since: s.clock()}
			st.open++
			st.main++
		}
	}
}

// ask has stage u rolled back because another one failed: at once when it has work left to do, else when everything
// has come to rest.
func (s *State) ask(u, cause int32) {
	st := &s.stages[u]
	if st.asked || s.mutated(mutForgetRollback) {
		return
	}
	switch st.phase {
	case active:
		if st.main > 0 {
			s.failStage(u, cause)
			return
		}
		st.asked = true
		for _, i := range s.g.stages[u].nodes {
			s.drop(i, cause) // what is left is to retire the version that is needed again
		}
	case over:
		st.asked = st.undoable(s, u)
	}
	s.rollNext()
}

func (st *stage) undoable(s *State, k int32) bool {
	for _, i := range st.order {
		if s.g.nodes[i].n.Undo != nil {
			return true
		}
	}
	return false
}

// rollNext begins to roll back the latest of the stages that were asked to, once nothing else is going on. One that is
// stuck keeps those before it from being touched: they may be what it stands on.
func (s *State) rollNext() {
	if s.busy > 0 || s.stucks > 0 {
		return
	}
	for k := int32(len(s.stages)) - 1; k >= 0; k-- {
		st := &s.stages[k]
		if !st.asked || st.phase != over {
			continue
		}
		s.unsettle(k, undoing)
		st.cursor = int32(len(st.order))
		s.undoNext(k)
		return
	}
}
