package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
)

// ErrEnded is wrapped by the error of [Run] when the run has ended and is not one that can be resumed.
var ErrEnded = errors.New("the run has ended")

// errStopped is the cause for which everything is cancelled when the driver stops.
var errStopped = errors.New("the driver stops")

// driver is one process's part of a run. Its fields belong to the goroutine of run, unless they say otherwise.
type driver struct {
	o      Options
	st     *machine.State
	nodes  map[plan.NodeID]*plan.Node
	mons   map[plan.MonitorID]*plan.Monitor
	ctx    context.Context // safe for all
	cancel context.CancelCauseFunc
	box    *mailbox // safe for all
	tasks  group    // safe for all

	timers  timers
	batch   batch
	starts  []func() // effects to begin once the batch is durable
	flights map[flightKey]*flight
	zombies []*flight // given up, and still running
	watches map[plan.MonitorID]*watch
	locks   locks
	seen    map[store.MessageID]bool
	expo    exposures
	parking parking
	// bindings is a copy for others; nil when the state's own have changed since.
	bindings map[string]string

	signals int
	over    bool // nothing is folded any more
	closed  bool // nothing counts any more
	err     error
	result  Result
}

// batch is what is folded and not yet durable.
type batch struct {
	events []event.Event
	then   []func(event.Event)
	ack    []store.MessageID
}

// Run begins or resumes a run and drives it until it has ended, is parked, or ctx is done. An error means that the run
// could not go on (its journal failed, a fact contradicted it, ctx is done): nothing was started after it, and resuming
// goes on from the last durable event. All goroutines have ended when Run returns, except those of Result.Abandoned.
func Run(ctx context.Context, o Options) (Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Result{}, err
	}
	d := &driver{
		o: o, nodes: map[plan.NodeID]*plan.Node{}, mons: map[plan.MonitorID]*plan.Monitor{}, box: newMailbox(),
		flights: map[flightKey]*flight{}, watches: map[plan.MonitorID]*watch{}, seen: map[store.MessageID]bool{},
	}
	d.locks = locks{d: d, held: map[string]uint64{}, got: map[string]lock{}}
	d.expo = exposures{d: d, leases: map[plan.Ref]*lease{}, weights: map[plan.Ref]float64{}, latest: map[flightKey]ordered{}}
	for i := range o.Plan.Nodes {
		d.nodes[o.Plan.Nodes[i].ID] = &o.Plan.Nodes[i]
	}
	for i := range o.Plan.Monitors {
		d.mons[o.Plan.Monitors[i].ID] = &o.Plan.Monitors[i]
	}
	if d.st, err = machine.New(o.Plan, o.Machine); err != nil {
		return Result{}, err
	}
	d.ctx, d.cancel = context.WithCancelCause(ctx)
	if d.err = d.begin(); d.err == nil {
		d.loop()
	}
	d.shutdown()
	d.result.State = d.st
	return d.result, d.err
}

// begin folds the journal and appends what begins or resumes the run.
func (d *driver) begin() error {
	past, err := d.o.Record.Events(d.ctx, d.o.Run, 1)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read the journal: %w", err)
	}
	for _, e := range past {
		if err := machine.Apply(d.st, e); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		d.durable(e)
	}
	if out, ok := d.st.Ended(); ok && out != event.Unsettled {
		d.result.Outcome, d.result.Causes = out, d.st.Causes()
		return fmt.Errorf("%w: %s", ErrEnded, out)
	}
	switch {
	case len(past) == 0 && d.o.Started == nil:
		return fmt.Errorf("run %s: %w", d.o.Run, store.ErrNotFound)
	case len(past) == 0:
		d.emit(event.Event{Type: event.RunStarted}.With(*d.o.Started), nil)
	case begins(past[len(past)-1].Type): // the caller has written it, and nothing has happened since
	default:
		d.emit(event.Event{Type: event.RunResumed}.With(d.o.Resumed), nil)
	}
	d.flush()
	if d.err == nil {
		d.tasks.spawn(d.pollInbox)
		d.expo.renewAll()
	}
	return d.err
}

// begins reports whether nothing can be under way behind such an event.
func begins(t event.Type) bool { return t == event.RunStarted || t == event.RunResumed }

// loop goes round until the run is over.
func (d *driver) loop() {
	for d.err == nil {
		d.decide()
		d.flush()
		for len(d.starts) > 0 && d.err == nil {
			list := d.starts
			d.starts = nil
			for _, f := range list {
				f()
			}
		}
		if d.over || d.err != nil {
			return
		}
		d.wait()
		for _, f := range d.box.take() {
			f()
		}
		d.timers.due(d.o.Now())
	}
}

// wait returns when there is something to do.
func (d *driver) wait() {
	var due <-chan time.Time
	if left, ok := d.timers.next(d.o.Now()); ok {
		if left == 0 {
			return
		}
		t := time.NewTimer(left)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-d.box.wake:
	case <-due:
	case s, ok := <-d.o.Signals:
		d.signal(s, ok)
	case <-d.ctx.Done():
		d.fail(context.Cause(d.ctx))
	}
}

// signal folds a wish to stop: softly the first time, at once the second.
func (d *driver) signal(s os.Signal, ok bool) {
	if !ok {
		d.o.Signals = nil
		return
	}
	d.signals++
	d.emit(event.Event{Type: event.RunAbort}.With(event.Abort{
		Kind: "signal", By: d.o.Actor, Reason: s.String(), Hard: d.signals > 1,
	}), nil)
}

// emit folds a fact and puts it into the batch; then is called when it is durable, with the event as stored. A fact that
// contradicts the journal ends the run before it is written.
func (d *driver) emit(e event.Event, then func(event.Event)) {
	if d.over || d.err != nil {
		return
	}
	e.Run, e.Time = d.o.Run, d.now()
	if err := machine.Apply(d.st, e); err != nil {
		d.fail(err)
		return
	}
	if e.Type == event.NodeDone || e.Type == event.NodeObserved {
		d.bindings = nil
	}
	d.batch.events = append(d.batch.events, e)
	d.batch.then = append(d.batch.then, then)
}

// flush makes the batch durable, shows it and begins what waited for it.
func (d *driver) flush() {
	if len(d.batch.events) == 0 || d.err != nil {
		return
	}
	var stored []event.Event
	var err error
	if b := d.batch; len(b.ack) > 0 {
		stored, err = d.o.Journal.AppendAck(d.ctx, b.events, b.ack)
	} else {
		stored, err = d.o.Journal.Append(d.ctx, b.events)
	}
	if err == nil && len(stored) != len(d.batch.events) {
		err = fmt.Errorf("%d of %d events were stored", len(stored), len(d.batch.events))
	}
	if err != nil && d.ctx.Err() != nil {
		err = context.Cause(d.ctx)
	}
	if err != nil {
		d.fail(fmt.Errorf("journal: %w", err))
		return
	}
	then := d.batch.then
	d.batch = batch{}
	for i, e := range stored {
		d.durable(e)
		d.o.View(e)
		if then[i] != nil {
			then[i](e)
		}
	}
}

// durable keeps what the driver itself has to know of the journal, now or when it is replayed.
func (d *driver) durable(e event.Event) {
	d.locks.fold(e)
	d.expo.fold(e)
}

// fail stops the run; the first reason counts.
func (d *driver) fail(err error) {
	if d.err == nil && !d.closed {
		d.err = err
	}
}

// post runs f on the owner's goroutine.
func (d *driver) post(f func()) { d.box.post(f) }

// now is the time of a fact: UTC, without what wouldn't survive being stored.
func (d *driver) now() time.Time { return d.o.Now().UTC().Round(0) }

// note tells people something that decides nothing.
func (d *driver) note(format string, args ...any) {
	d.emit(event.Event{Type: event.Note}.With(event.Noted{Text: fmt.Sprintf(format, args...)}), nil)
}

// snapshot returns the bindings as they are now; nobody changes the copy.
func (d *driver) snapshot() map[string]string {
	if d.bindings == nil {
		d.bindings = maps.Clone(d.st.Bindings())
	}
	return d.bindings
}

// shutdown ends everything that is still under way, and gives back locks that nobody would know of.
func (d *driver) shutdown() {
	d.over, d.closed = true, true
	d.cancel(errStopped)
	if !d.tasks.wait(d.o.Grace) {
		for _, f := range slices.AppendSeq(d.zombies, maps.Values(d.flights)) {
			d.abandon(f)
		}
		slices.Sort(d.result.Abandoned)
		d.result.Abandoned = slices.Compact(d.result.Abandoned)
	}
	for _, f := range d.box.take() {
		f()
	}
	d.locks.giveBack()
}

// abandon notes an attempt that is still running although it was asked to stop.
func (d *driver) abandon(f *flight) {
	if !f.ended.Load() {
		d.result.Abandoned = append(d.result.Abandoned, f.c.Node)
	}
}
