package lower

import (
	"cmp"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
)

// previewStage asks what a deployment would change.
func previewStage(b *builder) error {
	p := *b.s.src.Preview
	ref, _, err := b.on(p.Workload, p.In)
	if err != nil {
		return err
	}
	if err := b.enter(false); err != nil {
		return err
	}
	b.next("preview", b.path, plan.Do{Preview: &plan.DeployRef{Workload: ref}})
	return nil
}

// previews gives each apply the change that it executes: that of the nearest preview stage before it for the same
// workload and environment, so that approvals in between are bound to it. Without one, or when something else may have
// deployed there since, the apply asks for a preview of its own.
func previews(l *lowering) error {
	for _, s := range l.stages {
		for _, n := range s.nodes {
			if n.Do.Apply == nil {
				continue
			}
			if id := l.previewed(s, n.Do.Apply.Workload); id != "" {
				n.Do.Apply.Preview = id
				if !slices.Contains(n.Needs, id) {
					n.Needs = append(n.Needs, id)
				}
				continue
			}
			b := &builder{l: l, s: s}
			own := b.node("preview", l.paths[string(n.ID)], n.Needs, plan.Do{Preview: &plan.DeployRef{Workload: n.Do.Apply.Workload}})
			n.Do.Apply.Preview = own.ID
			n.Needs = []plan.NodeID{own.ID}
		}
	}
	return nil
}

// previewed returns the node of the preview stage that an apply in stage s executes, or "".
func (l *lowering) previewed(s *stage, ref plan.Ref) plan.NodeID {
	above := l.above(s)
	sorted := make([]*stage, 0, len(above))
	for a := range above {
		if a.out.Workload != "" && plan.RefOf(a.out.Workload, a.out.Environment) == ref {
			sorted = append(sorted, a)
		}
	}
	slices.SortFunc(sorted, func(a, b *stage) int { return cmp.Compare(b.index, a.index) })
	i := slices.IndexFunc(sorted, func(a *stage) bool { return a.src.Preview != nil })
	if i < 0 {
		return ""
	}
	before := l.above(sorted[i])
	for _, a := range sorted {
		if a.src.Deploy != nil && !before[a] {
			return ""
		}
	}
	return nodeID(sorted[i].name, "preview")
}

// above are the stages that have succeeded when s begins.
func (l *lowering) above(s *stage) map[*stage]bool {
	out := map[*stage]bool{}
	for todo := []*stage{s}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, name := range at.out.Needs {
			n := l.byName[schema.StageName(name)]
			if !out[n] {
				out[n] = true
				todo = append(todo, n)
			}
		}
	}
	return out
}
