package local

import (
	"context"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/metrics"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
)

// Journal is the right to write the run's record. A [store.Writer] has it. When a method returns nil, what was given is
// durable; the first error stops the run. The methods are called from several goroutines.
type Journal interface {
	// Append gives the events their Seq, stores all of them or none, and returns them as stored.
	Append(ctx context.Context, events []event.Event) ([]event.Event, error)
	// AppendAck does the same and acknowledges messages in the same transaction.
	AppendAck(ctx context.Context, events []event.Event, ack []store.MessageID) ([]event.Event, error)
	// AppendTicks adds to a monitor's stream of evidence.
	AppendTicks(ctx context.Context, m plan.MonitorID, ticks [][]byte) error
}

// Record is what the run reads: its own past, and its inbox. A [store.Store] has it.
type Record interface {
	// Events returns the run's events from a Seq on, in order; none, or [store.ErrNotFound], for a run that never began.
	Events(ctx context.Context, run event.RunID, from uint64) ([]event.Event, error)
	// Messages returns what was posted and not yet acknowledged, in order.
	Messages(ctx context.Context, run event.RunID) ([]store.Message, error)
	// Ticks returns a monitor's stream of evidence.
	Ticks(ctx context.Context, run event.RunID, m plan.MonitorID) ([][]byte, error)
	// Seal returns the digest and the length of that stream as it is now.
	Seal(ctx context.Context, run event.RunID, m plan.MonitorID) (digest string, n int, err error)
}

// Executor runs instructions.
type Executor interface {
	// Do executes one attempt of d, whatever the instruction, and says how it ended. order is the Seq of its
	// node.dispatched, bindings are the run-time values known so far (by [machine.BindingName]; not to be changed). When ctx
	// ends it stops as soon as it can. With d.Recover it changes nothing and answers with Observed.
	Do(ctx context.Context, d machine.Dispatch, order uint64, bindings map[string]string) Outcome
}

// Outcome is how an attempt ended. Exactly one of Done, Failure and Observed is set.
type Outcome struct {
	Done     *event.Done
	Failure  *event.Failure
	Observed *event.Observed
	// Fenced says that a stale fencing number was refused: somebody else has the environment's lock.
	Fenced bool
}

// Gates answers whether a gate is open.
type Gates interface {
	// Ask asks once. What can't be asked is closed, with the reason.
	Ask(ctx context.Context, node plan.NodeID, g *plan.Gate, bindings map[string]string, now time.Time) event.GateAnswer
}

// Locks finds the keeper of an environment's lock.
type Locks interface {
	// Locker returns who keeps the lock of an environment, and the place it is kept for. A locker that is also a
	// [targets.Superseder] lets runs supersede each other.
	Locker(ctx context.Context, env string) (targets.Locker, targets.Place, error)
}

// Counts is where a monitor's numbers come from.
type Counts interface {
	// Pair returns the counters of one of the monitor's SLIs, named by its SLO. [metrics.ErrNoData] and [metrics.ErrStale]
	// say that there are none; [metrics.ErrUnsupported] that there never will be.
	Pair(ctx context.Context, m *plan.Monitor, slo string, bindings map[string]string) (metrics.Pair, error)
	// Limit returns the value that one of the monitor's limits bounds.
	Limit(ctx context.Context, m *plan.Monitor, l plan.Limit, at time.Time) (float64, error)
}

// Leases keeps exposure from being taken back while it is being watched.
type Leases interface {
	Renew(ctx context.Context, l Lease) error
}

// Lease is the exposure of one workload.
type Lease struct {
	Workload plan.Ref
	// Key, Fence and Order are those of the latest instruction on the workload, as in [targets.Call].
	Key   string
	Env   string
	Fence uint64
	Order uint64
	// For is how long it lasts from now on.
	For      time.Duration
	Bindings map[string]string
}

// Answer is the body of a [store.Approve] or [store.Reject] message.
type Answer struct {
	Node plan.NodeID `json:"node"`
	// Subject is what the person was shown; an answer to anything else doesn't count.
	Subject string `json:"subject"`
	Reason  string `json:"reason,omitempty"`
}

// StopRequest is the body of a [store.Abort] or [store.Supersede] message.
type StopRequest struct {
	Reason string `json:"reason,omitempty"`
	// Hard asks to stop at once, leaving the run unsettled.
	Hard bool `json:"hard,omitempty"`
	// Successor is the run that takes over.
	Successor event.RunID `json:"successor,omitempty"`
}
