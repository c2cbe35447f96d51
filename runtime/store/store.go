package store

import (
	"context"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Store is everything that is kept. Take the part that you need, not the whole. All methods may be called from several
// goroutines. A context that ends before a write was begun prevents it; once it is begun its outcome is waited for, so
// an error of the context means that nothing was written.
type Store interface {
	Journal
	Leases
	Documents
	Index
	History
	Inbox
	Evidence
	// Close ends all goroutines and releases the leases of the writers that are still open. Later calls fail with
	// [ErrClosed].
	Close() error
}

// Journal is the events of runs.
type Journal interface {
	// Append appends to a run that nobody holds: for the length of one transaction the caller is its writer. It fails
	// with a [*HeldError] while a living process holds the run. For the rest see [Writer].
	Append(ctx context.Context, run event.RunID, events []event.Event) ([]event.Event, error)
	// AppendAck appends as Append does and acknowledges messages in the same transaction.
	AppendAck(ctx context.Context, run event.RunID, events []event.Event, ack []MessageID) ([]event.Event, error)
	// Events returns the run's events with Seq ≥ from, in order. It checks the chain as it reads: where that breaks, it
	// returns the events before the break and an error that is [ErrTampered].
	Events(ctx context.Context, run event.RunID, from uint64) ([]event.Event, error)
	// Head returns the seq and hash of the run's last event.
	Head(ctx context.Context, run event.RunID) (Head, error)
	// Verify checks the run's whole chain, the index against it and the evidence that its verdicts name. With an anchor
	// it also finds a truncation or a full rewrite. What it finds is in the report; the error is about reading.
	Verify(ctx context.Context, run event.RunID, anchor *Head) (VerifyReport, error)
}

// Writer is the right to append to one run. It ends when it is closed or when somebody takes it over; from then on
// every method but Close fails with [ErrFenced].
type Writer interface {
	Run() event.RunID
	// Fence grows with every writer of the run.
	Fence() uint64
	// Append gives the events their Seq (from 1, without gaps) and their Run and stores them. When it returns they are
	// on disk. It returns them as stored. Either all events are appended or none.
	Append(ctx context.Context, events []event.Event) ([]event.Event, error)
	// AppendAck appends and acknowledges messages in one transaction, so that each takes effect exactly once. It fails
	// with [ErrAcknowledged] when one of them was acknowledged before.
	AppendAck(ctx context.Context, events []event.Event, ack []MessageID) ([]event.Event, error)
	// AppendTicks adds to the evidence stream of one of the run's monitors.
	AppendTicks(ctx context.Context, mon plan.MonitorID, ticks [][]byte) error
	// Close gives the lease back. Closing twice, or after a takeover, does nothing.
	Close(ctx context.Context) error
}

// Leases say who writes a run. The run need not exist yet.
type Leases interface {
	// Writer makes owner the run's writer. A lease whose process is gone is taken over at once; otherwise the error is a
	// [*HeldError]. Use [Self] for the owner.
	Writer(ctx context.Context, run event.RunID, owner Owner) (Writer, error)
	// Seize makes owner the run's writer whoever holds it. It is for people who know that the holder is gone where the
	// store cannot see it, such as on another host.
	Seize(ctx context.Context, run event.RunID, owner Owner) (Writer, error)
	// Holder returns the process that holds the run, nil when nobody does or its process is gone.
	Holder(ctx context.Context, run event.RunID) (*Owner, error)
}

// Documents are bytes by id. They come back exactly as they were put. Putting the same bytes again does nothing; other
// bytes under the same id are [ErrConflict]; an unknown id is [ErrNotFound].
type Documents interface {
	// PutPlan stores a plan file, as plan.Encode writes it. The id must be that of its body.
	PutPlan(ctx context.Context, id plan.ID, file []byte) error
	Plan(ctx context.Context, id plan.ID) ([]byte, error)
	PutDecision(ctx context.Context, id string, b []byte) error
	Decision(ctx context.Context, id string) ([]byte, error)
}

// Index is what is known about runs without reading their events. It changes in the transaction that appends.
type Index interface {
	// Runs returns the runs that pass the filter, newest first.
	Runs(ctx context.Context, f Filter) ([]RunInfo, error)
	// Run returns one run, or [ErrNotFound].
	Run(ctx context.Context, id event.RunID) (RunInfo, error)
}

// History is what went where: releases and deployments.
type History interface {
	// PutRelease stores a release. Putting it again may add digests; anything else that differs is [ErrConflict].
	PutRelease(ctx context.Context, r Release) error
	// Release returns one release, or [ErrNotFound].
	Release(ctx context.Context, id string) (Release, error)
	// Releases returns the releases of a pipeline, newest first; an empty name means all pipelines.
	Releases(ctx context.Context, pipeline string) ([]Release, error)
	// RecordDeployment adds to the history of an environment.
	RecordDeployment(ctx context.Context, d Deployment) error
	// Deployments returns the history of an environment, newest first. See [Since] and [Current].
	Deployments(ctx context.Context, env string) ([]Deployment, error)
	// LastExecuted returns the deployment that is in force: the last one committed and not rolled back. An empty workload
	// means the newest of the environment. Where there is none it is [ErrNotFound].
	LastExecuted(ctx context.Context, env, workload string) (Deployment, error)
}

// Inbox is how other processes speak to a run.
type Inbox interface {
	// Post stores a message for a run that exists and returns its id; the message's own ID is ignored.
	Post(ctx context.Context, m Message) (MessageID, error)
	// Messages returns what was posted and not yet acknowledged, in order.
	Messages(ctx context.Context, run event.RunID) ([]Message, error)
	// Ack acknowledges messages that have no event (they were refused, say). Unknown ids are [ErrNotFound];
	// acknowledging again does nothing.
	Ack(ctx context.Context, ids ...MessageID) error
}

// Evidence is the ticks of monitors, kept apart from the journal, which names them by digest.
type Evidence interface {
	// AppendTicks adds ticks to the stream of a run's monitor, durable on return. The right to do so is that of
	// [Journal].Append; a [Writer] has its own.
	AppendTicks(ctx context.Context, run event.RunID, mon plan.MonitorID, ticks [][]byte) error
	// Ticks returns the stream; it is empty when there is none.
	Ticks(ctx context.Context, run event.RunID, mon plan.MonitorID) ([][]byte, error)
	// Seal returns the digest of the stream as it is now (see [EvidenceDigest]) and its length: what a verdict records as
	// its Evidence and Ticks. More ticks may follow.
	Seal(ctx context.Context, run event.RunID, mon plan.MonitorID) (digest string, n int, err error)
}
