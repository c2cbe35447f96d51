package simulate

import (
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
)

// decided returns the scripted decision of one of the kinds about a node or monitor.
func (s *sim) decided(on string, kinds ...Kind) (Fault, bool) {
	for _, f := range s.faults {
		for _, k := range kinds {
			if f.On == on && f.Kind == k {
				return f, true
			}
		}
	}
	return Fault{}, false
}

// request puts a question to people; they answer after a while, or never.
func (s *sim) request(c machine.RequestApproval) error {
	x := event.ApprovalRequest{Subject: c.Subject}
	if c.Expires > 0 {
		x.Expires = s.w.now.Add(c.Expires)
	}
	e := event.Event{Type: event.ApprovalRequested, Node: c.Node, Monitor: c.Monitor, Generation: c.Generation}
	if err := s.append(e.With(x)); err != nil {
		return err
	}
	s.decide(c.Node)
	return nil
}

// reask lets people answer what was asked before the process died.
func (s *sim) reask() error {
	for i := range s.p.Nodes {
		id := s.p.Nodes[i].ID
		if _, _, _, ok := s.st.Asked(id); ok {
			s.decide(id)
		}
	}
	return nil
}

// decide has people answer the question at a node, as the script says.
func (s *sim) decide(id plan.NodeID) {
	if _, ok := s.decided(string(id), Expire); ok {
		return
	}
	wait := answerTime
	for _, who := range people(s.p, s.nodes[id].Do.Approve) {
		s.after(wait, func() error {
			subject, _, _, ok := s.st.Asked(id)
			if !ok {
				return nil
			}
			e := event.Event{Type: event.ApprovalGiven, Node: id}
			a := event.Approval{By: who, Subject: subject}
			if _, no := s.decided(string(id), Reject); no {
				e.Type, a.Reason = event.ApprovalRejected, "not today"
			}
			if machine.CheckApproval(s.st, id, a, e.Type == event.ApprovalRejected, s.w.now) != nil {
				return nil
			}
			return s.append(e.With(a))
		})
		wait += time.Second
	}
}

// answerGate asks the scripted gate: open, unless it is closed for a number of times, or for good.
func (s *sim) answerGate(id plan.NodeID) error {
	s.asked[id]++
	a := event.GateAnswer{Open: true}
	if f, ok := s.decided(string(id), Closed); ok && s.asked[id] <= f.Arg {
		a = event.GateAnswer{Reason: "not yet"}
	}
	if _, ok := s.decided(string(id), Never); ok {
		a = event.GateAnswer{Reason: "never again", Never: true}
	}
	return s.append(event.Event{Type: event.GateAsked, Node: id}.With(a))
}

func tickOf(m *plan.Monitor) time.Duration {
	if t := time.Duration(m.Judge.Tick); t > 0 {
		return t
	}
	return defaultTick
}

// openJudge begins or goes on to judge; harm is proven at the scripted tick, counted over all processes.
func (s *sim) openJudge(id plan.MonitorID) error {
	m, j := s.mons[id], s.w.judges[id]
	if j.opened.IsZero() {
		j.opened = s.w.now
	}
	j.open, j.ended, j.closedBy = true, false, m.Closes
	if err := s.append(event.Event{Type: event.MonitorOpened, Monitor: id}); err != nil {
		return err
	}
	f, ok := s.decided(string(id), Harm)
	if !ok {
		return nil
	}
	s.schedule(j.opened.Add(time.Duration(f.Arg)*tickOf(m)), func() error {
		if j.ended || !j.open || j.harm {
			return nil
		}
		j.harm, j.harmSeq = true, uint64(len(s.journal))
		return s.append(event.Event{Type: event.MonitorVerdict, Monitor: id}.With(event.Verdict{
			Verdict: "harm", Explain: []string{"scripted harm"}, Ticks: f.Arg,
		}))
	})
	return nil
}

// closeJudge gives the final verdict.
func (s *sim) closeJudge(c machine.CloseMonitor) error {
	j, m := s.w.judges[c.Monitor], s.mons[c.Monitor]
	v := event.Verdict{Verdict: "no-harm", Ticks: int(s.w.now.Sub(j.opened) / tickOf(m))}
	if j.harm {
		v.Verdict = "harm"
	} else if f, ok := s.decided(string(c.Monitor), Safe, Inconclusive); ok {
		v.Verdict = string(f.Kind)
	}
	e := event.Event{Type: event.MonitorClosed, Monitor: c.Monitor}
	if v.Verdict == "inconclusive" && c.MayExtend {
		e.Type = event.MonitorVerdict
		return s.append(e.With(v))
	}
	j.open, j.ended = false, true
	return s.append(e.With(v))
}
