package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// writer is a lease on a run.
type writer struct {
	c     *core
	run   event.RunID
	fence uint64
}

var _ Writer = (*writer)(nil)

// openWriters are the writers that Close gives back.
type openWriters struct {
	mu  sync.Mutex
	all map[*writer]bool
}

func (o *openWriters) add(w *writer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[*writer]bool{}
	}
	o.all[w] = true
}

func (o *openWriters) remove(w *writer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.all, w)
}

func (o *openWriters) drain() []*writer {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []*writer
	for w := range o.all {
		out = append(out, w)
	}
	o.all = nil
	return out
}

// Writer implements [Leases].
func (c *core) Writer(ctx context.Context, run event.RunID, owner Owner) (Writer, error) {
	return c.take(ctx, run, owner, false)
}

// Seize implements [Leases].
func (c *core) Seize(ctx context.Context, run event.RunID, owner Owner) (Writer, error) {
	return c.take(ctx, run, owner, true)
}

func (c *core) take(ctx context.Context, run event.RunID, owner Owner, force bool) (Writer, error) {
	if run == "" || owner.Host == "" || owner.PID <= 0 {
		return nil, fmt.Errorf("open writer of run %q: it needs a run and an owner with host and pid: %w", run, ErrInvalid)
	}
	w := &writer{c: c, run: run}
	err := c.b.write(ctx, func(t tx) error {
		l, err := t.lease(run)
		if err != nil {
			return err
		}
		if l.owner != nil && !force && !c.gone(*l.owner) {
			return &HeldError{Run: run, Owner: *l.owner}
		}
		w.fence = l.fence + 1
		return t.putLease(run, lease{w.fence, &owner})
	})
	if err != nil {
		return nil, fmt.Errorf("open writer of run %s: %w", run, err)
	}
	c.open.add(w)
	return w, nil
}

// claim is the right of those who hold no lease: nobody else may hold one. A lease whose process is gone ends, so that
// what it was given for cannot write later.
func (c *core) claim(t tx, run event.RunID) error {
	l, err := t.lease(run)
	if err != nil || l.owner == nil {
		return err
	}
	if !c.gone(*l.owner) {
		return &HeldError{Run: run, Owner: *l.owner}
	}
	return t.putLease(run, lease{l.fence + 1, nil})
}

// Holder implements [Leases].
func (c *core) Holder(ctx context.Context, run event.RunID) (*Owner, error) {
	var l lease
	err := c.b.read(ctx, func(v view) (err error) {
		l, err = v.lease(run)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read holder of run %s: %w", run, err)
	}
	if l.owner == nil || c.gone(*l.owner) {
		return nil, nil
	}
	return l.owner, nil
}

// Run implements [Writer].
func (w *writer) Run() event.RunID { return w.run }

// Fence implements [Writer].
func (w *writer) Fence() uint64 { return w.fence }

// holds is the right of a writer: its lease is still the newest.
func (w *writer) holds(t tx) error {
	l, err := t.lease(w.run)
	if err != nil {
		return err
	}
	if l.owner == nil || l.fence != w.fence {
		return ErrFenced
	}
	return nil
}

// Append implements [Writer].
func (w *writer) Append(ctx context.Context, events []event.Event) ([]event.Event, error) {
	return w.AppendAck(ctx, events, nil)
}

// AppendAck implements [Writer].
func (w *writer) AppendAck(ctx context.Context, events []event.Event, ack []MessageID) ([]event.Event, error) {
	return w.c.append(ctx, w.run, events, ack, w.holds)
}

// AppendTicks implements [Writer].
func (w *writer) AppendTicks(ctx context.Context, mon plan.MonitorID, ticks [][]byte) error {
	return w.c.appendTicks(ctx, w.run, mon, ticks, w.holds)
}

// Close implements [Writer].
func (w *writer) Close(ctx context.Context) error {
	if err := w.c.b.write(ctx, w.giveBack); err != nil {
		return fmt.Errorf("close writer of run %s: %w", w.run, err)
	}
	w.c.open.remove(w)
	return nil
}

func (w *writer) giveBack(t tx) error {
	l, err := t.lease(w.run)
	if err != nil || l.owner == nil || l.fence != w.fence {
		return err
	}
	return t.putLease(w.run, lease{w.fence, nil})
}
