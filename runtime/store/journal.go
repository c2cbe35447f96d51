package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/penstock-dev/penstock/runtime/event"
)

// unnumbered is how the JSON of an event begins before it has its seq.
var unnumbered = []byte(`{"seq":0,`)

// draft is an event that has everything but its seq. It is encoded before the transaction begins, so that callers
// encode side by side and the one writer only numbers and hashes.
type draft struct {
	event event.Event
	json  []byte
}

// drafts checks and encodes events.
func drafts(run event.RunID, events []event.Event) ([]draft, error) {
	if run == "" {
		return nil, fmt.Errorf("append: the run has no id: %w", ErrInvalid)
	}
	out := make([]draft, len(events))
	for i, e := range events {
		if e.Run != "" && e.Run != run {
			return nil, fmt.Errorf("append to run %s: event %d belongs to run %s: %w", run, i, e.Run, ErrInvalid)
		}
		if e.Type == "" {
			return nil, fmt.Errorf("append to run %s: event %d has no type: %w", run, i, ErrInvalid)
		}
		e.Seq, e.Run, e.Time = 0, run, e.Time.Round(0).UTC()
		b, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("append to run %s: event %d: %w: %w", run, i, ErrInvalid, err)
		}
		if !bytes.HasPrefix(b, unnumbered) {
			return nil, fmt.Errorf("append to run %s: event %d is not encoded as %s…: %w", run, i, unnumbered, ErrInvalid)
		}
		out[i] = draft{e, b}
	}
	return out, nil
}

// number gives a draft its seq and returns its row.
func (d *draft) number(seq uint64, prior hash) row {
	d.event.Seq = seq
	b := make([]byte, 0, len(d.json)+20)
	b = append(b, unnumbered[:len(unnumbered)-2]...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, d.json[len(unnumbered)-1:]...)
	return row{seq, b, prior.next(b)}
}

// Append implements [Journal].
func (c *core) Append(ctx context.Context, run event.RunID, events []event.Event) ([]event.Event, error) {
	return c.AppendAck(ctx, run, events, nil)
}

// AppendAck implements [Journal].
func (c *core) AppendAck(ctx context.Context, run event.RunID, events []event.Event, ack []MessageID) ([]event.Event, error) {
	return c.append(ctx, run, events, ack, func(t tx) error { return c.claim(t, run) })
}

// append appends once right has said that the caller may.
func (c *core) append(ctx context.Context, run event.RunID, events []event.Event, ack []MessageID, right func(tx) error) ([]event.Event, error) {
	ds, err := drafts(run, events)
	if err != nil {
		return nil, err
	}
	err = c.b.write(ctx, func(t tx) error {
		if err := checkAck(t, run, ack); err != nil {
			return err
		}
		rec, rows, err := extend(t, run, ds)
		if err != nil {
			return err
		}
		if err := right(t); err != nil {
			return err
		}
		for _, id := range ack {
			if err := t.acknowledge(id); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		if err := t.addRows(run, rows); err != nil {
			return err
		}
		return t.putRecord(rec)
	})
	if err != nil {
		return nil, fmt.Errorf("append to run %s: %w", run, err)
	}
	out := make([]event.Event, len(ds))
	for i, d := range ds {
		out[i] = d.event
	}
	return out, nil
}

// extend returns the run's record and the rows that the drafts become behind its head. It changes nothing.
func extend(t tx, run event.RunID, ds []draft) (*record, []row, error) {
	old, err := t.record(run)
	if err != nil {
		return nil, nil, err
	}
	rec := &record{}
	if old != nil {
		*rec = *old
	}
	rows := make([]row, len(ds))
	for i := range ds {
		r := ds[i].number(rec.seq+1, rec.hash)
		if err := rec.fold(ds[i].event, t.outline); err != nil {
			return nil, nil, fmt.Errorf("event %d (%s): %w", r.seq, ds[i].event.Type, err)
		}
		rec.seq, rec.hash, rows[i] = r.seq, r.hash, r
	}
	return rec, rows, nil
}

// Head implements [Journal].
func (c *core) Head(ctx context.Context, run event.RunID) (Head, error) {
	var h Head
	err := c.b.read(ctx, func(v view) error {
		rec, err := v.record(run)
		if err != nil {
			return err
		}
		if rec == nil {
			return ErrNotFound
		}
		h = rec.head()
		return nil
	})
	if err != nil {
		return Head{}, fmt.Errorf("read head of run %s: %w", run, err)
	}
	return h, nil
}

// Events implements [Journal].
func (c *core) Events(ctx context.Context, run event.RunID, from uint64) ([]event.Event, error) {
	var out []event.Event
	err := c.b.read(ctx, func(v view) error {
		rec, err := v.record(run)
		if err != nil {
			return err
		}
		if rec == nil {
			return ErrNotFound
		}
		out, err = readChain(v, rec, max(from, 1))
		return err
	})
	if err != nil {
		return out, fmt.Errorf("read events of run %s: %w", run, err)
	}
	return out, nil
}

// readChain reads and checks a run's events from a seq on. The row before it gives the hash to start from.
func readChain(v view, rec *record, from uint64) ([]event.Event, error) {
	var out []event.Event
	if from > rec.seq {
		return nil, nil
	}
	out = slices.Grow(out, int(min(rec.seq-from+1, 1<<16)))
	want, h := from, hash{}
	if from > 1 {
		want = from - 1
	}
	err := v.rows(rec.ID, want, func(r row) error {
		if r.seq != want {
			return fmt.Errorf("event %d is missing: %w", want, ErrTampered)
		}
		want++
		if r.seq < from {
			h = r.hash
			return nil
		}
		if h = h.next(r.bytes); h != r.hash {
			return fmt.Errorf("event %d is not what was hashed: %w", r.seq, ErrTampered)
		}
		e, err := decodeRow(rec.ID, r)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrTampered, err)
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return out, err
	}
	if want != rec.seq+1 || h != rec.hash {
		return out, fmt.Errorf("it ends at event %d, not at %d as the index says: %w", want-1, rec.seq, ErrTampered)
	}
	return out, nil
}

var errMisplaced = errors.New("misplaced")

// decodeRow decodes the event of a row and checks that it belongs there.
func decodeRow(run event.RunID, r row) (event.Event, error) {
	var e event.Event
	if err := json.Unmarshal(r.bytes, &e); err != nil {
		return event.Event{}, fmt.Errorf("event %d: %w", r.seq, err)
	}
	if e.Seq != r.seq || e.Run != run {
		return event.Event{}, fmt.Errorf("event %d says that it is event %d of run %s: %w", r.seq, e.Seq, e.Run, errMisplaced)
	}
	return e, nil
}
