package local

import (
	"context"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/op"
)

// Occasions on which people are told.
const (
	onStarted    = "started"
	onWaiting    = "waiting"
	onDone       = "done"
	onFailed     = "failed"
	onRolledBack = "rolledBack"
	onUnsettled  = "unsettled"
)

// tellLimit bounds one notification: nobody's inbox holds a release up.
const tellLimit = 30 * time.Second

// told is the body of a notification.
type told struct {
	Occasion string        `json:"occasion"`
	Run      event.RunID   `json:"run"`
	Pipeline string        `json:"pipeline"`
	Release  string        `json:"release,omitempty"`
	Commit   string        `json:"commit,omitempty"`
	Stage    string        `json:"stage,omitempty"`
	Node     plan.NodeID   `json:"node,omitempty"`
	Causes   []event.Cause `json:"causes,omitempty"`
	At       time.Time     `json:"at"`
}

// tellRun tells those who want to know how the run is going.
func (d *driver) tellRun(ctx context.Context, e event.Event) {
	t := told{Node: e.Node, At: e.Time}
	switch e.Type {
	case event.RunStarted:
		t.Occasion = onStarted
	case event.ApprovalRequested, event.LockWaiting, event.RunParked:
		t.Occasion = onWaiting
	case event.RunEnded:
		x, err := event.Payload[event.Ended](e)
		if err != nil {
			return
		}
		t.Causes = x.Causes
		switch x.Outcome {
		case event.Succeeded:
			t.Occasion = onDone
		case event.RolledBack:
			t.Occasion = onRolledBack
		case event.Unsettled:
			t.Occasion = onUnsettled
		default:
			t.Occasion = onFailed
		}
	default:
		return
	}
	d.tell(ctx, d.o.Plan.Notify, t)
	if n := d.nodes[e.Node]; n != nil && t.Occasion == onWaiting {
		if st := d.o.Plan.StageByName(n.Stage); st != nil {
			t.Stage = n.Stage
			d.tell(ctx, st.Notify, t)
		}
	}
}

// tellStages tells those who want to know how a stage is going.
func (d *driver) tellStages(ctx context.Context) {
	for _, name := range d.stageChanges() {
		occasion := map[string]string{
			"active": onStarted, "failing": onFailed, "done": onDone, "undone": onRolledBack, "stuck": onUnsettled,
		}[d.told[name]]
		if occasion == "" {
			continue
		}
		d.tell(ctx, d.o.Plan.StageByName(name).Notify, told{Occasion: occasion, Stage: name, At: d.last})
	}
}

// stageChanges returns the stages that notify and whose status has changed since it was last called.
func (d *driver) stageChanges() []string {
	if !d.stagesTell {
		return nil
	}
	var out []string
	for _, v := range d.st.Stages() {
		st := d.o.Plan.StageByName(v.Name)
		if len(st.Notify) > 0 && d.told[v.Name] != v.Status {
			d.told[v.Name] = v.Status
			out = append(out, v.Name)
		}
	}
	return out
}

// tell sends the notifications that are meant for the occasion. It never fails a run, and outlives the driver for a moment
// so that the end of a run can be told.
func (d *driver) tell(ctx context.Context, all map[string]plan.Notification, t told) {
	for _, name := range sortedKeys(all) {
		n := all[name]
		if !contains(n.On, t.Occasion) {
			continue
		}
		started := d.st.Started()
		t.Run, t.Pipeline, t.Release, t.Commit = d.run, d.o.Plan.Pipeline, started.Release, started.Commit
		call := op.Call{
			Run: string(d.run), Node: plan.NodeID("notify/" + name), Key: string(d.run) + "/notify/" + name + "/" + t.Occasion,
			Bindings: d.values(),
		}
		d.spawn(func() {
			ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), min(tellLimit, d.o.Linger))
			defer stop()
			if err := d.o.Exec.Tell(ctx, call, n, t); err != nil {
				d.sendEvents(note("nobody was told by %q that it is %s: %s", name, t.Occasion, oneLine(err)))
			}
		})
	}
}
