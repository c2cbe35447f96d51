package machine

import (
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// Next returns what is to be done now. It never changes the folded state and returns each command once (see the package's
// documentation), except for [Park].
func Next(s *State) []Command {
	if s.status != live || s.out.ended {
		return nil
	}
	var cmds []Command
	if s.hard {
		return append(cmds, s.end())
	}
	for _, m := range take(&s.out.monitors) {
		s.out.inMon[m] = false
		cmds = s.nextMonitor(cmds, m)
	}
	for len(s.out.nodes) > 0 {
		for _, i := range take(&s.out.nodes) {
			s.out.in[i] &^= queued
			cmds = s.nextNode(cmds, i)
		}
	}
	for len(s.out.held) > 0 && s.room() {
		i := s.out.held[0]
		s.out.held = s.out.held[1:]
		cmds = s.nextNode(cmds, i)
	}
	for _, k := range take(&s.out.stages) {
		s.out.inStage[k] = false
		cmds = s.nextStage(cmds, k)
	}
	for e := range s.envs {
		cmds = s.nextLock(cmds, int32(e))
	}
	if s.finished() {
		return append(cmds, s.end())
	}
	if len(cmds) == 0 {
		if p, ok := s.park(); ok {
			return []Command{p}
		}
	}
	return cmds
}

func take(list *[]int32) []int32 {
	l := *list
	*list = nil
	return l
}

// room reports whether another attempt may start.
func (s *State) room() bool {
	return s.opt.Parallel <= 0 || s.flying+s.out.issued < int32(s.opt.Parallel)
}

// nextNode decides about the do of a node.
func (s *State) nextNode(cmds []Command, i int32) []Command {
	n, d := &s.nodes[i], &s.g.nodes[i]
	if n.do.phase.inFlight() {
		if s.stages[d.stage].phase == failing && d.n.Interruptible && s.out.in[i]&cancelSent == 0 {
			s.out.in[i] |= cancelSent
			cmds = append(cmds, CancelOp{
				Node: d.n.ID, Generation: int(n.do.gen), Attempt: int(n.do.attempt), Reason: s.reason(s.stages[d.stage].cause),
			})
		}
		return cmds
	}
	if s.out.in[i]&sent != 0 {
		return cmds
	}
	var c Command
	switch n.do.phase {
	case idle:
		if n.wait > 0 || !s.open(d.stage) {
			return cmds
		}
		return s.nextReady(cmds, i)
	case lookDue:
		if !s.locked(i) {
			return cmds
		}
		c = s.dispatch(i, false, true, "")
	case waiting:
		c = s.nextWaiting(i)
	case backoff:
		c = Wake{Kind: WakeRetry, Node: d.n.ID, Stage: d.n.Stage, Generation: int(n.do.gen), At: at(n.do.until)}
	case holding:
		c = Hold{
			Node: d.n.ID, Generation: int(n.do.gen), For: time.Duration(d.n.Hold.For), Monitor: d.n.Hold.Monitor, Since: at(n.held),
		}
	}
	return s.send(cmds, i, c)
}

// send notes the one command of a node's phase.
func (s *State) send(cmds []Command, i int32, c Command) []Command {
	if c == nil {
		return cmds
	}
	s.out.in[i] |= sent
	return append(cmds, c)
}

// nextWaiting sets the timer of a question, or asks a gate again.
func (s *State) nextWaiting(i int32) Command {
	n, d := &s.nodes[i], &s.g.nodes[i]
	if d.op == plan.OpGate {
		return AskGate{Node: d.n.ID, At: at(n.do.until)}
	}
	if q := s.approvals[i]; q != nil && !q.expires.IsZero() {
		return Wake{Kind: WakeExpiry, Node: d.n.ID, Stage: d.n.Stage, Generation: int(n.do.gen), At: q.expires}
	}
	return nil
}

// nextReady decides about a node whose needs are satisfied.
func (s *State) nextReady(cmds []Command, i int32) []Command {
	n, d := &s.nodes[i], &s.g.nodes[i]
	gen := int(n.do.gen)
	switch d.op {
	case plan.OpGate:
		return s.send(cmds, i, AskGate{Node: d.n.ID})
	case plan.OpApprove:
		return s.send(cmds, i, RequestApproval{
			Node: d.n.ID, Generation: gen, Subject: s.subject(i), Expires: time.Duration(d.n.Do.Approve.Expires),
		})
	}
	subject, ok := s.covered(i)
	if !ok {
		return cmds
	}
	cmds, blocked := s.nextVerdict(cmds, i)
	if blocked {
		return cmds
	}
	cmds, blocked = s.nextWatch(cmds, i)
	if blocked {
		return cmds
	}
	if d.op == plan.OpHold {
		h := Hold{Node: d.n.ID, Generation: gen, Since: at(n.do.since)}
		if d.n.Hold != nil {
			h.For, h.Monitor = time.Duration(d.n.Hold.For), d.n.Hold.Monitor
		}
		return s.send(cmds, i, h)
	}
	if d.op == plan.OpRetire && d.n.Do.Retire.After > 0 && !n.kept {
		return s.send(cmds, i, Wake{
			Kind: WakeKeep, Node: d.n.ID, Stage: d.n.Stage, Generation: gen, At: at(n.do.since).Add(time.Duration(d.n.Do.Retire.After)),
		})
	}
	if !s.locked(i) {
		return cmds
	}
	if !s.room() {
		s.out.held = append(s.out.held, i)
		return cmds
	}
	return s.send(cmds, i, s.dispatch(i, false, false, subject))
}

// dispatch makes the next attempt of a node's do or undo.
func (s *State) dispatch(i int32, undo, look bool, subject string) Dispatch {
	d := &s.g.nodes[i]
	sd := s.side(i, undo)
	c := Dispatch{
		Node: d.n.ID, Stage: d.n.Stage, Undo: undo, Generation: int(sd.gen), Attempt: int(sd.attempt) + 1,
		Key: s.key(i, undo, sd.gen), Recover: look, Do: &d.n.Do, Timeout: time.Duration(d.n.Timeout), Subject: subject,
	}
	if undo {
		c.Do = d.n.Undo
	}
	if d.env != none {
		c.Env, c.Fence = s.g.envs[d.env].name, s.envs[d.env].fence
	}
	if p, ok := s.priors[d.snap]; ok && d.snap != none {
		c.Prior = &p
	}
	s.out.issued++
	return c
}

// nextStage sets a stage's timer, and undoes it step by step.
func (s *State) nextStage(cmds []Command, k int32) []Command {
	st, d := &s.stages[k], &s.g.stages[k]
	if st.phase == active && d.s.Timeout > 0 && !s.out.timer[k] {
		s.out.timer[k] = true
		cmds = append(cmds, Wake{Kind: WakeStage, Stage: d.s.Name, At: at(st.began).Add(time.Duration(d.s.Timeout))})
	}
	if st.phase != undoing || st.cursor == 0 {
		return cmds
	}
	i := st.order[st.cursor-1]
	u := &s.nodes[i].undo
	if s.out.in[i]&sentUndo != 0 {
		return cmds
	}
	var c Command
	switch u.phase {
	case idle:
		if !s.locked(i) {
			return cmds
		}
		c = s.dispatch(i, true, false, "")
	case backoff:
		c = Wake{Kind: WakeRetry, Node: s.g.nodes[i].n.ID, Stage: d.s.Name, Undo: true, Generation: int(u.gen), At: at(u.until)}
	default:
		return cmds
	}
	s.out.in[i] |= sentUndo
	return append(cmds, c)
}

// reason is what a cause says, in a word for whoever is interrupted.
func (s *State) reason(cause int32) string {
	if cause == none {
		return "the stage has failed"
	}
	return s.causes[cause].Message
}
