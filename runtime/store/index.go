package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// fold brings the record up to date with the next event; an error says why the event cannot be the next one.
func (r *record) fold(e event.Event, outlineOf func(plan.ID) (*outline, error)) error {
	if r.seq == 0 && e.Type != event.RunStarted {
		return fmt.Errorf("a run begins with %s: %w", event.RunStarted, ErrInvalid)
	}
	switch e.Type {
	case event.RunStarted:
		return r.start(e, outlineOf)
	case event.RunParked:
		r.State = Parked
	case event.RunResumed:
		r.State, r.Outcome, r.Ended = Running, "", time.Time{}
	case event.RunEnded:
		p, err := event.Payload[event.Ended](e)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		r.State, r.Outcome, r.Ended = Ended, p.Outcome, e.Time
		if p.Outcome == event.Unsettled {
			r.State = Unsettled
		}
	}
	return nil
}

func (r *record) start(e event.Event, outlineOf func(plan.ID) (*outline, error)) error {
	if r.seq != 0 {
		return fmt.Errorf("the run has started before: %w", ErrInvalid)
	}
	p, err := event.Payload[event.Started](e)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	o, err := outlineOf(p.Plan)
	if err != nil {
		return err
	}
	if o == nil {
		return fmt.Errorf("its plan %s is not stored, so it could not be resumed: %w", p.Plan, ErrInvalid)
	}
	r.RunInfo = RunInfo{
		ID: e.Run, Pipeline: o.Pipeline, Plan: p.Plan, Release: p.Release, Started: e.Time, State: Running,
		Actor: p.Actor, Commit: p.Commit, Envs: o.Envs,
	}
	return nil
}

// passes reports whether a run is selected; Limit is for the caller.
func (f Filter) passes(r RunInfo) bool {
	return (f.Pipeline == "" || f.Pipeline == r.Pipeline) &&
		(f.Env == "" || slices.Contains(r.Envs, f.Env)) &&
		(!f.Active || r.State != Ended)
}

// Runs implements [Index].
func (c *core) Runs(ctx context.Context, f Filter) ([]RunInfo, error) {
	out, err := read(ctx, c, func(v view) ([]RunInfo, error) { return v.records(f) })
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return out, nil
}

// Run implements [Index].
func (c *core) Run(ctx context.Context, id event.RunID) (RunInfo, error) {
	rec, err := read(ctx, c, func(v view) (*record, error) { return v.record(id) })
	if err == nil && rec == nil {
		err = ErrNotFound
	}
	if err != nil {
		return RunInfo{}, fmt.Errorf("read run %s: %w", id, err)
	}
	return rec.RunInfo, nil
}

// read returns what fn read.
func read[T any](ctx context.Context, c *core, fn func(view) (T, error)) (T, error) {
	var out T
	err := c.b.read(ctx, func(v view) (err error) {
		out, err = fn(v)
		return err
	})
	return out, err
}

// outlinePlan reads what the index needs from a plan file and checks that the id is that of its body.
func outlinePlan(id plan.ID, file []byte) (outline, error) {
	var f struct {
		Body json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(file, &f); err != nil {
		return outline{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if got := plan.Sum(f.Body); got != id {
		return outline{}, fmt.Errorf("its body has the id %s: %w", got, ErrInvalid)
	}
	var body struct {
		Pipeline string                     `json:"pipeline"`
		Envs     map[string]json.RawMessage `json:"environments"`
	}
	if err := json.Unmarshal(f.Body, &body); err != nil {
		return outline{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return outline{Pipeline: body.Pipeline, Envs: slices.Sorted(maps.Keys(body.Envs))}, nil
}

// PutPlan implements [Documents].
func (c *core) PutPlan(ctx context.Context, id plan.ID, file []byte) error {
	o, err := outlinePlan(id, file)
	if err != nil {
		return fmt.Errorf("store plan %s: %w", id, err)
	}
	err = c.b.write(ctx, func(t tx) error {
		if fresh, err := putOnce(t, docPlan, string(id), file); err != nil || !fresh {
			return err
		}
		return t.putOutline(id, o)
	})
	if err != nil {
		return fmt.Errorf("store plan %s: %w", id, err)
	}
	return nil
}

// PutDecision implements [Documents].
func (c *core) PutDecision(ctx context.Context, id string, b []byte) error {
	if id == "" {
		return fmt.Errorf("store decision: it has no id: %w", ErrInvalid)
	}
	err := c.b.write(ctx, func(t tx) error {
		_, err := putOnce(t, docDecision, id, b)
		return err
	})
	if err != nil {
		return fmt.Errorf("store decision %s: %w", id, err)
	}
	return nil
}

// putOnce stores a document unless these very bytes are there; it reports whether it did.
func putOnce(t tx, kind docKind, id string, b []byte) (bool, error) {
	old, err := t.document(kind, id)
	switch {
	case err != nil:
		return false, err
	case old == nil:
		return true, t.putDocument(kind, id, b)
	case !bytes.Equal(old, b):
		return false, ErrConflict
	}
	return false, nil
}

// Plan implements [Documents].
func (c *core) Plan(ctx context.Context, id plan.ID) ([]byte, error) {
	return c.document(ctx, docPlan, string(id))
}

// Decision implements [Documents].
func (c *core) Decision(ctx context.Context, id string) ([]byte, error) {
	return c.document(ctx, docDecision, id)
}

func (c *core) document(ctx context.Context, kind docKind, id string) ([]byte, error) {
	b, err := read(ctx, c, func(v view) ([]byte, error) { return v.document(kind, id) })
	if err == nil && b == nil {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, id, err)
	}
	return b, nil
}
