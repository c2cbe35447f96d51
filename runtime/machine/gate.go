package machine

import (
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// gateEvery is how often a gate is asked that names no interval.
const gateEvery = time.Minute

func (s *State) foldGate(e event.Event, i int32) error {
	n, d := &s.nodes[i], &s.g.nodes[i]
	if d.op != plan.OpGate {
		return illegal(e, "the node is no gate")
	}
	a, err := decode[event.GateAnswer](e.Data)
	if err != nil {
		return illegal(e, "payload: %v", err)
	}
	if e.Generation > int(n.do.gen) {
		return illegal(e, "generation %d hasn't begun", e.Generation)
	}
	asked := n.do.phase == waiting || n.do.phase == idle && n.wait == 0 && s.open(d.stage)
	if !asked || e.Generation != 0 && e.Generation != int(n.do.gen) {
		return nil
	}
	s.begin(i)
	if n.do.phase == idle {
		n.do.phase, n.do.since = waiting, s.clock()
	}
	limit := time.Duration(d.n.Timeout)
	switch {
	case a.Open:
		s.finish(i, done)
	case a.Never:
		s.fail(i, event.Cause{Message: "the gate cannot open: " + a.Reason})
	case limit > 0 && s.now.Sub(at(n.do.since)) >= limit:
		s.fail(i, event.Cause{Message: "the gate did not open within " + limit.String() + ": " + a.Reason})
	default:
		next := a.Next
		if !next.After(s.now) {
			every := time.Duration(d.n.Do.Gate.Every)
			if every <= 0 {
				every = gateEvery
			}
			next = s.now.Add(every)
		}
		n.do.until = nanos(next)
		if limit > 0 {
			n.do.until = min(n.do.until, nanos(at(n.do.since).Add(limit)))
		}
	}
	s.out.answered(i, false)
	return nil
}
