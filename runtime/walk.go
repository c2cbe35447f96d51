package runtime

import (
	"context"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/local"
	"github.com/penstock-dev/penstock/runtime/op"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
)

// walk hands the run over to the driver.
func (o Options) walk(ctx context.Context, w store.Writer, p *plan.Plan, x *op.Executor, run event.RunID, commit string, owner store.Owner, rec *recorder) error {
	_, err := local.Run(ctx, local.Options{
		Plan: p, Record: local.Record{Writer: w, Journal: o.Store, Inbox: o.Store, Evidence: o.Store}, Exec: x,
		Holder: targets.Holder{Run: string(run), Actor: o.Actor.Name, Command: o.Command, Host: owner.Host, PID: owner.PID, Since: time.Now().UTC()},
		Commit: commit, Descends: o.Descends, View: o.View, Tick: o.Tick, Observe: rec.observe,
		Signals: o.Signals, By: o.Actor, Park: o.Park,
	}, run)
	return err
}
