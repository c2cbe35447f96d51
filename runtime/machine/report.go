package machine

import (
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// finished reports whether nothing is left to do but to say how it ended.
func (s *State) finished() bool {
	if s.flying > 0 || s.out.issued > 0 || s.busy > 0 || s.unbegun > 0 || s.watching > 0 {
		return false
	}
	for e := range s.envs {
		if s.envs[e].phase != lockFree && (s.envs[e].pins == 0 || s.envs[e].phase == lockUnsure) {
			return false
		}
	}
	return true
}

// end is the last command: the outcome, and what caused it.
func (s *State) end() Command {
	s.out.ended = true
	return End{Outcome: s.judgeOutcome(), Causes: s.Causes()}
}

func (s *State) judgeOutcome() event.Outcome {
	unsettled := s.stucks > 0
	if s.hard {
		for k := range s.stages {
			st := &s.stages[k]
			unsettled = unsettled || st.acted && !st.phase.final() || st.asked || st.flying > 0
		}
		for e := range s.envs { // there is no time to give them back
			unsettled = unsettled || s.envs[e].phase != lockFree
		}
	}
	switch {
	case unsettled:
		return event.Unsettled
	case s.abort != nil && (len(s.causes) > 0 || s.hard):
		return event.Aborted
	case len(s.causes) == 0:
		return event.Succeeded
	case s.undos > 0:
		return event.RolledBack
	}
	return event.Failed
}

// NodeStatus is what became of a node, in one word for people and views.
type NodeStatus string

// The statuses of nodes.
const (
	NodePending   NodeStatus = "pending"
	NodeWaiting   NodeStatus = "waiting"
	NodeRunning   NodeStatus = "running"
	NodeLooking   NodeStatus = "looking"
	NodeRetrying  NodeStatus = "retrying"
	NodeHolding   NodeStatus = "holding"
	NodeDone      NodeStatus = "done"
	NodeSkipped   NodeStatus = "skipped"
	NodeDropped   NodeStatus = "dropped"
	NodeFailed    NodeStatus = "failed"
	NodeCancelled NodeStatus = "cancelled"
	NodeUndoing   NodeStatus = "undoing"
	NodeUndone    NodeStatus = "undone"
	NodeStuck     NodeStatus = "stuck"
)

// NodeView is a node as views show it.
type NodeView struct {
	ID     plan.NodeID
	Stage  string
	Status NodeStatus
	// Attempts counts those of the current generation, of the undo once that has begun.
	Attempts int
	// Because is the root cause for which a dropped node didn't run.
	Because *event.Cause
}

// StageView is a stage as views show it. Status is "pending", "active", "failing", "undoing", "stuck", "done", "undone" or
// "skipped".
type StageView struct {
	Name   string
	Status string
	// Cause is why it failed, nil if it didn't.
	Cause *event.Cause
}

var sideStatus = [...]NodeStatus{
	idle: NodePending, waiting: NodeWaiting, running: NodeRunning, lookDue: NodeLooking, looking: NodeLooking, backoff: NodeRetrying,
	holding: NodeHolding, done: NodeDone, skipped: NodeSkipped, dropped: NodeDropped, failed: NodeFailed, cancelled: NodeCancelled,
}

// Node returns what became of a node so far.
func (s *State) Node(id plan.NodeID) (NodeView, bool) {
	i, ok := s.g.index[id]
	if !ok {
		return NodeView{}, false
	}
	n := &s.nodes[i]
	v := NodeView{ID: id, Stage: s.g.nodes[i].n.Stage, Status: sideStatus[n.do.phase], Attempts: int(n.do.attempt)}
	v.Because = s.cause(n.because)
	st := &s.stages[s.g.nodes[i].stage]
	current := st.phase == undoing && st.cursor > 0 && st.order[st.cursor-1] == i
	switch {
	case n.undo.phase == done:
		v.Status, v.Attempts = NodeUndone, int(n.undo.attempt)
	case n.undo.phase == failed:
		v.Status, v.Attempts = NodeStuck, int(n.undo.attempt)
	case current:
		v.Status, v.Attempts = NodeUndoing, int(n.undo.attempt)
	}
	return v, true
}

// Nodes returns all nodes in the plan's order.
func (s *State) Nodes() []NodeView {
	out := make([]NodeView, len(s.nodes))
	for i := range s.nodes {
		out[i], _ = s.Node(s.g.nodes[i].n.ID)
	}
	return out
}

// Stages returns all stages in the plan's order.
func (s *State) Stages() []StageView {
	out := make([]StageView, len(s.stages))
	words := [...]string{
		pending: "pending", active: "active", failing: "failing", undoing: "undoing", stuck: "stuck", over: "done", undone: "undone", unneeded: "skipped",
	}
	for k := range s.stages {
		out[k] = StageView{Name: s.g.stages[k].s.Name, Status: words[s.stages[k].phase], Cause: s.cause(s.stages[k].cause)}
	}
	return out
}

// Causes are the root causes so far; what keeps the run from being settled comes first.
func (s *State) Causes() []event.Cause {
	out := slices.Clone(s.sticking)
	first := map[int32]bool{}
	for k := range s.stages {
		if st := &s.stages[k]; st.phase == stuck && st.forward && st.cause != none {
			first[st.cause] = true
		}
	}
	for _, want := range []bool{true, false} {
		for i, c := range s.causes {
			if first[int32(i)] == want {
				out = append(out, c)
			}
		}
	}
	return out
}

func (s *State) cause(i int32) *event.Cause {
	if i == none || int(i) >= len(s.causes) {
		return nil
	}
	c := s.causes[i]
	return &c
}
