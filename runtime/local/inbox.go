package local

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
)

// pollInbox hands what other processes posted to the owner, until the run is over.
func (d *driver) pollInbox() {
	failing := false
	for {
		list, err := d.o.Record.Messages(d.ctx, d.o.Run)
		switch {
		case d.ctx.Err() != nil:
			return
		case err == nil:
			failing = false
			if len(list) > 0 {
				d.post(func() {
					for _, m := range list {
						d.message(m)
					}
				})
			}
		case !failing:
			failing = true
			d.post(func() { d.note("the inbox can't be read: %v", err) })
		}
		if !d.sleep(d.ctx, d.o.Poll) {
			return
		}
	}
}

// message turns a message into the event it asks for, or refuses it; either way it is acknowledged with what is journaled.
func (d *driver) message(m store.Message) {
	if d.seen[m.ID] || d.over || d.err != nil {
		return
	}
	d.seen[m.ID] = true
	e, err := d.asked(m)
	if err != nil {
		e = event.Event{Type: event.Note}.With(event.Noted{Text: fmt.Sprintf("%s of %s doesn't count: %v", m.Kind, m.From.Name, err)})
	}
	d.emit(e, nil)
	if d.err == nil {
		d.batch.ack = append(d.batch.ack, m.ID)
	}
}

// asked is the event that a message asks for.
func (d *driver) asked(m store.Message) (event.Event, error) {
	switch m.Kind {
	case store.Approve, store.Reject:
		var a Answer
		if err := json.Unmarshal(m.Body, &a); err != nil {
			return event.Event{}, fmt.Errorf("read the answer: %w", err)
		}
		x := event.Approval{By: m.From, Subject: a.Subject, Reason: a.Reason}
		reject := m.Kind == store.Reject
		if err := machine.CheckApproval(d.st, a.Node, x, reject, d.now()); err != nil {
			return event.Event{}, err
		}
		e := event.Event{Type: event.ApprovalGiven, Node: a.Node}
		if reject {
			e.Type = event.ApprovalRejected
		}
		return e.With(x), nil
	case store.Abort, store.Supersede:
		var r StopRequest
		if len(m.Body) > 0 {
			if err := json.Unmarshal(m.Body, &r); err != nil {
				return event.Event{}, fmt.Errorf("read the request: %w", err)
			}
		}
		x := event.Abort{Kind: string(m.Kind), By: m.From, Reason: r.Reason, Hard: r.Hard, Successor: r.Successor}
		return event.Event{Type: event.RunAbort}.With(x), nil
	}
	return event.Event{}, errors.New("this penstock doesn't know such messages")
}
