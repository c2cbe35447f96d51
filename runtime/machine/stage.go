package machine

import (
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// begin marks the stage of node i as begun.
func (s *State) begin(i int32) { s.beginStage(s.g.nodes[i].stage) }

func (s *State) beginStage(k int32) {
	st := &s.stages[k]
	if st.phase != pending {
		return
	}
	st.phase, st.began = active, s.clock()
	s.unbegun--
	s.busy++
	s.out.touchStage(k)
}

// ready looks at a node whose needs are satisfied: it is skipped when its branch isn't taken, else it is up to Next.
func (s *State) ready(i int32) {
	n := &s.nodes[i]
	if n.do.phase != idle || n.wait > 0 {
		return
	}
	if st := &s.stages[s.g.nodes[i].stage]; st.phase != pending && st.phase != active {
		return
	}
	n.do.since = s.clock()
	if !s.branchTaken(s.g.nodes[i].n.When, s.g.nodes[i].when) {
		s.finish(i, skipped)
		return
	}
	s.out.touch(i)
}

// branchTaken evaluates the condition of a first-deploy branch; a snapshot that didn't run takes neither.
func (s *State) branchTaken(w *plan.When, snap int32) bool {
	if w == nil {
		return true
	}
	p, ok := s.priors[snap]
	return ok && p.Absent == w.Absent
}

// finish gives the do of node i its final phase, and lets follow what waited for it.
func (s *State) finish(i int32, p phase) {
	type todo struct {
		i int32
		p phase
	}
	for list := []todo{{i, p}}; len(list) > 0; {
		x := list[len(list)-1]
		list = list[:len(list)-1]
		n := &s.nodes[x.i]
		if n.do.phase.final() {
			continue
		}
		n.do.phase, n.do.since = x.p, s.clock()
		s.out.answered(x.i, false)
		k := s.g.nodes[x.i].stage
		s.closed(k, x.i)
		if x.p != done {
			for _, m := range s.g.closes[x.i] {
				s.mustClose(m)
			}
		}
		if x.p != done && x.p != skipped {
			continue
		}
		for _, d := range s.g.dependents(x.i) {
			m := &s.nodes[d]
			m.wait--
			if m.wait > 0 || m.do.phase != idle {
				continue
			}
			st := &s.stages[s.g.nodes[d].stage]
			if st.phase != pending && st.phase != active {
				continue
			}
			m.do.since = s.clock()
			if s.status != unstarted && !s.branchTaken(s.g.nodes[d].n.When, s.g.nodes[d].when) {
				list = append(list, todo{d, skipped})
				continue
			}
			s.out.touch(d)
		}
	}
}

// closed counts a node of stage k as final.
func (s *State) closed(k, i int32) {
	st := &s.stages[k]
	st.open--
	if s.g.nodes[i].op != plan.OpRetire {
		st.main--
	}
	if st.open > 0 {
		return
	}
	switch st.phase {
	case pending:
		s.unbegun--
		s.settle(k, unneeded)
	case active:
		s.busy--
		s.settle(k, over)
	}
}

// settle gives a stage its final phase and lets go of what it kept others from.
func (s *State) settle(k int32, p stagePhase) {
	st := &s.stages[k]
	st.phase = p
	for _, u := range s.g.stages[k].undoes {
		s.stages[u].rollers--
		s.unpin(u)
	}
	s.unpin(k)
	s.out.touchStage(k)
	for _, m := range s.g.stages[k].monitors {
		s.out.touchMonitor(m)
	}
	s.rollNext()
}

// unsettle takes a final phase back: one of the stage's approvals or gates was reopened, or it is rolled back.
func (s *State) unsettle(k int32, p stagePhase) {
	st := &s.stages[k]
	st.phase = p
	s.busy++
	for _, u := range s.g.stages[k].undoes {
		s.stages[u].rollers++
	}
}

// pin keeps the locks of stage k until nothing can roll it back any more.
func (s *State) pin(k int32) {
	st := &s.stages[k]
	if st.pinned {
		return
	}
	st.pinned = true
	for _, e := range s.g.stages[k].envs {
		s.envs[e].pins++
	}
}

func (s *State) unpin(k int32) {
	st := &s.stages[k]
	if !st.pinned || !st.phase.final() || st.rollers > 0 || st.asked {
		return
	}
	st.pinned = false
	for _, e := range s.g.stages[k].envs {
		s.envs[e].pins--
	}
}

// addCause records a root cause.
func (s *State) addCause(c event.Cause) int32 {
	s.causes = append(s.causes, c)
	return int32(len(s.causes) - 1)
}
