package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
)

// Why contexts of goroutines end.
var (
	errStopped   = errors.New("the driver has stopped")
	errTimedOut  = errors.New("its time was up")
	errCancelled = errors.New("cancelled")
)

// maxBatch bounds how many answers share one write.
const maxBatch = 4096

// answer is what a goroutine tells the owner: facts to record, and a step that the owner makes once they are folded.
type answer struct {
	events []event.Event
	then   func() error
}

// driver is the owner's state. Only the goroutine of Run touches it, but for answers, gone and wg.
type driver struct {
	o        Options
	st       *machine.State
	nodes    map[plan.NodeID]*plan.Node
	monitors map[plan.MonitorID]*plan.Monitor
	run      event.RunID
	seq      uint64
	last     time.Time

	answers chan answer
	gone    chan struct{} // closed when the owner listens no more
	wg      sync.WaitGroup

	alarms  alarms
	flights map[flightKey]*flight
	watches map[plan.MonitorID]*watch
	holds   []machine.Hold
	leases  map[plan.Ref]*lease
	orders  orders
	held    map[string]uint64 // fences of the locks that this process holds
	strays  strays
	// acquires are the goroutines that ask for locks, the latest of each environment.
	acquires map[string]acquiring
	// told is the latest status of the stages that notify; stagesTell says that there are any.
	told       map[string]string
	stagesTell bool

	pending  []event.Event     // folded, not yet durable
	bindings map[string]string // a copy that goroutines may read; nil when it is out of date
	signals  int
	over     bool
	parked   *event.Parked
}

// Run goes on with a run until it has ended, is parked, or ctx ends ([ErrInterrupted]). The run's last fact is the one with
// which this process begins: run.started or run.resumed. An error means that this process could not go on; whatever it
// is, the run can be resumed.
func Run(ctx context.Context, o Options, run event.RunID) (Result, error) {
	journal, err := o.Journal.Events(ctx, run, 1)
	if err != nil {
		return Result{}, fmt.Errorf("journal of run %s: %w", run, err)
	}
	d, err := newDriver(o.withDefaults(), run, journal)
	if err != nil {
		return Result{}, err
	}
	work, stop := context.WithCancelCause(ctx)
	err = d.drive(work, journal[len(journal)-1])
	close(d.gone)
	stop(errStopped)
	if werr := d.join(); err == nil {
		err = werr
	}
	res := Result{State: d.st, Parked: d.parked}
	res.Outcome, _ = d.st.Ended()
	if err != nil && ctx.Err() != nil && !d.over {
		return res, fmt.Errorf("%w (%w)", ErrInterrupted, context.Cause(ctx))
	}
	return res, err
}

func newDriver(o Options, run event.RunID, journal []event.Event) (*driver, error) {
	st, err := machine.New(o.Plan, o.Machine)
	if err != nil {
		return nil, err
	}
	d := &driver{
		o: o, st: st, run: run, nodes: make(map[plan.NodeID]*plan.Node, len(o.Plan.Nodes)), monitors: map[plan.MonitorID]*plan.Monitor{},
		answers: make(chan answer, maxBatch), gone: make(chan struct{}),
		flights: map[flightKey]*flight{}, watches: map[plan.MonitorID]*watch{}, leases: map[plan.Ref]*lease{}, orders: orders{},
		held: map[string]uint64{}, told: map[string]string{}, strays: strays{envs: map[string]bool{}}, acquires: map[string]acquiring{},
	}
	for i := range o.Plan.Nodes {
		d.nodes[o.Plan.Nodes[i].ID] = &o.Plan.Nodes[i]
	}
	for i := range o.Plan.Monitors {
		d.monitors[o.Plan.Monitors[i].ID] = &o.Plan.Monitors[i]
	}
	d.o.Holder.Run, d.o.Holder.Commit = string(run), o.Commit
	for i := range o.Plan.Stages {
		d.stagesTell = d.stagesTell || len(o.Plan.Stages[i].Notify) > 0
	}
	for _, e := range journal {
		if err := machine.Apply(st, e); err != nil {
			return nil, fmt.Errorf("replay run %s: %w", run, err)
		}
		d.seq, d.last = e.Seq, e.Time
		d.trackLease(e)
	}
	if len(journal) == 0 || journal[len(journal)-1].Type != event.RunStarted && journal[len(journal)-1].Type != event.RunResumed {
		return nil, fmt.Errorf("run %s neither begins nor is resumed", run)
	}
	if journal[len(journal)-1].Type == event.RunResumed {
		d.suspectAll()
	}
	d.stageChanges() // what was told before this process
	return d, nil
}

// drive loops until the run is over or parked.
func (d *driver) drive(ctx context.Context, first event.Event) error {
	d.tellRun(ctx, first)
	d.renewLeases(ctx)
	d.spawn(func() { d.pollInbox(ctx) })
	d.spawn(func() { d.pollSupersede(ctx) })
	for {
		if done, err := d.decide(ctx); done || err != nil {
			return err
		}
		if err := d.wait(ctx); err != nil {
			return err
		}
	}
}

// decide executes what the machine commands until it has nothing more to say.
func (d *driver) decide(ctx context.Context) (done bool, err error) {
	for {
		cmds := machine.Next(d.st)
		if len(cmds) == 0 {
			return false, d.flush(ctx)
		}
		if p, ok := cmds[0].(machine.Park); ok {
			if err := d.flush(ctx); err != nil || !d.mayPark(p) {
				return false, err
			}
			// what was said while no process ran is heard before this one ends too
			if heard, err := d.readInbox(ctx); err != nil {
				return false, err
			} else if heard {
				continue
			}
			if err := d.giveBackStrays(ctx); err != nil {
				return false, err
			}
			d.parked = &event.Parked{Waiting: p.Waiting, Reason: p.Reason}
			if err := d.fold([]event.Event{event.Event{Type: event.RunParked}.With(*d.parked)}); err != nil {
				return false, err
			}
			return true, d.flush(ctx)
		}
		if err := d.execute(ctx, cmds); err != nil || d.over {
			return d.over, err
		}
	}
}

// mayPark reports whether the process may end here: a lock that is held keeps it, since leases have to be renewed.
func (d *driver) mayPark(p machine.Park) bool {
	soon := !p.Until.IsZero() && p.Until.Before(time.Now().Add(d.o.ParkBeyond))
	return d.o.Park && len(p.Locks) == 0 && len(d.held) == 0 && !soon
}

// wait takes in what happens next. It goes into one write with everything else that has happened by then, and with what
// the machine decides about it.
func (d *driver) wait(ctx context.Context) error {
	var ring <-chan time.Time
	if at, ok := d.alarms.next(); ok {
		t := time.NewTimer(time.Until(at))
		defer t.Stop()
		ring = t.C
	}
	var facts []event.Event
	var steps []func() error
	take := func(a answer) {
		facts = append(facts, a.events...)
		if a.then != nil {
			steps = append(steps, a.then)
		}
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case _, ok := <-d.o.Signals:
		if !ok {
			d.o.Signals = nil
			return nil
		}
		facts = append(facts, d.signal())
	case <-ring:
	case a := <-d.answers:
		take(a)
		for more := true; more && len(facts) < maxBatch; {
			select {
			case a := <-d.answers:
				take(a)
			default:
				more = false
			}
		}
	}
	for _, x := range d.alarms.due(time.Now()) {
		facts = append(facts, x.events...)
		if x.step != nil {
			steps = append(steps, func() error { x.step(); return nil })
		}
	}
	if err := d.fold(facts); err != nil {
		return err
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// signal is what a Ctrl-C asks for.
func (d *driver) signal() event.Event {
	d.signals++
	a := event.Abort{Kind: "signal", By: d.o.By, Hard: d.signals > 1}
	return event.Event{Type: event.RunAbort}.With(a)
}

// fold gives facts to the machine and keeps them for the next flush. A fact that the machine finds impossible is a mistake
// of the driver and must not get into the journal.
func (d *driver) fold(facts []event.Event) error {
	now := d.clock()
	for _, e := range facts {
		e.Seq, e.Run, e.Time = d.seq+uint64(len(d.pending))+1, d.run, now
		if err := machine.Apply(d.st, e); err != nil {
			return fmt.Errorf("this is a bug in penstock: %w", err)
		}
		d.pending = append(d.pending, e)
	}
	return nil
}

// flush makes the facts durable that were folded. Nothing follows from them before: neither an effect nor what others are
// shown. A write that fails ends the process, and its state with it.
func (d *driver) flush(ctx context.Context, ack ...store.MessageID) error {
	if len(d.pending) == 0 && len(ack) == 0 {
		return nil
	}
	stored, err := d.append(ctx, d.pending, ack)
	d.pending = d.pending[:0]
	if err != nil {
		return fmt.Errorf("journal of run %s: %w", d.run, err)
	}
	for _, e := range stored {
		d.seq++
		if e.Seq != d.seq {
			return fmt.Errorf("journal of run %s: event %d was stored as %d: somebody else writes it", d.run, d.seq, e.Seq)
		}
		if err := d.o.Observe(ctx, e); err != nil {
			return err
		}
		d.o.View(e)
		d.follow(ctx, e)
	}
	d.tellStages(ctx)
	return nil
}

func (d *driver) append(ctx context.Context, facts []event.Event, ack []store.MessageID) ([]event.Event, error) {
	switch {
	case len(ack) == 0:
		return d.o.Writer.Append(ctx, facts)
	case len(facts) == 0:
		return nil, d.o.Inbox.Ack(ctx, ack...)
	}
	return d.o.Writer.AppendAck(ctx, facts, ack)
}

// clock is now, never before the latest fact.
func (d *driver) clock() time.Time {
	now := time.Now().UTC().Round(0)
	if now.Before(d.last) {
		now = d.last
	}
	d.last = now
	return now
}

// follow keeps what depends on a fact in step.
func (d *driver) follow(ctx context.Context, e event.Event) {
	switch e.Type {
	case event.NodeDone, event.NodeObserved, event.RunStarted:
		d.bindings = nil
	case event.LockReleased, event.LockLost:
		delete(d.held, e.Env)
	}
	d.trackLease(e)
	d.renewLeases(ctx)
	d.tellRun(ctx, e)
}

// values returns the run-time values known so far; goroutines may read the map.
func (d *driver) values() map[string]string {
	if d.bindings == nil {
		d.bindings = maps.Clone(d.st.Bindings())
	}
	return d.bindings
}

// spawn runs f beside the owner.
func (d *driver) spawn(f func()) { d.wg.Go(f) }

// send hands an answer to the owner; false means that it listens no more.
func (d *driver) send(a answer) bool {
	select {
	case <-d.gone:
		return false
	default:
	}
	select {
	case d.answers <- a:
		return true
	case <-d.gone:
		return false
	}
}

// sendEvents hands facts to the owner.
func (d *driver) sendEvents(events ...event.Event) bool { return d.send(answer{events: events}) }

// note is a fact for people.
func note(format string, args ...any) event.Event {
	return event.Event{Type: event.Note}.With(event.Noted{Text: fmt.Sprintf(format, args...)})
}

// join waits for the goroutines. What doesn't end although it was stopped is left behind, and said.
func (d *driver) join() error {
	done := make(chan struct{})
	go func() {
		d.wg.Wait()
		close(done)
	}()
	t := time.NewTimer(2 * d.o.Linger)
	defer t.Stop()
	select {
	case <-done:
		return nil
	case <-t.C:
		return fmt.Errorf("something that was stopped has not ended within %s", 2*d.o.Linger)
	}
}
