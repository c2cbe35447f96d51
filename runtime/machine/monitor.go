package machine

import (
	"strings"

	"github.com/penstock-dev/penstock/runtime/event"
)

// The verdicts of [event.Verdict].
const (
	verdictHarm         = "harm"
	verdictSafe         = "safe"
	verdictNoHarm       = "no-harm"
	verdictInconclusive = "inconclusive"
)

func (s *State) foldMonitor(e event.Event) error {
	m, ok := s.g.monIndex[e.Monitor]
	if !ok {
		return illegal(e, "unknown monitor %q", e.Monitor)
	}
	v, err := decode[event.Verdict](e.Data)
	if err != nil {
		return illegal(e, "payload: %v", err)
	}
	x, d := &s.monitors[m], &s.g.monitors[m]
	switch e.Type {
	case event.MonitorOpened:
		if x.phase == monitorClosed {
			return illegal(e, "the monitor is closed")
		}
		s.opened(m)
		s.out.mon[m] = s.out.mon[m]&^sentOpen | isOpen
	case event.MonitorVerdict:
		if x.phase != monitorOpen {
			return nil // a verdict that came while it was being closed
		}
		x.verdict = v.Verdict
		switch {
		case v.Verdict == verdictHarm:
			s.harm(m, v)
		case v.Verdict == verdictInconclusive && d.m.Judge.Inconclusive == "hold" && !x.extended && s.closing(m):
			x.extended, x.since = true, s.clock()
			s.out.mon[m] &^= sentClose
		}
	case event.MonitorClosed:
		if x.phase == monitorClosed {
			return illegal(e, "the monitor is closed already")
		}
		if x.phase == monitorOpen {
			s.watching--
		}
		x.phase, x.verdict = monitorClosed, v.Verdict
		s.out.mon[m] = 0
		s.judged(m, v)
	}
	s.out.touchMonitor(m)
	s.out.answered(d.opens, false)
	s.out.answered(d.closes, false)
	return nil
}

// opened marks the monitor as watching; what it watches is under way from then on.
func (s *State) opened(m int32) {
	x, d := &s.monitors[m], &s.g.monitors[m]
	if x.phase == monitorIdle {
		s.watching++
		x.since = s.clock()
	}
	x.phase = monitorOpen
	if s.open(s.g.nodes[d.opens].stage) {
		s.begin(d.opens)
		s.stages[s.g.nodes[d.opens].stage].acted = true
	}
	if k := s.g.nodes[d.opens].stage; s.stages[k].phase != active {
		x.must = true
	}
}

// closing reports whether the monitor's closing node is about to run.
func (s *State) closing(m int32) bool {
	i := s.g.monitors[m].closes
	return s.nodes[i].do.phase == idle && s.nodes[i].wait == 0 && s.open(s.g.nodes[i].stage)
}

// harm fails the monitor's stage; where that is over, the stage that would close it.
func (s *State) harm(m int32, v event.Verdict) {
	if s.mutated(mutIgnoreHarm) {
		s.monitors[m].passed = true
		return
	}
	d := &s.g.monitors[m]
	for _, k := range []int32{d.stage, s.g.nodes[d.closes].stage} {
		if s.open(k) {
			s.verdictFails(m, k, "harm: ", v)
			return
		}
	}
}

func (s *State) verdictFails(m, k int32, word string, v event.Verdict) {
	c := s.addCause(event.Cause{
		Monitor: s.g.monitors[m].m.ID, Stage: s.g.stages[k].s.Name,
		Message: strings.TrimSuffix(word+strings.Join(append(v.Explain, v.Findings...), "; "), ": "),
	})
	s.beginStage(k)
	s.failStage(k, c)
}

// judged folds a final verdict: go on, fail, or ask.
func (s *State) judged(m int32, v event.Verdict) {
	x, d := &s.monitors[m], &s.g.monitors[m]
	k := s.g.nodes[d.closes].stage
	if x.must || !s.open(k) {
		return
	}
	verdict := v.Verdict
	if verdict == verdictNoHarm && d.m.Judge.Require == "proven-safe" {
		verdict = verdictInconclusive
	}
	switch {
	case verdict == verdictHarm:
		s.harm(m, v)
	case verdict == verdictSafe, verdict == verdictNoHarm:
		x.passed = true
	case d.m.Judge.Inconclusive == "promote":
		x.passed = true
	case d.m.Judge.Inconclusive == "ask":
		// the closing node waits for an answer
	default:
		if !s.open(d.stage) {
			s.verdictFails(m, k, "inconclusive: ", v)
			return
		}
		s.verdictFails(m, d.stage, "inconclusive: ", v)
	}
}

// mustClose closes an open monitor whatever it says: nothing depends on its verdict any more.
func (s *State) mustClose(m int32) {
	if s.monitors[m].phase == monitorOpen {
		s.monitors[m].must = true
	}
	s.out.touchMonitor(m)
}
