package lower

import (
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/evidence"
	"github.com/penstock-dev/penstock/schema"
)

// judges reports whether an analysis judges anything.
func judges(a *schema.Analysis) bool { return a != nil && len(a.SLOs)+len(a.Limits) > 0 }

// watched is what a monitor looks at, and from when to when.
type watched struct {
	ref           plan.Ref
	against       string // "stable" or "objective"
	opens, closes plan.NodeID
	when          *plan.When
	// first says that nothing ran before: nobody may be there yet who could send requests.
	first bool
}

// monitor adds a monitor. Holds are those that it watches; the shortest decides how often it looks.
func (b *builder) monitor(name, path string, a *schema.Analysis, w watched, holds ...plan.Duration) plan.MonitorID {
	id := plan.MonitorID(nodeID(b.s.name, name))
	_, env := w.ref.Split()
	j := plan.Judge{
		Against: w.against, Alpha: a.AlphaOrDefault(), Tick: tickOf(holds), Require: string(a.RequireOrDefault()),
		MinRequests: a.MinimumOrDefault(), Sticky: a.Sticky,
	}
	switch silent := a.Inconclusive == "" && a.RequireOrDefault() == schema.NoHarm; {
	case a.InconclusiveOrDefault() == schema.InconclusiveHold:
		j.Inconclusive, j.HoldMore = "hold", span(b.s.src.TimeoutOrDefault())
	case a.InconclusiveOrDefault() == schema.InconclusiveApprove:
		j.Inconclusive = "ask"
	case w.first && silent:
		j.Inconclusive = "promote"
	default:
		j.Inconclusive = "rollback"
	}
	for _, slo := range sorted(a.SLOs) {
		s := a.SLOs[slo]
		j.SLIs = append(j.SLIs, plan.JudgedSLI{
			SLO: string(slo), Tolerate: s.TolerateOrDefault(), Safe: s.ProveOrDefault(), Critical: s.Critical, DryRun: s.DryRun, Weight: s.WeightOrDefault(),
		})
	}
	for _, limit := range sorted(a.Limits) {
		q := a.Limits[limit]
		j.Limits = append(j.Limits, plan.Limit{Name: string(limit), Environment: env, Query: q.Query, Above: q.Above, Below: q.Below})
	}
	if a.Expect != nil {
		j.Expect = &plan.Expect{RPS: a.Expect.RPS, Errors: a.Expect.Errors}
	}
	b.s.monitors = append(b.s.monitors, plan.Monitor{
		ID: id, Stage: string(b.s.name), Workload: w.ref, Opens: w.opens, Closes: w.closes, When: w.when, Judge: j,
	})
	b.l.paths[string(id)] = path
	return id
}

// tickOf is how often the monitor looks.
func tickOf(holds []plan.Duration) plan.Duration {
	all := make([]time.Duration, len(holds))
	for i, h := range holds {
		all[i] = time.Duration(h)
	}
	return plan.Duration(evidence.TickOf(all...))
}
