package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/judge"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/metrics"
)

// watch is an open monitor. Its goroutine owns what is below the line; others post closures to its box.
type watch struct {
	d        *driver
	m        *plan.Monitor
	cfg      judge.Config
	bindings map[string]string
	box      *mailbox
	gone     chan struct{} // closed when the goroutine has ended

	// ----

	timer  *time.Timer
	st     *judge.State // nil without SLIs
	limits map[string]LimitState
	meters map[string]*metrics.Meter
	ticks  int
	spans  []span // held time
	// elapsed and judged are as in Tick.
	elapsed, judged time.Duration
	holds           []machine.Hold

	// exposed says that there is something to watch, paused that the split is just being changed.
	exposed, paused bool
	// want is the split that was configured, nil when only the target knows; weight what it said last.
	want   *float64
	weight float64
	begun  time.Time // of the tick in progress
	proven bool      // harm is, latched
	harmed bool      // and was reported
	closed bool
}

// openMonitor starts a judge, or goes on where an earlier process stopped.
func (d *driver) openMonitor(id plan.MonitorID) {
	w := d.newWatch(id)
	d.tasks.spawn(func() { w.run(true) })
}

// closeMonitor asks for the final verdict, also of a monitor that isn't open in this process.
func (d *driver) closeMonitor(c machine.CloseMonitor) {
	w := d.watches[c.Monitor]
	if w == nil {
		w = d.newWatch(c.Monitor)
		d.tasks.spawn(func() { w.run(false) })
	}
	w.box.post(func() { w.close(c.MayExtend) })
}

func (d *driver) newWatch(id plan.MonitorID) *watch {
	m := d.mons[id]
	w := &watch{
		d: d, m: m, cfg: JudgeConfig(d.o.Plan, m), bindings: d.snapshot(), box: newMailbox(), gone: make(chan struct{}),
		limits: map[string]LimitState{}, meters: map[string]*metrics.Meter{}, exposed: true,
	}
	if d.nodes[m.Opens].Do.Shift != nil { // until then the new version has no traffic
		weight, shifted := d.expo.weights[m.Workload]
		w.exposed = shifted
		w.want = &weight
	}
	for _, s := range m.Judge.SLIs {
		w.meters[s.SLO] = &metrics.Meter{}
	}
	d.watches[id] = w
	return w
}

// run watches until the monitor is closed or the driver stops.
func (w *watch) run(open bool) {
	defer close(w.gone)
	w.timer = time.NewTimer(time.Hour)
	w.timer.Stop()
	defer w.timer.Stop()
	last, err := w.restore()
	switch {
	case w.closed:
		return
	case err != nil:
		w.unable(err)
		return
	case !open: // only its verdict is wanted
		w.exposed = false
		w.serve()
		return
	}
	first := w.read()
	for _, err := range first.errs {
		if errors.Is(err, metrics.ErrUnsupported) {
			w.unable(err)
			return
		}
	}
	w.d.post(func() { w.d.emit(event.Event{Type: event.MonitorOpened, Monitor: w.m.ID}, nil) })
	w.reopen(last, first)
	w.serve()
}

// serve is the goroutine's loop.
func (w *watch) serve() {
	for !w.closed {
		for _, f := range w.box.take() {
			if w.closed {
				return
			}
			f()
		}
		if w.closed {
			return
		}
		select {
		case <-w.d.ctx.Done():
			return
		case <-w.timer.C:
			w.tick(false)
			w.schedule()
		case <-w.box.wake:
		}
	}
}

// restore goes on with the evidence of earlier processes.
func (w *watch) restore() (*Tick, error) {
	if w.d.o.Counts == nil {
		return nil, fmt.Errorf("nothing here counts requests: %w", metrics.ErrUnsupported)
	}
	if len(w.cfg.SLIs) > 0 {
		st, err := judge.NewState(w.cfg)
		if err != nil {
			return nil, err
		}
		w.st = st
	}
	raw, err := w.d.o.Record.Ticks(w.d.ctx, w.d.o.Run, w.m.ID)
	if err != nil {
		w.fatal(fmt.Errorf("read the evidence of %s: %w", w.m.ID, err))
		w.closed = true
		return nil, nil
	}
	p, err := readTicks(raw)
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", w.m.ID, err)
	}
	w.ticks, w.spans = p.count, p.spans
	if t := p.last; t != nil {
		w.elapsed, w.judged, w.weight, w.begun = time.Duration(t.Elapsed), time.Duration(t.Judged), t.Weight, t.At
		if t.State != nil && w.st != nil {
			w.st = t.State
		}
		for name, l := range t.Limits {
			w.limits[name] = l
		}
		for slo, pair := range t.Counters {
			if m := w.meters[slo]; m != nil {
				m.Set(pair)
			}
		}
	}
	return p.last, nil
}

// reopen begins the first tick of this process. What was counted while nobody watched is evidence where nothing else can
// have changed: the same counters, the same split. It is never held time.
func (w *watch) reopen(last *Tick, first reading) {
	if !w.exposed || w.closed {
		return
	}
	same := last != nil && len(first.pairs) > 0
	for slo, p := range first.pairs {
		before, ok := w.meters[slo].Last()
		same = same && ok && p.Weight == w.weight && w.expected(p.Weight) &&
			p.Canary.Since.Equal(before.Canary.Since) && p.Stable.Since.Equal(before.Stable.Since)
	}
	if same && len(first.errs) == 0 {
		w.take(first, false, false)
	} else {
		w.baseline(first)
	}
	w.proven = w.proven || w.verdict().Verdict == harm // by an earlier process that didn't come to say so
	w.reportHarm()
	w.schedule()
}

// unable closes a monitor that can't watch.
func (w *watch) unable(err error) {
	w.finish(event.MonitorClosed, event.Verdict{Verdict: inconclusive, Findings: []string{"cannot-watch"}, Explain: []string{err.Error()}})
}

// pause ends the tick in progress and waits with the next.
func (w *watch) pause() {
	w.tick(true)
	w.stop()
}

// stop drops the tick in progress.
func (w *watch) stop() {
	w.paused = true
	w.timer.Stop()
}

// proceed begins a tick at a split; nil leaves it to the target to say which.
func (w *watch) proceed(weight *float64) {
	w.paused, w.exposed, w.want = false, true, weight
	w.baseline(w.read())
	w.schedule()
}

// baseline takes a reading that only later ones are compared with.
func (w *watch) baseline(r reading) {
	for slo, m := range w.meters {
		if p, ok := r.pairs[slo]; ok {
			m.Set(p)
		} else {
			m.Forget()
		}
	}
	w.begun = r.at
	w.weight = r.weight(w.weight)
	if w.want != nil {
		w.weight = *w.want
	}
}

// expected reports whether a split is the one that was configured.
func (w *watch) expected(weight float64) bool {
	const slack = 0.01 // percent: rounding of whoever reports it
	return w.want == nil || weight-*w.want < slack && *w.want-weight < slack
}

// schedule sets the time at which the tick in progress ends: a tick's length, or what a hold still needs. A remainder
// under half a tick is added, so that no tick is so short that it can't but be empty.
func (w *watch) schedule() {
	if w.paused || !w.exposed || w.closed {
		return
	}
	full := time.Duration(w.m.Judge.Tick)
	length := full
	for _, h := range w.holds {
		left := h.For - since(w.spans, h.Since)
		if left < full+full/2 {
			length = min(max(left, full/2), max(length, left))
		}
	}
	w.timer.Reset(max(w.begun.Add(length).Sub(w.d.now()), time.Millisecond))
}

// hold counts held time for a node.
func (w *watch) hold(h machine.Hold) {
	w.holds = append(w.holds, h)
	w.enough()
	w.schedule()
}

// enough reports the holds that have had their time.
func (w *watch) enough() {
	var open []machine.Hold
	for _, h := range w.holds {
		if since(w.spans, h.Since) < h.For {
			open = append(open, h)
			continue
		}
		w.d.post(func() { w.d.held(h) })
	}
	w.holds = open
}

// close gives the final verdict, or says that it isn't clear yet.
func (w *watch) close(mayExtend bool) {
	w.tick(true)
	v := w.verdict()
	if mayExtend && v.Verdict == inconclusive {
		w.finish(event.MonitorVerdict, v)
		w.begun = w.d.now()
		w.schedule()
		return
	}
	w.finish(event.MonitorClosed, v)
}

// finish seals the evidence and says what it shows.
func (w *watch) finish(t event.Type, v event.Verdict) {
	digest, n, err := w.d.o.Record.Seal(w.d.ctx, w.d.o.Run, w.m.ID)
	if err != nil {
		w.fatal(fmt.Errorf("seal the evidence of %s: %w", w.m.ID, err))
		w.closed = true
		return
	}
	v.Evidence, v.Ticks, v.Judged = digest, n, plan.Duration(w.judged)
	e := event.Event{Type: t, Monitor: w.m.ID}.With(v)
	holds := w.holds
	w.closed = t == event.MonitorClosed
	w.d.post(func() {
		if t == event.MonitorClosed {
			delete(w.d.watches, w.m.ID)
		}
		w.d.emit(e, nil)
		if t != event.MonitorClosed {
			return
		}
		for _, h := range holds { // nothing watches any more: the clock does
			w.d.timers.set(w.d.now().Add(h.For-since(w.spans, h.Since)), func() { w.d.held(h) })
		}
	})
}

// fatal stops the run, unless that is why the call failed.
func (w *watch) fatal(err error) {
	if w.d.ctx.Err() == nil {
		w.d.post(func() { w.d.fail(err) })
	}
}

// store makes a tick durable.
func (w *watch) store(t Tick) bool {
	b, err := json.Marshal(t)
	if err == nil {
		err = w.d.o.Journal.AppendTicks(w.d.ctx, w.m.ID, [][]byte{b})
	}
	if err != nil {
		w.fatal(fmt.Errorf("store the evidence of %s: %w", w.m.ID, err))
		w.closed = true
		return false
	}
	w.d.post(func() {
		if !w.d.over {
			w.d.o.Tick(t.At, t.Monitor, t.Line)
		}
	})
	return true
}

// bounded is a context for one reading.
func (w *watch) bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(w.d.ctx, w.d.o.ReadTimeout)
}
