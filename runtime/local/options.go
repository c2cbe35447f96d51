package local

import (
	"context"
	"errors"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/metrics"
	"github.com/penstock-dev/penstock/runtime/op"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
)

// ErrInterrupted means that this process stops although the run hasn't ended: its context ended. The run can be resumed.
var ErrInterrupted = errors.New("interrupted: the run can be resumed")

// Record is what the driver needs of the store. A store.Store together with a store.Writer of the run is one.
type Record struct {
	// Writer is the right to append to the run, Journal what was appended so far.
	Writer  store.Writer
	Journal Journal
	// Inbox brings what other processes say to the run; nil means that nobody does.
	Inbox store.Inbox
	// Evidence reads the ticks of monitors back.
	Evidence store.Evidence
}

// Journal reads a run's facts back. A store.Store is one.
type Journal interface {
	// Events returns the run's events from a Seq on, in order.
	Events(ctx context.Context, run event.RunID, from uint64) ([]event.Event, error)
}

// Options are what a run is driven with. Plan, Record and Exec are required.
type Options struct {
	Plan *plan.Plan
	Record
	// Exec executes instructions and asks gates; its Driver field is where locks, counts and leases come from too.
	Exec *op.Executor
	// Holder is who takes locks; its Run is filled in.
	Holder targets.Holder
	// Commit is the revision that is released, Descends reports whether one revision descends from another. A run
	// supersedes another only with a descendant of its commit; without Descends that is never known and so never so.
	Commit   string
	Descends func(ctx context.Context, newer, older string) (bool, error)
	// Counts reads the counters of SLIs that the target doesn't count itself; nil means that there is nobody to ask.
	Counts func(ctx context.Context, env plan.Environment, m *plan.Monitor, s plan.SLI) (metrics.Pair, error)
	// Machine bounds what the machine decides.
	Machine machine.Options
	// View is told each fact once it is durable, in order; Tick each tick of a monitor as a line for people. Both are
	// called by one goroutine at a time and must not wait.
	View func(event.Event)
	Tick func(at time.Time, m plan.MonitorID, line string)
	// Observe is told each fact once it is durable, before anything follows from it; its error stops the run. It keeps
	// what is derived from the journal (releases, deployments) in step.
	Observe func(ctx context.Context, e event.Event) error
	// Signals brings one value for each Ctrl-C: the first returns to stable, the second stops at once.
	Signals <-chan struct{}
	// By is who drives the run: whom signals are attributed to.
	By event.Actor
	// Park ends the process when all that is left waits for people, windows or time, no lock is held, and nothing is due
	// within ParkBeyond.
	Park       bool
	ParkBeyond time.Duration
	// The intervals in which things outside are asked. Zero takes the default in parentheses.
	InboxEvery time.Duration // messages (300ms)
	LockEvery  time.Duration // a lock that somebody holds, at first; it doubles up to 10 times that (500ms)
	CallLimit  time.Duration // one question to a target or gate (2m)
	Patience   time.Duration // how long a lock that can't be asked for is tried before the run gives up (2m)
	Linger     time.Duration // how long an attempt may take to end after it was stopped (20s)
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&o.InboxEvery, 300*time.Millisecond)
	set(&o.LockEvery, 500*time.Millisecond)
	set(&o.CallLimit, 2*time.Minute)
	set(&o.Patience, 2*time.Minute)
	set(&o.Linger, 20*time.Second)
	if o.Machine.Parallel == 0 {
		o.Machine.Parallel = 512
	}
	if o.View == nil {
		o.View = func(event.Event) {}
	}
	if o.Tick == nil {
		o.Tick = func(time.Time, plan.MonitorID, string) {}
	}
	if o.Observe == nil {
		o.Observe = func(context.Context, event.Event) error { return nil }
	}
	return o
}

// Result is how far the run came.
type Result struct {
	// Outcome is set when the run has ended.
	Outcome event.Outcome
	// Parked says that it waits without a process, and for what.
	Parked *event.Parked
	// State is the fold of the whole journal.
	State *machine.State
}
