// Package timing says how long a plan takes: at least, because it holds and soaks, and at most, before its timeouts end it;
// and which stages that time is spent in, one after the other: the critical path.
//
// It takes a plan and nothing else. What a plan does while nobody knows how long (commands, people, closed gates) takes no
// time at least, and the time allowed for it at most.
package timing

import (
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// Path is a chain of stages, each waiting for the one before, that takes longer than any other.
type Path struct {
	Total  plan.Duration
	Stages []Stage
}

// Stage is one stage of a path.
type Stage struct {
	Name string
	// Time is what the stage adds to the path.
	Time plan.Duration
}

// Least is the time that a run needs where everything goes well and at once: its holds where a stable version exists, and
// its soaks. Stages that add nothing are left out.
func Least(p *plan.Plan) Path {
	where := make(map[plan.NodeID]int, len(p.Nodes))
	steps := make([]step, len(p.Nodes))
	live := map[string]int{} // the node that last made a version live, by environment
	for i := range p.Nodes {
		n := &p.Nodes[i]
		s := step{stage: n.Stage, from: -1}
		for _, need := range n.Needs {
			if j, known := where[need]; known {
				s.after(j, steps[j].end)
			}
		}
		if n.When == nil || !n.When.Absent {
			if n.Hold != nil {
				s.end += n.Hold.For
			}
			if g := n.Do.Gate; g != nil && g.Soak != nil {
				if j, known := live[g.Soak.Environment]; known {
					s.after(j, steps[j].end+g.Soak.For)
				}
			}
			if n.Do.Commit != nil || n.Do.Apply != nil {
				live[n.Lock] = i
			}
		}
		steps[i], where[n.ID] = s, i
	}
	return longest(steps)
}

// Most is the time after which a run has ended one way or another, rollbacks apart: every stage takes as long as it may.
func Most(p *plan.Plan) Path {
	where := make(map[string]int, len(p.Stages))
	steps := make([]step, len(p.Stages))
	for i, st := range p.Stages {
		s := step{stage: st.Name, from: -1}
		for _, need := range st.Needs {
			if j, known := where[need]; known {
				s.after(j, steps[j].end)
			}
		}
		s.end += st.Timeout
		steps[i], where[st.Name] = s, i
	}
	return longest(steps)
}

// step is a node or a stage with when it ends, and the one that it waits for longest; -1 for none.
type step struct {
	stage string
	end   plan.Duration
	from  int
}

// after lets the step end no earlier than at a time that step j decides. Of several it is the first.
func (s *step) after(j int, end plan.Duration) {
	if s.from < 0 || end > s.end {
		s.from, s.end = j, max(end, s.end)
	}
}

// longest walks back from the step that ends last.
func longest(steps []step) Path {
	last := -1
	for i, s := range steps {
		if last < 0 || s.end > steps[last].end {
			last = i
		}
	}
	var out Path
	for i := last; i >= 0; i = steps[i].from {
		begin := plan.Duration(0)
		if from := steps[i].from; from >= 0 {
			begin = steps[from].end
		}
		time := steps[i].end - begin
		out.Total += time
		if n := len(out.Stages); n > 0 && out.Stages[n-1].Name == steps[i].stage {
			out.Stages[n-1].Time += time
		} else if time > 0 {
			out.Stages = append(out.Stages, Stage{steps[i].stage, time})
		}
	}
	slices.Reverse(out.Stages)
	return out
}
