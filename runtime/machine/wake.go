package machine

import (
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// foldWoke ends a wait: a back-off, a hold, or one before a node's own effect. A timer whose reason is gone is ignored.
func (s *State) foldWoke(e event.Event, i int32) error {
	n, d := &s.nodes[i], &s.g.nodes[i]
	sd := s.side(i, e.Undo)
	if e.Generation > int(sd.gen) {
		return illegal(e, "generation %d hasn't begun", e.Generation)
	}
	if e.Generation != int(sd.gen) {
		return nil
	}
	switch {
	case e.Undo && sd.phase == backoff:
		sd.phase = idle
	case e.Undo:
		return nil
	case sd.phase == backoff && sd.look:
		sd.phase = lookDue
	case sd.phase == backoff:
		sd.phase = idle
	case sd.phase == holding:
		s.finish(i, done)
	case sd.phase == idle && n.wait == 0 && s.open(d.stage):
		s.wokeIdle(i)
	default:
		return nil
	}
	s.out.answered(i, e.Undo)
	if e.Undo {
		s.out.touchStage(d.stage)
	}
	return nil
}

// wokeIdle is the end of a wait before a node's own effect: the longer watch of a monitor that it closes, the time for
// which an old version is kept, or a hold that is all the node does.
func (s *State) wokeIdle(i int32) {
	for _, m := range s.g.closes[i] {
		if x := &s.monitors[m]; x.phase == monitorOpen && x.extended && !x.woke {
			x.woke = true
			return
		}
	}
	switch s.g.nodes[i].op {
	case plan.OpRetire:
		s.nodes[i].kept = true
	case plan.OpHold:
		s.begin(i)
		s.finish(i, done)
	}
}

// open reports whether nodes of the stage may begin.
func (s *State) open(k int32) bool {
	return s.stages[k].phase == active || s.stages[k].phase == pending && !s.stopping
}
