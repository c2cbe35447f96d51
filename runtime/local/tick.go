package local

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/judge"
	"github.com/penstock-dev/penstock/runtime/metrics"
)

// The verdicts of [event.Verdict].
const (
	harm         = "harm"
	safe         = "safe"
	noHarm       = "no-harm"
	inconclusive = "inconclusive"
)

// breachesForHarm is how many ticks in a row a limit must be out of bounds: one may be an accident of the query.
const breachesForHarm = 2

// errSplit says that the requests of a tick weren't split in one way, so that they can't be compared.
var errSplit = errors.New("the split is not the one that was configured")

// reading is one look at everything a monitor is about.
type reading struct {
	at     time.Time
	pairs  map[string]metrics.Pair
	values map[string]float64
	errs   map[string]error
}

// weight is the share that the target says, where it says one.
func (r reading) weight(otherwise float64) float64 {
	for _, slo := range slices.Sorted(maps.Keys(r.pairs)) {
		return r.pairs[slo].Weight
	}
	return otherwise
}

func (w *watch) read() reading {
	ctx, cancel := w.bounded()
	defer cancel()
	r := reading{at: w.d.now(), pairs: map[string]metrics.Pair{}, values: map[string]float64{}, errs: map[string]error{}}
	for _, s := range w.m.Judge.SLIs {
		p, err := w.d.o.Counts.Pair(ctx, w.m, s.SLO, w.bindings)
		if err != nil {
			r.errs[s.SLO] = err
			continue
		}
		if w.cfg.Against == judge.AgainstObjective && p.Canary.Since.IsZero() && p.Canary.Total == 0 {
			p.Canary = p.Stable // nothing runs beside it: it is what is judged
		}
		r.pairs[s.SLO] = p
	}
	for _, l := range w.m.Judge.Limits {
		v, err := w.d.o.Counts.Limit(ctx, w.m, l, r.at)
		if err != nil {
			r.errs[l.Name] = err
			continue
		}
		r.values[l.Name] = v
	}
	return r
}

// tick ends the tick in progress. One that is cut short, before the split changes or at the end, is dropped when nothing
// happened in it: half a moment without a request is no sign of missing traffic.
func (w *watch) tick(short bool) {
	if w.paused || !w.exposed || w.closed {
		return
	}
	w.take(w.read(), true, short && w.d.now().Sub(w.begun) < time.Duration(w.m.Judge.Tick)/2)
	w.reportHarm()
	if !w.closed {
		w.enough()
	}
}

// take judges what was counted since the tick began and stores it. watched says that it is held time, if all was well.
func (w *watch) take(r reading, watched, droppable bool) {
	length := r.at.Sub(w.begun)
	if length <= 0 {
		return
	}
	split := w.weight
	counts, requests := w.counts(&r)
	if droppable && requests == 0 {
		return
	}
	w.elapsed += length
	t := Tick{
		Format: TickFormat, Monitor: w.m.ID, At: r.at, Span: plan.Duration(length), Elapsed: plan.Duration(w.elapsed),
		Counters: map[string]metrics.Pair{}, Errors: map[string]string{}, Limits: map[string]LimitState{}, Weight: r.weight(split),
	}
	for slo, m := range w.meters {
		if p, ok := m.Last(); ok {
			t.Counters[slo] = p
		}
	}
	for name, err := range r.errs {
		t.Errors[name] = err.Error()
	}
	var lines []string
	if w.st != nil {
		given := judge.Tick{Elapsed: w.elapsed.Seconds(), Weight: split, Counts: counts}
		f := w.st.Observe(w.cfg, given)
		w.proven = w.proven || f.Verdict == judge.Harm
		lines = append(lines, f.Explain())
		t.Given, t.State = &given, w.st
	}
	lines = append(lines, w.bound(r)...)
	maps.Copy(t.Limits, w.limits)
	if t.Counted = watched && w.judgeable(r); t.Counted {
		w.judged += length
		w.spans = add(w.spans, span{w.begun, r.at})
	}
	t.Judged, t.Line = plan.Duration(w.judged), strings.Join(lines, "; ")
	w.ticks++
	w.begun, w.weight = r.at, t.Weight
	w.store(t)
}

// counts is what was added to each SLI's counters. Where the target meanwhile split otherwise, the tick holds two splits
// and can't be judged.
func (w *watch) counts(r *reading) (map[string]judge.Counts, uint64) {
	out, requests := map[string]judge.Counts{}, uint64(0)
	for slo, m := range w.meters {
		err := r.errs[slo]
		p, ok := r.pairs[slo]
		if ok {
			var added metrics.Pair
			added, ok = m.Take(p)
			requests += added.Canary.Total + added.Stable.Total
			switch {
			case p.Weight != w.weight || !w.expected(p.Weight):
				err = fmt.Errorf("%w: the target gives the new version %g %%", errSplit, p.Weight)
			case !ok:
				err = fmt.Errorf("%w: the counters began anew", metrics.ErrNoData)
			default:
				out[slo] = judge.Counts{
					CanaryBad: added.Canary.Bad, CanaryTotal: added.Canary.Total, StableBad: added.Stable.Bad, StableTotal: added.Stable.Total,
				}
				continue
			}
			r.errs[slo] = err
		}
		late := errors.Is(err, metrics.ErrStale)
		out[slo] = judge.Counts{Late: late, Missing: !late}
	}
	return out, requests
}

// bound compares the values with their limits.
func (w *watch) bound(r reading) []string {
	var lines []string
	for _, l := range w.m.Judge.Limits {
		s := w.limits[l.Name]
		v, ok := r.values[l.Name]
		if !ok {
			s.Value = nil
			s.Missing++
			w.limits[l.Name] = s
			lines = append(lines, l.Name+": no value")
			continue
		}
		s.Value = &v
		line := fmt.Sprintf("%s: %g", l.Name, v)
		switch {
		case l.Above != nil && v > *l.Above:
			line = fmt.Sprintf("%s: %g is above %g", l.Name, v, *l.Above)
			s.Breaches++
		case l.Below != nil && v < *l.Below:
			line = fmt.Sprintf("%s: %g is below %g", l.Name, v, *l.Below)
			s.Breaches++
		default:
			s.Breaches = 0
		}
		if s.Breaches >= breachesForHarm && s.Harm == "" {
			s.Harm = fmt.Sprintf("%s for %d ticks in a row", line, s.Breaches)
			w.proven = true
		}
		w.limits[l.Name] = s
		lines = append(lines, line)
	}
	return lines
}

// judgeable reports whether everything that decides could be read.
func (w *watch) judgeable(r reading) bool {
	deciding := 0
	for _, s := range w.m.Judge.SLIs {
		if !s.DryRun {
			deciding++
			if r.errs[s.SLO] != nil {
				return false
			}
		}
	}
	for _, l := range w.m.Judge.Limits {
		deciding++
		if r.errs[l.Name] != nil {
			return false
		}
	}
	return deciding > 0 || len(w.m.Judge.SLIs) > 0
}

// reportHarm says once, and at once, that harm is proven.
func (w *watch) reportHarm() {
	if !w.proven || w.harmed || w.closed {
		return
	}
	w.harmed = true
	w.finish(event.MonitorVerdict, w.verdict())
}

// verdict is what all of the evidence says.
func (w *watch) verdict() event.Verdict {
	v := event.Verdict{Verdict: inconclusive}
	if w.st != nil {
		c := judge.Conclude(w.cfg, w.st)
		v.Verdict = sliVerdict(c)
		v.Explain, v.Findings = explained(c.Finding)
	}
	if decides(w.cfg) && v.Verdict == harm {
		return v
	}
	if !decides(w.cfg) && len(w.m.Judge.Limits) > 0 && w.ticks > 0 {
		v.Verdict, v.Findings = noHarm, nil // dry runs report; the limits decide
	}
	if w.ticks == 0 {
		v.Findings = append(v.Findings, string(judge.NeverWatched))
	}
	var broken []string
	for _, l := range w.m.Judge.Limits {
		s := w.limits[l.Name]
		switch {
		case s.Harm != "":
			broken = append(broken, s.Harm)
		case s.Missing*5 > w.ticks:
			v.Verdict = inconclusive
			v.Findings = append(v.Findings, "limit-without-data")
			v.Explain = append(v.Explain, fmt.Sprintf("%s: no value in %d of %d ticks", l.Name, s.Missing, w.ticks))
		default:
			v.Explain = append(v.Explain, l.Name+": within its bounds")
		}
	}
	if len(broken) > 0 {
		return event.Verdict{Verdict: harm, Explain: broken}
	}
	slices.Sort(v.Findings)
	v.Findings = slices.Compact(v.Findings)
	return v
}

func sliVerdict(c judge.Conclusion) string {
	switch {
	case c.Outcome == judge.Harmed:
		return harm
	case c.Outcome != judge.Pass:
		return inconclusive
	case c.Finding.Verdict == judge.Safe:
		return safe
	}
	return noHarm
}

// explained lists a line for each SLI, of those that show harm where one does, and the codes of what is missing.
func explained(f judge.Finding) (lines, codes []string) {
	for _, c := range f.Codes {
		codes = append(codes, string(c))
	}
	for _, s := range f.SLIs {
		if f.Verdict == judge.Harm && (s.Verdict != judge.Harm || s.DryRun) {
			continue
		}
		lines = append(lines, s.Explain())
		for _, c := range s.Codes {
			codes = append(codes, string(c))
		}
	}
	return lines, codes
}
