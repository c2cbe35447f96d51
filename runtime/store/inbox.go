package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Post implements [Inbox].
func (c *core) Post(ctx context.Context, m Message) (MessageID, error) {
	if !slices.Contains([]MessageKind{Approve, Reject, Abort, Supersede}, m.Kind) {
		return 0, fmt.Errorf("post to run %s: unknown kind %q (known: %s, %s, %s, %s): %w",
			m.Run, m.Kind, Approve, Reject, Abort, Supersede, ErrInvalid)
	}
	if len(m.Body) > 0 && !json.Valid(m.Body) {
		return 0, fmt.Errorf("post to run %s: the body is not JSON: %w", m.Run, ErrInvalid)
	}
	m.At = m.At.Round(0).UTC()
	var id MessageID
	err := c.b.write(ctx, func(t tx) error {
		rec, err := t.record(m.Run)
		if err != nil {
			return err
		}
		if rec == nil {
			return ErrNotFound
		}
		id, err = t.addMessage(m)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("post to run %s: %w", m.Run, err)
	}
	return id, nil
}

// Messages implements [Inbox].
func (c *core) Messages(ctx context.Context, run event.RunID) ([]Message, error) {
	out, err := read(ctx, c, func(v view) ([]Message, error) { return v.messages(run) })
	if err != nil {
		return nil, fmt.Errorf("read messages of run %s: %w", run, err)
	}
	return out, nil
}

// Ack implements [Inbox].
func (c *core) Ack(ctx context.Context, ids ...MessageID) error {
	err := c.b.write(ctx, func(t tx) error {
		for _, id := range ids {
			m, _, err := t.message(id)
			if err != nil {
				return err
			}
			if m == nil {
				return fmt.Errorf("message %d: %w", id, ErrNotFound)
			}
		}
		for _, id := range ids {
			if err := t.acknowledge(id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return nil
}

// checkAck reports whether messages may be acknowledged together with events of a run.
func checkAck(t tx, run event.RunID, ids []MessageID) error {
	for i, id := range ids {
		m, acked, err := t.message(id)
		switch {
		case err != nil:
			return err
		case m == nil:
			return fmt.Errorf("message %d: %w", id, ErrNotFound)
		case m.Run != run:
			return fmt.Errorf("message %d is for run %s: %w", id, m.Run, ErrInvalid)
		case acked || slices.Contains(ids[:i], id):
			return fmt.Errorf("message %d: %w", id, ErrAcknowledged)
		}
	}
	return nil
}

// AppendTicks implements [Evidence].
func (c *core) AppendTicks(ctx context.Context, run event.RunID, mon plan.MonitorID, ticks [][]byte) error {
	return c.appendTicks(ctx, run, mon, ticks, func(t tx) error { return c.claim(t, run) })
}

func (c *core) appendTicks(ctx context.Context, run event.RunID, mon plan.MonitorID, ticks [][]byte, right func(tx) error) error {
	if run == "" || mon == "" {
		return fmt.Errorf("append ticks: they need a run and a monitor: %w", ErrInvalid)
	}
	err := c.b.write(ctx, func(t tx) error {
		if err := right(t); err != nil {
			return err
		}
		return t.addTicks(run, mon, ticks)
	})
	if err != nil {
		return fmt.Errorf("append ticks of %s in run %s: %w", mon, run, err)
	}
	return nil
}

// Ticks implements [Evidence].
func (c *core) Ticks(ctx context.Context, run event.RunID, mon plan.MonitorID) ([][]byte, error) {
	out, err := read(ctx, c, func(v view) ([][]byte, error) { return v.ticks(run, mon) })
	if err != nil {
		return nil, fmt.Errorf("read ticks of %s in run %s: %w", mon, run, err)
	}
	return out, nil
}

// Seal implements [Evidence].
func (c *core) Seal(ctx context.Context, run event.RunID, mon plan.MonitorID) (string, int, error) {
	ticks, err := c.Ticks(ctx, run, mon)
	if err != nil {
		return "", 0, err
	}
	return EvidenceDigest(ticks), len(ticks), nil
}
