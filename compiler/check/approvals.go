package check

import (
	"fmt"

	"github.com/penstock-dev/penstock/internal/bitset"
	"github.com/penstock-dev/penstock/internal/cover"
	"github.com/penstock-dev/penstock/schema"
)

// unapproved is a shortest way to the stage that passes no approval; nil when all that it waits for was seen by somebody
// who approved, or the stage asks for itself before its first effect.
func (p *pass) unapproved(stage int) []string {
	if asksItself(p.stageOf(stage)) {
		return nil
	}
	if p.approved == nil {
		p.approved = p.newCover()
	}
	var out []string
	for _, i := range p.approved.Past(stage) {
		out = append(out, p.stages[i])
	}
	return out
}

// newCover is computed when the first stage asks: most pipelines demand nothing of the kind.
func (p *pass) newCover() *cover.Cover {
	needs := make([][]int, len(p.stages))
	for i := range needs {
		needs[i] = p.graph.first(i)
	}
	before := func(i int) bitset.Set { return p.graph.reach.All(i) }
	return cover.New(needs, p.graph.order, before, func(i int) bool { return p.stageOf(i).Approve != nil })
}

// asksItself reports whether the stage waits for people before anybody can meet the new version, on whichever branch: a
// later step's approval comes when a part of the users has met it already.
func asksItself(s *schema.Stage) bool {
	switch d := s.Deploy; {
	case d == nil:
		return false
	case d.BlueGreen != nil:
		return d.BlueGreen.Before != nil && d.BlueGreen.Before.Approve != nil
	case d.Canary != nil:
		return len(d.Canary.Steps) > 0 && d.Canary.Steps[0].Approve != nil
	}
	return false
}

// missingApproval says what would put an approval onto a way to its last stage that has none.
func (p *pass) missingApproval(path []string) string {
	stage := p.graph.index[path[len(path)-1]]
	before, beside := -1, []int{}
	for i := range p.stages {
		switch {
		case p.stageOf(i).Approve == nil:
		case p.graph.before(i, stage):
			before = max(before, i)
		case !p.graph.before(stage, i):
			beside = append(beside, i)
		}
	}
	if before < 0 && len(beside) == 1 {
		return fmt.Sprintf("let %q need %q", p.stages[stage], p.stages[beside[0]])
	}
	if before < 0 {
		return "put an approve stage before it, behind everything else that it waits for"
	}
	for k := len(path) - 2; k >= 0; k-- {
		if unseen := p.graph.index[path[k]]; !p.approved.Behind(unseen) {
			return fmt.Sprintf("let %q wait for %q too, so that people see what they approve", p.stages[before], path[k])
		}
	}
	return ""
}
