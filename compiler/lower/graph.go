package lower

import (
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/dag"
	"github.com/penstock-dev/penstock/schema"
)

// stages puts the user's stages into order: needs, and before the other way round.
func stages(l *lowering) error {
	g := dag.New[schema.StageName](len(l.p.Stages))
	for _, name := range sorted(l.p.Stages) {
		g.Add(name)
	}
	for _, name := range sorted(l.p.Stages) {
		for _, need := range l.p.Stages[name].Needs {
			if !g.Need(name, need) {
				return fmt.Errorf("stage %q needs unknown stage %q", name, need)
			}
		}
		for _, later := range l.p.Stages[name].Before {
			if !g.Need(later, name) {
				return fmt.Errorf("stage %q stands before unknown stage %q", name, later)
			}
		}
	}
	order, err := g.Order()
	if err != nil {
		return err
	}
	for at, i := range order {
		s := &stage{name: g.Name(i), path: source.Join("stages", string(g.Name(i))), src: l.p.Stages[g.Name(i)], index: at}
		s.out = plan.Stage{Name: string(s.name), Notify: notifications(s.src.Notify)}
		for _, n := range g.Needs(i) {
			s.out.Needs = append(s.out.Needs, string(g.Name(n)))
		}
		slices.Sort(s.out.Needs)
		if s.src.OnFailure != nil {
			s.out.Rollback = strs(s.src.OnFailure.Rollback)
			slices.Sort(s.out.Rollback)
			s.out.Rollback = slices.Compact(s.out.Rollback)
		}
		l.stages = append(l.stages, s)
		l.byName[s.name] = s
		l.paths[string(s.name)] = s.path
	}
	return nil
}

// link lets the first nodes of each stage wait for the last ones of those that it needs.
func link(l *lowering) error {
	for _, s := range l.stages {
		s.ends()
		var needs []plan.NodeID
		for _, n := range s.out.Needs {
			needs = append(needs, l.byName[schema.StageName(n)].last...)
		}
		for _, id := range s.first {
			l.nodes[id].Needs = append(l.nodes[id].Needs, needs...)
		}
	}
	return nil
}

// ends finds the first and the last nodes of a stage.
func (s *stage) ends() {
	own, used := map[plan.NodeID]bool{}, map[plan.NodeID]bool{}
	for _, n := range s.nodes {
		own[n.ID] = true
	}
	for _, n := range s.nodes {
		inside := false
		for _, need := range n.Needs {
			inside = inside || own[need]
			if n != s.retire {
				used[need] = true
			}
		}
		if !inside {
			s.first = append(s.first, n.ID)
		}
	}
	for _, n := range s.nodes {
		if n != s.retire && !used[n.ID] {
			s.last = append(s.last, n.ID)
		}
	}
}

// retirements keeps an old version for every stage that may still roll back to it.
func retirements(l *lowering) error {
	for _, s := range l.stages {
		for _, name := range s.out.Rollback {
			back, ok := l.byName[schema.StageName(name)]
			if !ok {
				return fmt.Errorf("stage %q rolls back unknown stage %q", s.name, name)
			}
			if back.retire != nil && back != s {
				back.retire.Needs = append(back.retire.Needs, s.last...)
			}
		}
	}
	return nil
}

// order writes nodes, stages and monitors into the plan: topologically, ties by name.
func order(l *lowering) error {
	g := dag.New[plan.NodeID](len(l.nodes))
	for _, s := range l.stages {
		for _, n := range s.nodes {
			g.Add(n.ID)
		}
	}
	for i := range g.Len() {
		n := l.nodes[g.Name(i)]
		slices.Sort(n.Needs)
		n.Needs = slices.Compact(n.Needs)
		for _, need := range n.Needs {
			if !g.Need(n.ID, need) {
				return fmt.Errorf("node %q needs unknown node %q", n.ID, need)
			}
		}
	}
	sequence, err := g.Order()
	if err != nil {
		return err
	}
	l.out.Nodes = make([]plan.Node, 0, len(sequence))
	for _, i := range sequence {
		n := l.nodes[g.Name(i)]
		l.out.Nodes = append(l.out.Nodes, *n)
		s := l.byName[schema.StageName(n.Stage)]
		s.out.Nodes = append(s.out.Nodes, n.ID)
	}
	for _, s := range l.stages {
		l.out.Stages = append(l.out.Stages, s.out)
		l.out.Monitors = append(l.out.Monitors, s.monitors...)
	}
	return nil
}
