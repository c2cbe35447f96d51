package machine

import (
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// nextVerdict has the monitors closed that node i closes. blocked says that i has to wait for a verdict, or for people.
func (s *State) nextVerdict(cmds []Command, i int32) (_ []Command, blocked bool) {
	if s.mutated(mutSkipMonitorClose) {
		return cmds, false
	}
	for _, m := range s.g.closes[i] {
		x, d := &s.monitors[m], &s.g.monitors[m]
		switch {
		case x.phase == monitorIdle || x.passed:
			continue
		case x.phase == monitorOpen && x.extended && !x.woke:
			cmds = s.send(cmds, i, Hold{
				Node: d.m.Closes, Generation: int(s.nodes[i].do.gen), For: time.Duration(d.m.Judge.HoldMore), Monitor: d.m.ID, Since: at(x.since),
			})
		case x.phase == monitorOpen && s.out.mon[m]&sentClose == 0 && s.out.mon[m]&isOpen != 0:
			s.out.mon[m] |= sentClose
			cmds = append(cmds, CloseMonitor{
				Monitor: d.m.ID, MayExtend: d.m.Judge.Inconclusive == "hold" && d.m.Judge.HoldMore > 0 && !x.extended,
			})
		case x.phase == monitorClosed && x.asked == nil && !x.must:
			cmds = s.send(cmds, i, RequestApproval{
				Node: d.m.Closes, Generation: int(s.nodes[i].do.gen), Subject: s.subject(i), Expires: s.opt.AskExpires, Monitor: d.m.ID,
			})
		case x.phase == monitorClosed && x.asked != nil && !x.asked.expires.IsZero():
			cmds = s.send(cmds, i, Wake{
				Kind: WakeExpiry, Node: d.m.Closes, Stage: s.g.nodes[i].n.Stage, Generation: int(s.nodes[i].do.gen), At: x.asked.expires,
			})
		}
		blocked = true
	}
	return cmds, blocked
}

// nextWatch has the monitors opened that node i opens. blocked says that i has to wait until they watch.
func (s *State) nextWatch(cmds []Command, i int32) (_ []Command, blocked bool) {
	for _, m := range s.g.opens[i] {
		x, d := &s.monitors[m], &s.g.monitors[m]
		if x.phase != monitorIdle || !s.branchTaken(d.m.When, d.when) {
			continue
		}
		blocked = true
		if s.out.mon[m]&sentOpen == 0 {
			s.out.mon[m] |= sentOpen
			cmds = append(cmds, OpenMonitor{Monitor: d.m.ID})
		}
	}
	return cmds, blocked
}

// nextMonitor reopens what was watching before a resume, and closes what nothing depends on any more.
func (s *State) nextMonitor(cmds []Command, m int32) []Command {
	x, d := &s.monitors[m], &s.g.monitors[m]
	if x.phase != monitorOpen {
		return cmds
	}
	gone := s.stages[d.stage].phase.final() && s.nodes[d.closes].do.phase.final()
	if x.must || gone {
		if s.out.mon[m]&sentClose == 0 {
			s.out.mon[m] |= sentClose
			cmds = append(cmds, CloseMonitor{Monitor: d.m.ID})
		}
		return cmds
	}
	if s.out.mon[m]&(isOpen|sentOpen) == 0 {
		s.out.mon[m] |= sentOpen
		cmds = append(cmds, OpenMonitor{Monitor: d.m.ID})
	}
	return cmds
}

// locked reports whether node i may write: it needs no lock, or the run holds it. Else the lock is wanted.
func (s *State) locked(i int32) bool {
	e := s.g.nodes[i].env
	if e == none || s.mutated(mutNoLock) {
		return true
	}
	s.out.want(e, i)
	return s.envs[e].phase == lockHeld && !s.out.unlock[e]
}

// wants reports whether something is about to be dispatched, or has been issued, under the lock of e.
func (s *State) wants(e int32) bool {
	for i := range s.out.wants[e] {
		n, st := &s.nodes[i], &s.stages[s.g.nodes[i].stage]
		due := n.do.phase == lookDue || n.do.phase == idle && n.wait == 0 && s.open(s.g.nodes[i].stage)
		undo := st.phase == undoing && st.cursor > 0 && st.order[st.cursor-1] == i && n.undo.phase == idle
		if due || undo {
			return true
		}
		delete(s.out.wants[e], i)
	}
	return false
}

// nextLock acquires and gives back an environment's lock.
func (s *State) nextLock(cmds []Command, e int32) []Command {
	v, d := &s.envs[e], &s.g.envs[e]
	pins := v.pins
	if s.mutated(mutReleaseUnsettled) && s.stucks > 0 {
		pins = 0
	}
	if v.phase == lockHeld && pins > 0 || v.phase == lockFree && len(s.out.wants[e]) == 0 {
		return cmds
	}
	needed := s.wants(e)
	switch {
	case v.phase != lockHeld && (needed || v.phase == lockUnsure && pins > 0):
		if !s.out.lock[e] && !s.out.unlock[e] && !s.mutated(mutNoLock) {
			s.out.lock[e] = true
			cmds = append(cmds, AcquireLock{Env: d.name, Place: d.place})
		}
	case v.phase != lockFree && !needed && pins == 0:
		if !s.out.unlock[e] && !s.out.lock[e] {
			s.out.unlock[e] = true
			cmds = append(cmds, ReleaseLock{Env: d.name, Place: d.place, Fence: v.fence})
		}
	}
	return cmds
}

// park reports whether all that is left waits for people, windows or time.
func (s *State) park() (Park, bool) {
	if s.flying > 0 || s.out.issued > 0 || s.watching > 0 {
		return Park{}, false
	}
	for e := range s.envs {
		if s.out.lock[e] || s.out.unlock[e] {
			return Park{}, false
		}
	}
	var p Park
	due := func(n int64) {
		if t := at(n); n != 0 && (p.Until.IsZero() || t.Before(p.Until)) {
			p.Until = t
		}
	}
	for i := range s.nodes {
		n, d := &s.nodes[i], &s.g.nodes[i]
		switch {
		case n.do.phase == backoff, n.do.phase == lookDue, n.undo.phase == backoff:
			return Park{}, false
		case n.do.phase == waiting && d.op == plan.OpGate:
			due(n.do.until)
		case n.do.phase == waiting:
			if q := s.approvals[int32(i)]; !q.expires.IsZero() {
				due(nanos(q.expires))
			}
		case n.do.phase == holding:
			due(n.held + int64(d.n.Hold.For))
		case n.do.phase != idle || n.wait > 0 || !s.open(d.stage) || s.out.in[i]&sent == 0:
			continue
		case d.op == plan.OpRetire:
			due(n.do.since + int64(d.n.Do.Retire.After))
		case d.op == plan.OpHold && d.n.Hold != nil:
			due(n.do.since + int64(d.n.Hold.For))
		case s.askingMonitor(int32(i)) == none: // a first answer of a gate is on its way
			return Park{}, false
		}
		p.Waiting = append(p.Waiting, d.n.ID)
	}
	for e := range s.envs {
		if s.envs[e].phase == lockHeld {
			p.Locks = append(p.Locks, s.g.envs[e].name)
		}
	}
	p.Reason = s.parkReason(p.Waiting)
	return p, len(p.Waiting) > 0
}

// parkReason says for what the run waits, by the first node.
func (s *State) parkReason(waiting []plan.NodeID) string {
	if len(waiting) == 0 {
		return ""
	}
	switch s.g.nodes[s.g.index[waiting[0]]].op {
	case plan.OpApprove:
		return "waits for an approval"
	case plan.OpGate:
		return "waits for a gate"
	case plan.OpRetire:
		return "keeps the old version"
	case plan.OpHold:
		return "holds"
	}
	return "waits"
}
