package local

import (
	"context"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/judge"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/metrics"
)

// watch is an open monitor. Its goroutine counts and judges; the owner keeps the spans, from which holds take their time.
type watch struct {
	d      *driver
	m      *plan.Monitor
	cfg    judge.Config
	values map[string]string
	ctl    chan control
	done   chan struct{} // closed when the goroutine has ended

	spans []span // the owner's: what was judged, in order

	st      *judge.State
	meters  map[string]*metrics.Meter
	limits  map[string]*limitWatch
	ticks   int
	elapsed time.Duration
	judged  time.Duration
	began   time.Time // of the tick under way
	due     time.Time // when it is to end
	weight  float64
	paused  int
	harmed  []string // why harm was found; nil while it wasn't
	past    []span   // of earlier processes
}

// span is a stretch of judged time.
type span struct {
	end time.Time
	len time.Duration
}

// limitWatch counts the answers to a limit's query.
type limitWatch struct {
	asked, missing int
	last           string // what was wrong with the last answer
}

// controlKind says what a watch is asked to do.
type controlKind int

const (
	ctlPause  controlKind = iota // end the tick and don't count
	ctlResume                    // begin to count again
	ctlCut                       // end the tick at a time
	ctlClose                     // end, with a verdict
)

type control struct {
	kind  controlKind
	at    time.Time
	ack   chan struct{}
	close machine.CloseMonitor
}

// openMonitor starts a watch; with closing set it only concludes from the evidence there is.
func (d *driver) openMonitor(ctx context.Context, id plan.MonitorID, closing *machine.CloseMonitor) {
	m := d.monitors[id]
	w := &watch{
		d: d, m: m, cfg: configOf(d.o.Plan, m), values: d.values(), ctl: make(chan control, 16), done: make(chan struct{}),
		meters: map[string]*metrics.Meter{}, limits: map[string]*limitWatch{},
	}
	d.watches[id] = w
	d.spawn(func() {
		defer close(w.done)
		w.run(ctx, closing)
	})
}

// closeMonitor asks a watch for its verdict. One that was open in an earlier process and is not needed any more has no
// watch: it concludes from its evidence.
func (d *driver) closeMonitor(ctx context.Context, c machine.CloseMonitor) {
	w := d.watches[c.Monitor]
	if w == nil {
		d.openMonitor(ctx, c.Monitor, &c)
		return
	}
	d.spawn(func() { w.tell(ctx, control{kind: ctlClose, close: c}) })
}

// tell hands a control to the watch; false means that it has ended, or ctx has.
func (w *watch) tell(ctx context.Context, c control) bool {
	select {
	case w.ctl <- c:
		return true
	case <-w.done:
	case <-ctx.Done():
	}
	return false
}

// pause ends the tick under way, before an instruction changes the traffic. It reports whether resume is owed.
func (w *watch) pause(ctx context.Context) bool {
	c := control{kind: ctlPause, ack: make(chan struct{})}
	if !w.tell(ctx, c) {
		return false
	}
	select {
	case <-c.ack:
	case <-w.done:
	case <-ctx.Done():
	}
	return true
}

// resume begins the next tick.
func (w *watch) resume() {
	select {
	case w.ctl <- control{kind: ctlResume}:
	case <-w.done:
	}
}

// run watches until it is closed or ctx ends.
func (w *watch) run(ctx context.Context, closing *machine.CloseMonitor) {
	err := w.load(ctx)
	if err == nil && closing == nil {
		err = w.begin(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		w.sendClosed(event.Verdict{Verdict: "inconclusive", Explain: []string{oneLine(err)}, Findings: []string{"not-watched"}})
		return
	case closing != nil:
		w.conclude(ctx, *closing)
		return
	}
	w.sendOpened(ctx)
	for {
		var ring <-chan time.Time
		var t *time.Timer
		if w.paused == 0 {
			t = time.NewTimer(time.Until(w.due))
			ring = t.C
		}
		ended := w.step(ctx, ring)
		if t != nil {
			t.Stop()
		}
		if ended {
			return
		}
	}
}

// step waits for the end of the tick or a control.
func (w *watch) step(ctx context.Context, ring <-chan time.Time) (ended bool) {
	select {
	case <-ctx.Done():
		return true
	case <-ring:
		return !w.tick(ctx)
	case c := <-w.ctl:
		return w.control(ctx, c)
	}
}

func (w *watch) control(ctx context.Context, c control) (ended bool) {
	switch c.kind {
	case ctlPause:
		ok := w.paused > 0 || w.tick(ctx)
		w.paused++
		close(c.ack)
		return !ok
	case ctlResume:
		if w.paused--; w.paused == 0 {
			w.baseline(ctx)
		}
	case ctlCut:
		if c.at.Before(w.due) {
			w.due = c.at
		}
	case ctlClose:
		if w.paused == 0 && !w.tick(ctx) {
			return true
		}
		return w.conclude(ctx, c.close)
	}
	return false
}

// sendOpened tells the owner that evidence is being collected, and what earlier processes have found.
func (w *watch) sendOpened(ctx context.Context) {
	events := []event.Event{{Type: event.MonitorOpened, Monitor: w.m.ID}}
	if w.harmed != nil {
		events = append(events, w.harmEvent(ctx))
	}
	past := w.past
	w.d.send(answer{events: events, then: func() error {
		w.spans = append(past, w.spans...)
		w.d.checkHolds(w)
		return nil
	}})
}

// sendClosed ends the watch.
func (w *watch) sendClosed(v event.Verdict) {
	w.d.send(answer{events: []event.Event{event.Event{Type: event.MonitorClosed, Monitor: w.m.ID}.With(v)}, then: func() error {
		if w.d.watches[w.m.ID] == w {
			delete(w.d.watches, w.m.ID)
		}
		return nil
	}})
}

// judgedSince sums what was judged after a time.
func judgedSince(spans []span, since time.Time) time.Duration {
	var sum time.Duration
	for _, s := range spans {
		if s.end.After(since) {
			sum += min(s.len, s.end.Sub(since))
		}
	}
	return sum
}
