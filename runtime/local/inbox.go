package local

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/signed"
	"github.com/penstock-dev/penstock/runtime/store"
)

// Answer is the body of [store.Approve] and [store.Reject] messages. The body of [store.Abort] and [store.Supersede] is an
// [event.Abort].
type Answer struct {
	Node     plan.NodeID    `json:"node"`
	Approval event.Approval `json:"approval"`
}

// pollInbox brings messages to the owner; the next are looked for when it has dealt with them.
func (d *driver) pollInbox(ctx context.Context) {
	if d.o.Inbox == nil {
		return
	}
	failed := false
	for {
		list, err := d.o.Inbox.Messages(ctx, d.run)
		if err != nil && ctx.Err() == nil && !failed {
			failed = true
			d.sendEvents(note("the inbox can't be read: %s", oneLine(err)))
		}
		if len(list) > 0 {
			handled := make(chan struct{})
			sent := d.send(answer{then: func() error {
				defer close(handled)
				_, err := d.readInbox(ctx)
				return err
			}})
			if !sent {
				return
			}
			select {
			case <-handled:
			case <-d.gone:
				return
			}
		}
		if !sleep(ctx, d.o.InboxEvery) {
			return
		}
	}
}

// readInbox takes in what is in the inbox and reports whether there was anything.
func (d *driver) readInbox(ctx context.Context) (bool, error) {
	if d.o.Inbox == nil {
		return false, nil
	}
	list, err := d.o.Inbox.Messages(ctx, d.run)
	if err != nil {
		return false, fmt.Errorf("inbox of run %s: %w", d.run, err)
	}
	for _, m := range list {
		if err := d.message(ctx, m); err != nil {
			return true, err
		}
	}
	return len(list) > 0, nil
}

// message takes one message in: it is acknowledged in the transaction of the fact that it leads to, so each takes effect
// exactly once.
func (d *driver) message(ctx context.Context, m store.Message) error {
	if err := d.fold([]event.Event{d.fact(m)}); err != nil {
		return err
	}
	return d.flush(ctx, m.ID)
}

// fact is what a message leads to: what can't count becomes a note that says why.
func (d *driver) fact(m store.Message) event.Event {
	switch m.Kind {
	case store.Approve, store.Reject:
		var a Answer
		if err := json.Unmarshal(m.Body, &a); err != nil {
			return note("an answer of %s can't be read: %s", m.From.Name, oneLine(err))
		}
		reject := m.Kind == store.Reject
		about := signed.Context{Run: d.run, Node: a.Node, Plan: d.st.Started().Plan, Reject: reject}
		about.Subject, _, _, _ = d.st.Asked(a.Node)
		proven, err := signed.Admit(d.o.Plan, about, a.Approval, d.clock())
		if err != nil {
			return note("an answer on %q doesn't count: %s", a.Node, oneLine(err))
		}
		if err := machine.CheckApproval(d.st, a.Node, proven, reject, d.clock()); err != nil {
			return note("an answer doesn't count: %s", oneLine(err))
		}
		e := event.Event{Type: event.ApprovalGiven, Node: a.Node}
		if reject {
			e.Type = event.ApprovalRejected
		}
		return e.With(proven)
	case store.Abort, store.Supersede:
		a := event.Abort{By: m.From}
		if len(m.Body) > 0 {
			if err := json.Unmarshal(m.Body, &a); err != nil {
				return note("a wish of %s can't be read: %s", m.From.Name, oneLine(err))
			}
		}
		a.Kind = string(m.Kind)
		if a.By.Name == "" {
			a.By = m.From
		}
		return event.Event{Type: event.RunAbort}.With(a)
	}
	return note("a message of the unknown kind %q was ignored", m.Kind)
}
