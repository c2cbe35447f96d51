package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// RefOf names a workload in an environment.
func RefOf(workload, env string) Ref { return Ref(workload + "@" + env) }

// Split returns the workload and the environment of a ref.
func (r Ref) Split() (workload, env string) {
	workload, env, _ = strings.Cut(string(r), "@")
	return workload, env
}

// Workload returns the workload that the instruction works on, if it works on one.
func (d Do) Workload() (Ref, bool) {
	switch {
	case d.Snapshot != nil:
		return d.Snapshot.Workload, true
	case d.Preview != nil:
		return d.Preview.Workload, true
	case d.Stage != nil:
		return d.Stage.Workload, true
	case d.Unstage != nil:
		return d.Unstage.Workload, true
	case d.Shift != nil:
		return d.Shift.Workload, true
	case d.Commit != nil:
		return d.Commit.Workload, true
	case d.Restore != nil:
		return d.Restore.Workload, true
	case d.Retire != nil:
		return d.Retire.Workload, true
	case d.Apply != nil:
		return d.Apply.Workload, true
	case d.Hold != nil:
		return d.Hold.Workload, d.Hold.Workload != ""
	case d.VerifyArtifact != nil:
		return d.VerifyArtifact.Workload, d.VerifyArtifact.Workload != ""
	}
	return "", false
}

// NodeByID returns a node, or nil. It searches; whoever asks often builds an index.
func (p *Plan) NodeByID(id NodeID) *Node {
	i := slices.IndexFunc(p.Nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		return nil
	}
	return &p.Nodes[i]
}

// StageByName returns a stage, or nil.
func (p *Plan) StageByName(name string) *Stage {
	i := slices.IndexFunc(p.Stages, func(s Stage) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Stages[i]
}

// Closure returns the stages that are needed to run the given ones, themselves included, in the plan's order, and the
// names that the plan doesn't have, sorted.
func (p *Plan) Closure(names []string) (closed, unknown []string) {
	want := map[string]bool{}
	for _, n := range names {
		want[n] = true
	}
	for i := len(p.Stages) - 1; i >= 0; i-- {
		s := &p.Stages[i]
		if !want[s.Name] {
			continue
		}
		closed = append(closed, s.Name)
		for _, need := range s.Needs {
			want[need] = true
		}
	}
	slices.Reverse(closed)
	for _, n := range names {
		if p.StageByName(n) == nil {
			unknown = append(unknown, n)
		}
	}
	slices.Sort(unknown)
	return closed, slices.Compact(unknown)
}

// Writes returns the environments that a stage changes, by their places, sorted: those whose lock its nodes take.
func (p *Plan) Writes(stage string) []Place {
	var out []Place
	for _, n := range p.Nodes {
		if n.Stage == stage && n.Lock != "" {
			out = append(out, p.Envs[n.Lock].Place)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
