package local

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/targets"
)

// ParkPolicy says what a run does that waits for nothing but people, windows or time.
type ParkPolicy string

// The policies. The empty value is ParkWait.
const (
	ParkWait ParkPolicy = "wait" // goes on waiting in this process
	ParkEnd  ParkPolicy = "park" // appends run.parked after Options.ParkAfter and returns
)

// Options are one process's part of a run.
type Options struct {
	// Plan must be the plan of the run's first event; it is not changed.
	Plan *plan.Plan
	Run  event.RunID
	// Started begins a new run. Where the journal has events already, the run is resumed and Started is not read.
	Started *event.Started
	// Resumed is appended when the run is resumed. A journal that ends with run.started or run.resumed goes on without:
	// the caller has just written that itself.
	Resumed event.Resumed
	// Actor is whom signals and rejected locks are ascribed to.
	Actor event.Actor
	// Holder is what others see while this run holds a lock; its Run is set to Run.
	Holder targets.Holder

	Journal  Journal
	Record   Record
	Executor Executor
	// Gates, Locks, Counts and Leases may be nil for plans without gates, locks, monitors and leases.
	Gates  Gates
	Locks  Locks
	Counts Counts
	Leases Leases

	// Descends says whether this run may supersede the run that holds a lock; nil allows all of them.
	Descends func(ctx context.Context, older targets.Holder) (bool, error)

	// View is called with each event once it is durable, in order; Tick with a monitor's one-line explanation after each
	// of its ticks. Both are called by one goroutine, which they must not keep waiting.
	View func(event.Event)
	Tick func(at time.Time, m plan.MonitorID, line string)
	// Signals asks to stop: the first softly, the second at once.
	Signals <-chan os.Signal

	Park ParkPolicy
	// ParkAfter is how long to wait before parking (default 10s).
	ParkAfter time.Duration

	// Machine bounds the machine. Parallel defaults to 64: it is the number of workers.
	Machine machine.Options
	// Now is the clock (default time.Now). Timers are those of package time.
	Now func() time.Time
	// Poll is how often inbox, locks and requests to supersede are looked at (default 1s).
	Poll time.Duration
	// Grace is how long an attempt may take to notice that it was cancelled (default 10s).
	Grace time.Duration
	// ReadTimeout bounds one reading of counters or limits (default 10s).
	ReadTimeout time.Duration
}

// workers is the default of Options.Machine.Parallel.
const workers = 64

func (o Options) withDefaults() (Options, error) {
	for _, x := range []struct {
		name string
		ok   bool
	}{{"plan", o.Plan != nil}, {"run id", o.Run != ""}, {"journal", o.Journal != nil}, {"record", o.Record != nil}, {"executor", o.Executor != nil}} {
		if !x.ok {
			return o, errors.New("local driver: no " + x.name)
		}
	}
	if o.Machine.Parallel == 0 {
		o.Machine.Parallel = workers
	}
	o.Holder.Run = string(o.Run)
	for _, x := range []struct {
		d *time.Duration
		v time.Duration
	}{{&o.ParkAfter, 10 * time.Second}, {&o.Poll, time.Second}, {&o.Grace, 10 * time.Second}, {&o.ReadTimeout, 10 * time.Second}} {
		if *x.d <= 0 {
			*x.d = x.v
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.View == nil {
		o.View = func(event.Event) {}
	}
	if o.Tick == nil {
		o.Tick = func(time.Time, plan.MonitorID, string) {}
	}
	return o, nil
}

// Result is how this process's part of the run ended.
type Result struct {
	// Outcome and Causes are those of run.ended; Outcome is "" when the run was parked or the process had to stop.
	Outcome event.Outcome
	Causes  []event.Cause
	// Parked is set when the run was parked.
	Parked *event.Parked
	// State is the fold of the journal, for reports. It is nil when the run could not even be read.
	State *machine.State
	// Abandoned are attempts that did not notice in time that they were cancelled; they may still be running.
	Abandoned []plan.NodeID
}
