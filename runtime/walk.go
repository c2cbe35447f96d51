package runtime

import (
	"context"
	"errors"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/op"
	"github.com/penstock-dev/penstock/runtime/store"
)

func (o Options) walk(ctx context.Context, w store.Writer, p *plan.Plan, x *op.Executor, run event.RunID, commit string, owner store.Owner, rec *recorder) error {
	return errors.New("no driver")
}
