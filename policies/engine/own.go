package engine

import (
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// questions are the approvals that stand before a node inside its stage: always, or on branches of a first deploy.
type questions struct {
	always   bool
	branches []plan.When
}

// join returns the questions of both.
func (q questions) join(o questions) questions {
	q.always = q.always || o.always
	for _, w := range o.branches {
		if !slices.Contains(q.branches, w) {
			q.branches = append(slices.Clip(q.branches), w)
		}
	}
	return q
}

// cover reports whether one of the questions is asked whenever a node on the branch runs.
func (q questions) cover(branch *plan.When) bool {
	if q.always {
		return true
	}
	if branch != nil {
		return slices.Contains(q.branches, *branch)
	}
	return slices.ContainsFunc(q.branches, func(w plan.When) bool {
		return slices.Contains(q.branches, plan.When{Snapshot: w.Snapshot, Absent: !w.Absent})
	})
}

// ownApprovals says of each stage, in the plan's order, whether it asks for an approval itself before its first effect,
// on whichever branch.
func ownApprovals(p *plan.Plan) []bool {
	stageOf := make(map[plan.NodeID]string, len(p.Nodes))
	before := map[plan.NodeID]questions{}
	guarded := map[string]bool{}
	for _, n := range p.Nodes {
		stageOf[n.ID] = n.Stage
		var q questions
		for _, need := range n.Needs {
			if stageOf[need] == n.Stage {
				q = q.join(before[need])
			}
		}
		if isEffect(n.Do) {
			known, seen := guarded[n.Stage]
			guarded[n.Stage] = (known || !seen) && q.cover(n.When)
		}
		if n.Do.Approve != nil && n.When == nil {
			q.always = true
		}
		if n.Do.Approve != nil && n.When != nil {
			q = q.join(questions{branches: []plan.When{*n.When}})
		}
		if q.always || len(q.branches) > 0 {
			before[n.ID] = q
		}
	}
	own := make([]bool, len(p.Stages))
	for i, s := range p.Stages {
		own[i] = guarded[s.Name]
	}
	return own
}

// isEffect reports whether users can meet what the instruction does. Bringing a version up beside the stable one is
// none, nor is a command that checks it there.
func isEffect(d plan.Do) bool {
	switch d.Op() {
	case plan.OpShift, plan.OpCommit, plan.OpApply, plan.OpMigrate:
		return true
	}
	return false
}
