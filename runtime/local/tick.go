package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/judge"
	"github.com/penstock-dev/penstock/runtime/metrics"
	"github.com/penstock-dev/penstock/targets"
)

// Bounds of one reading of counters or limits.
const (
	minRead = time.Second
	maxRead = 30 * time.Second
)

// tickRecord is one entry of the evidence stream: what was added in the tick, enough to judge it again.
type tickRecord struct {
	At time.Time `json:"at"`
	// Span is how long the tick was, Judged whether all its numbers could be read.
	Span   plan.Duration `json:"span"`
	Judged bool          `json:"judged"`
	Tick   judge.Tick    `json:"tick"`
	// Limits are the values of the limits' queries; null where there was no answer.
	Limits map[string]*float64 `json:"limits,omitempty"`
}

// configOf is a monitor's judge.
func configOf(p *plan.Plan, m *plan.Monitor) judge.Config {
	j := m.Judge
	c := judge.Config{
		Against: judge.Against(j.Against), Alpha: j.Alpha, Require: judge.Require(j.Require), Inconclusive: j.Inconclusive,
		MinRequests: uint64(max(j.MinRequests, 0)), Sticky: j.Sticky,
	}
	for _, s := range j.SLIs {
		c.SLIs = append(c.SLIs, judge.SLI{
			Name: s.SLO, Tolerate: s.Tolerate, Safe: s.Safe, Objective: p.SLOs[s.SLO].Objective,
			Critical: s.Critical, DryRun: s.DryRun, Weight: s.Weight,
		})
	}
	return c
}

// load judges the evidence of earlier processes again: the state is where it was, however the last one ended.
func (w *watch) load(ctx context.Context) error {
	if len(w.cfg.SLIs) > 0 {
		st, err := judge.NewState(w.cfg)
		if err != nil {
			return err
		}
		w.st = st
	}
	for _, l := range w.m.Judge.Limits {
		w.limits[l.Name] = &limitWatch{}
	}
	ticks, err := w.d.o.Evidence.Ticks(ctx, w.d.run, w.m.ID)
	if err != nil {
		return fmt.Errorf("evidence of %s: %w", w.m.ID, err)
	}
	for i, b := range ticks {
		var r tickRecord
		if err := json.Unmarshal(b, &r); err != nil {
			return fmt.Errorf("evidence of %s: tick %d: %w", w.m.ID, i+1, err)
		}
		w.take(r)
		if r.Judged {
			w.past = append(w.past, span{r.At, time.Duration(r.Span)})
		}
	}
	return nil
}

// begin refuses what can't be counted and takes the first reading. What was served while nobody watched is not evidence:
// the split may have changed meanwhile.
func (w *watch) begin(ctx context.Context) error {
	for _, s := range w.m.Judge.SLIs {
		sli := w.d.o.Plan.SLOs[s.SLO].SLI
		if sli.Requests == nil && w.d.o.Counts == nil {
			return fmt.Errorf("SLO %q: its counters can't be read: there is no metrics provider", s.SLO)
		}
		w.meters[s.SLO] = &metrics.Meter{}
	}
	if err := w.limitsAnswer(ctx); err != nil {
		return err
	}
	const tries = 5
	var err error
	for i := range tries {
		if i > 0 && !sleep(ctx, time.Duration(i)*w.d.o.LockEvery) {
			return context.Cause(ctx)
		}
		if err = w.baseline(ctx); err == nil || errors.Is(err, metrics.ErrUnsupported) {
			break
		}
	}
	return err
}

// limitsAnswer refuses limits that nobody will ever answer for. Somebody who doesn't answer now may do so later.
func (w *watch) limitsAnswer(ctx context.Context) error {
	for _, l := range w.m.Judge.Limits {
		if w.d.o.Exec.Metrics == nil {
			return fmt.Errorf("limit %q: there is no metrics provider", l.Name)
		}
		ctx, stop := context.WithTimeout(ctx, maxRead)
		_, err := w.d.o.Exec.Metrics.Query(ctx, w.d.o.Plan.Envs[l.Environment], l.Query, time.Now())
		stop()
		if errors.Is(err, metrics.ErrUnsupported) {
			return fmt.Errorf("limit %q: %w", l.Name, err)
		}
	}
	return nil
}

// baseline begins a tick.
func (w *watch) baseline(ctx context.Context) error {
	var first error
	for i, s := range w.m.Judge.SLIs {
		p, err := w.read(ctx, s.SLO)
		if err != nil {
			w.meters[s.SLO].Forget()
			if first == nil {
				first = fmt.Errorf("SLO %q: %w", s.SLO, err)
			}
			continue
		}
		w.meters[s.SLO].Set(p)
		if i == 0 {
			w.weight = p.Weight
		}
	}
	w.began = time.Now()
	w.due = w.began.Add(time.Duration(w.m.Judge.Tick))
	return first
}

// read asks for one SLI's counters.
func (w *watch) read(ctx context.Context, slo string) (metrics.Pair, error) {
	ctx, stop := context.WithTimeout(ctx, min(max(time.Duration(w.m.Judge.Tick), minRead), maxRead))
	defer stop()
	sli := w.d.o.Plan.SLOs[slo].SLI
	_, env := w.m.Workload.Split()
	if sli.Requests == nil {
		return w.d.o.Counts(ctx, w.d.o.Plan.Envs[env], w.m, sli)
	}
	dep, err := w.d.o.Exec.Deploy(ctx, plan.RefOf(sli.Requests.Workload, env), w.values, false)
	if err != nil {
		return metrics.Pair{}, err
	}
	drv, err := w.d.o.Exec.Driver(ctx, dep.Kind)
	if err != nil {
		return metrics.Pair{}, err
	}
	c, ok := drv.(targets.Counter)
	if !ok {
		return metrics.Pair{}, fmt.Errorf("the %s target counts no requests: %w", drv.Kind(), metrics.ErrUnsupported)
	}
	p, err := c.Counts(ctx, dep, time.Duration(sli.Requests.SlowerThan))
	if err != nil {
		return metrics.Pair{}, err
	}
	slow := sli.Requests.SlowerThan > 0
	return metrics.Pair{At: p.At, Canary: counter(p.Canary, slow), Stable: counter(p.Stable, slow), Weight: p.Weight}, nil
}

func counter(c targets.Counts, slow bool) metrics.Counter {
	out := metrics.Counter{Bad: c.Bad, Total: c.Total, Since: c.Since}
	if slow {
		out.Bad = c.Slow
	}
	return out
}

// tick ends the tick under way, records and judges it, and begins the next. It is false when the driver has stopped.
func (w *watch) tick(ctx context.Context) bool {
	now := time.Now()
	if !now.After(w.began) {
		return true
	}
	r := tickRecord{At: now.UTC().Round(0), Span: plan.Duration(now.Sub(w.began)), Judged: true}
	r.Tick = judge.Tick{Elapsed: (w.elapsed + now.Sub(w.began)).Seconds(), Weight: w.weight, Counts: map[string]judge.Counts{}}
	moved := false
	for i, s := range w.m.Judge.SLIs {
		p, err := w.read(ctx, s.SLO)
		if ctx.Err() != nil {
			return false
		}
		if err == nil && i == 0 && p.Weight != w.weight {
			moved, w.weight = true, p.Weight
		}
		r.Tick.Counts[s.SLO] = w.added(s.SLO, p, err)
	}
	for name, c := range r.Tick.Counts {
		c.Missing = c.Missing || moved // somebody else has changed the split in the middle
		r.Tick.Counts[name] = c
		r.Judged = r.Judged && !c.Missing && !c.Late
	}
	w.askLimits(ctx, now, &r)
	w.began, w.due = now, now.Add(time.Duration(w.m.Judge.Tick))
	b, err := json.Marshal(r)
	if err == nil {
		err = w.d.o.Writer.AppendTicks(ctx, w.m.ID, [][]byte{b})
	}
	if err != nil {
		err = fmt.Errorf("evidence of %s: %w", w.m.ID, err)
		w.d.send(answer{then: func() error { return err }})
		return false
	}
	before := w.harmed
	line := w.take(r)
	return w.report(ctx, r, line, before == nil && w.harmed != nil)
}

// added is what a reading adds to the one before it.
func (w *watch) added(slo string, p metrics.Pair, err error) judge.Counts {
	switch {
	case errors.Is(err, metrics.ErrStale):
		return judge.Counts{Late: true}
	case err != nil:
		w.meters[slo].Forget()
		return judge.Counts{Missing: true}
	}
	a, ok := w.meters[slo].Take(p)
	if !ok {
		return judge.Counts{Missing: true}
	}
	return judge.Counts{CanaryBad: a.Canary.Bad, CanaryTotal: a.Canary.Total, StableBad: a.Stable.Bad, StableTotal: a.Stable.Total}
}

// askLimits asks the queries of the limits.
func (w *watch) askLimits(ctx context.Context, now time.Time, r *tickRecord) {
	for _, l := range w.m.Judge.Limits {
		if r.Limits == nil {
			r.Limits = map[string]*float64{}
		}
		ctx, stop := context.WithTimeout(ctx, min(max(time.Duration(w.m.Judge.Tick), minRead), maxRead))
		v, err := w.d.o.Exec.Metrics.Query(ctx, w.d.o.Plan.Envs[l.Environment], l.Query, now)
		stop()
		if err != nil {
			r.Limits[l.Name], r.Judged = nil, false
			continue
		}
		r.Limits[l.Name] = &v
	}
}

// take adds a recorded tick to the evidence and returns its line for people.
func (w *watch) take(r tickRecord) string {
	w.ticks++
	w.elapsed += time.Duration(r.Span)
	if r.Judged {
		w.judged += time.Duration(r.Span)
	}
	var parts []string
	for _, l := range w.m.Judge.Limits {
		if why := w.limits[l.Name].take(l, r.Limits[l.Name]); why != "" {
			w.harmed = append(w.harmed, why)
			parts = append(parts, why)
		}
	}
	if w.st != nil {
		f := w.st.Observe(w.cfg, r.Tick)
		parts = append(parts, f.Explain())
		if f.Verdict == judge.Harm && w.harmed == nil {
			w.harmed = explain(f)
		}
	}
	return strings.Join(parts, "; ")
}

// take counts an answer and says why it is harm, if it is.
func (l *limitWatch) take(limit plan.Limit, v *float64) string {
	l.asked++
	l.last = ""
	switch {
	case v == nil:
		l.missing++
		l.last = "no answer"
	case limit.Above != nil && *v <= *limit.Above:
		return fmt.Sprintf("%s: %g, want above %g", limit.Name, *v, *limit.Above)
	case limit.Below != nil && *v >= *limit.Below:
		return fmt.Sprintf("%s: %g, want below %g", limit.Name, *v, *limit.Below)
	}
	return ""
}
