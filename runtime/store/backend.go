package store

import (
	"context"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// backend runs transactions. All rules of the store stand above it, so that they are the same for every form; a backend
// only keeps rows.
type backend interface {
	// write runs fn in a transaction that is durable when write returns nil. Writes happen one after the other, but
	// several may share a transaction: fn must decide whether it can succeed before its first change, and change nothing
	// when it returns an error.
	write(ctx context.Context, fn func(tx) error) error
	// read runs fn on one consistent state.
	read(ctx context.Context, fn func(view) error) error
	// close runs fn as the last write, ends all goroutines and lets go of everything.
	close(last func(tx) error) error
}

// view reads rows. What is absent comes back as nil or empty, never as an error; bytes belong to the caller.
type view interface {
	record(run event.RunID) (*record, error)
	// records returns the runs that pass the filter, newest first.
	records(f Filter) ([]RunInfo, error)
	// rows calls yield with the rows of a run from a seq on, in order, until it returns an error.
	rows(run event.RunID, from uint64, yield func(row) error) error
	lease(run event.RunID) (lease, error)
	document(kind docKind, id string) ([]byte, error)
	outline(id plan.ID) (*outline, error)
	release(id string) (*Release, error)
	// releases returns those of a pipeline ("" means all), newest first.
	releases(pipeline string) ([]Release, error)
	// deployments returns the history of an environment, newest first.
	deployments(env string) ([]Deployment, error)
	message(id MessageID) (*Message, bool, error) // the message and whether it was acknowledged
	messages(run event.RunID) ([]Message, error)
	ticks(run event.RunID, mon plan.MonitorID) ([][]byte, error)
}

// tx reads and writes rows.
type tx interface {
	view
	putRecord(r *record) error
	addRows(run event.RunID, rows []row) error
	putLease(run event.RunID, l lease) error
	putDocument(kind docKind, id string, b []byte) error
	putOutline(id plan.ID, o outline) error
	putRelease(r Release) error
	addDeployment(d Deployment) error
	addMessage(m Message) (MessageID, error)
	acknowledge(id MessageID) error
	addTicks(run event.RunID, mon plan.MonitorID, ticks [][]byte) error
}

// docKind says what a document is.
type docKind string

const (
	docPlan     docKind = "plan"
	docDecision docKind = "decision"
)

// row is one event as it is stored.
type row struct {
	seq   uint64
	bytes []byte
	hash  hash
}

// record is a run in the index, with the end of its chain.
type record struct {
	RunInfo
	seq  uint64
	hash hash
}

func (r *record) head() Head { return Head{Seq: r.seq, Hash: r.hash.String()} }

// lease is who may append to a run. The fence outlives its owner, who is nil when the lease was given back.
type lease struct {
	fence uint64
	owner *Owner
}

// outline is what the index needs of a plan.
type outline struct {
	Pipeline string   `json:"pipeline"`
	Envs     []string `json:"environments"`
}

// core is the store over any backend.
type core struct {
	b backend
	// gone reports whether an owner's process is known to have ended.
	gone func(Owner) bool
	open openWriters
}

var _ Store = (*core)(nil)

func newCore(b backend) *core { return &core{b: b, gone: ProcessGone} }

// Close implements [Store].
func (c *core) Close() error {
	return c.b.close(func(t tx) error {
		for _, w := range c.open.drain() {
			if err := w.giveBack(t); err != nil {
				return err
			}
		}
		return nil
	})
}
