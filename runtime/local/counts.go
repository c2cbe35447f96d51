package local

import (
	"context"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/metrics"
	"github.com/penstock-dev/penstock/targets"
)

// TargetCounts reads counters from the targets themselves, and limits from metrics providers.
type TargetCounts struct {
	Plan *plan.Plan
	// Deploy returns a workload with its holes filled, and the driver of its target.
	Deploy func(ctx context.Context, ref plan.Ref, bindings map[string]string) (targets.Deploy, targets.Driver, error)
	// Provider returns whom an environment's queries are put to; nil when there is none anywhere.
	Provider func(ctx context.Context, env string) (metrics.Querier, error)
}

var _ Counts = (*TargetCounts)(nil)

// Pair asks the target for the counters of the SLO's workload in the monitor's environment.
func (t *TargetCounts) Pair(ctx context.Context, m *plan.Monitor, slo string, bindings map[string]string) (metrics.Pair, error) {
	def, ok := t.Plan.SLOs[slo]
	if !ok || def.SLI.Requests == nil {
		return metrics.Pair{}, fmt.Errorf("SLO %q is not counted by a target: %w", slo, metrics.ErrUnsupported)
	}
	_, env := m.Workload.Split()
	d, drv, err := t.Deploy(ctx, plan.RefOf(def.SLI.Requests.Workload, env), bindings)
	if err != nil {
		return metrics.Pair{}, fmt.Errorf("SLO %q: %w", slo, err)
	}
	c, ok := drv.(targets.Counter)
	if !ok {
		return metrics.Pair{}, fmt.Errorf("SLO %q: the %s target counts no requests: %w", slo, d.Kind, metrics.ErrUnsupported)
	}
	slower := time.Duration(def.SLI.Requests.SlowerThan)
	p, err := c.Counts(ctx, d, slower)
	if err != nil {
		return metrics.Pair{}, fmt.Errorf("SLO %q: %w", slo, err)
	}
	return metrics.Pair{At: p.At, Canary: counter(p.Canary, slower > 0), Stable: counter(p.Stable, slower > 0), Weight: p.Weight}, nil
}

// counter picks what is bad: failed requests, or slow ones.
func counter(c targets.Counts, slow bool) metrics.Counter {
	out := metrics.Counter{Bad: c.Bad, Total: c.Total, Since: c.Since}
	if slow {
		out.Bad = c.Slow
	}
	return out
}

// Limit puts a limit's query to its environment's provider.
func (t *TargetCounts) Limit(ctx context.Context, _ *plan.Monitor, l plan.Limit, at time.Time) (float64, error) {
	if t.Provider == nil {
		return 0, fmt.Errorf("limit %q: no metrics provider: %w", l.Name, metrics.ErrUnsupported)
	}
	q, err := t.Provider(ctx, l.Environment)
	if err != nil {
		return 0, fmt.Errorf("limit %q: %w", l.Name, err)
	}
	v, err := q.Query(ctx, l.Query, at)
	if err != nil {
		return 0, fmt.Errorf("limit %q: %w", l.Name, err)
	}
	return v, nil
}
