package runtime

import (
	"fmt"
	"maps"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/store"
)

// surgery reduces a plan to what brings one environment back.
type surgery struct {
	p         *plan.Plan
	env       string
	emergency bool
}

func (s surgery) reduce(rel store.Release) (*plan.Plan, error) {
	stages := s.stages()
	if len(stages) == 0 {
		return nil, fmt.Errorf("the plan of release %s deploys nothing to %q", rel.ID, s.env)
	}
	keep := map[plan.NodeID]bool{}
	for i := range s.p.Nodes {
		n := &s.p.Nodes[i]
		keep[n.ID] = stages[n.Stage] && !(s.emergency && gradual(n)) && !soaks(n)
	}
	out := *s.p
	out.Nodes, out.Stages, out.Monitors = nil, nil, nil
	out.Workloads, out.Artifacts = map[plan.Ref]plan.Workload{}, map[string]plan.Artifact{}
	out.Inputs = maps.Clone(s.p.Inputs)
	if out.Inputs == nil {
		out.Inputs = map[string]string{}
	}
	out.Inputs[RollbackInput] = rel.ID
	s.keepNodes(&out, keep)
	s.keepStages(&out, stages, keep)
	for _, m := range s.p.Monitors {
		if keep[m.Opens] && keep[m.Closes] && !s.emergency {
			out.Monitors = append(out.Monitors, m)
		}
	}
	for name, a := range s.p.Artifacts {
		a.Producer, a.Digest = "", rel.Digests[name]
		if a.Digest == "" {
			if _, used := rel.Digests[name]; used || s.uses(&out, name) {
				return nil, fmt.Errorf("release %s has no artifact %q", rel.ID, name)
			}
			continue
		}
		out.Artifacts[name] = a
	}
	return &out, nil
}

// stages are those that deploy to the environment and, unless it is an emergency, the approvals on the way to them, the
// previews that these may have seen, and what verifies the deployment afterwards.
func (s surgery) stages() map[string]bool {
	keep := map[string]bool{}
	var deploys []string
	for _, st := range s.p.Stages {
		if st.Action == "deploy" && st.Environment == s.env {
			keep[st.Name] = true
			deploys = append(deploys, st.Name)
		}
	}
	if s.emergency || len(deploys) == 0 {
		return keep
	}
	closed, _ := s.p.Closure(deploys)
	for _, st := range s.p.Stages {
		switch st.Action {
		case "approve":
			keep[st.Name] = slices.Contains(closed, st.Name)
		case "preview":
			keep[st.Name] = st.Environment == s.env && slices.Contains(closed, st.Name)
		case "verify":
			before, _ := s.p.Closure([]string{st.Name})
			keep[st.Name] = st.Environment == s.env && slices.ContainsFunc(deploys, func(d string) bool { return slices.Contains(before, d) })
		}
	}
	return keep
}

// soaks is true of gates that wait for a release to have run long enough elsewhere. It has run right here, and elsewhere
// something newer runs by now: the gate would never open.
func soaks(n *plan.Node) bool { return n.Do.Gate != nil && n.Do.Gate.Soak != nil }

// gradual are the nodes that an emergency leaves out.
func gradual(n *plan.Node) bool {
	switch n.Do.Op() {
	case plan.OpVerifyArtifact, plan.OpSnapshot, plan.OpStage, plan.OpCommit, plan.OpRetire:
		return false
	}
	return true
}

func (s surgery) keepNodes(out *plan.Plan, keep map[plan.NodeID]bool) {
	needs := map[plan.NodeID][]plan.NodeID{}
	for i := range s.p.Nodes {
		needs[s.p.Nodes[i].ID] = s.p.Nodes[i].Needs
	}
	for _, n := range s.p.Nodes {
		if !keep[n.ID] {
			continue
		}
		n.Needs = nearest(needs, n.Needs, keep, n.ID)
		if n.Hold != nil && n.Hold.Monitor != "" && s.emergency {
			n.Hold = nil
		}
		out.Nodes = append(out.Nodes, n)
		for _, do := range []*plan.Do{&n.Do, n.Undo} {
			if do == nil {
				continue
			}
			if ref, ok := do.Workload(); ok {
				out.Workloads[ref] = s.p.Workloads[ref]
			}
		}
	}
}

func (s surgery) keepStages(out *plan.Plan, stages map[string]bool, keep map[plan.NodeID]bool) {
	needs := map[string][]string{}
	for _, st := range s.p.Stages {
		needs[st.Name] = st.Needs
	}
	for _, st := range s.p.Stages {
		if !stages[st.Name] {
			continue
		}
		st.Needs = nearest(needs, st.Needs, stages, st.Name)
		st.Rollback = slices.DeleteFunc(slices.Clone(st.Rollback), func(r string) bool { return !stages[r] })
		st.Nodes = slices.DeleteFunc(slices.Clone(st.Nodes), func(id plan.NodeID) bool { return !keep[id] })
		out.Stages = append(out.Stages, st)
	}
}

// nearest replaces needs that are left out by what those need in turn.
func nearest[K ~string](needs map[K][]K, of []K, keep map[K]bool, self K) []K {
	var out []K
	seen := map[K]bool{self: true}
	queue := slices.Clone(of)
	for len(queue) > 0 {
		k := queue[0]
		queue = queue[1:]
		if seen[k] {
			continue
		}
		seen[k] = true
		if keep[k] {
			out = append(out, k)
			continue
		}
		queue = append(queue, needs[k]...)
	}
	slices.Sort(out)
	return out
}

func (s surgery) uses(p *plan.Plan, artifact string) bool {
	for _, w := range p.Workloads {
		for _, h := range w.Holes {
			if h.From.Artifact == artifact {
				return true
			}
		}
	}
	return false
}

// provenance keeps the origins of what is left.
func (s surgery) provenance(old plan.Provenance, p *plan.Plan) plan.Provenance {
	out := old
	out.Nodes = map[string]plan.Origin{}
	keep := map[string]bool{}
	for _, st := range p.Stages {
		keep[st.Name] = true
	}
	for _, n := range p.Nodes {
		keep[string(n.ID)] = true
	}
	for _, m := range p.Monitors {
		keep[string(m.ID)] = true
	}
	for id, o := range old.Nodes {
		if keep[id] {
			out.Nodes[id] = o
		}
	}
	return out
}
