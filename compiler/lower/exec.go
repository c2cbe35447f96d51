package lower

import (
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
)

// execStage runs a command. What it did is undone by its revert, when it has one.
func execStage(b *builder) error {
	e := *b.s.src.Exec
	if e.In != "" {
		if _, err := b.in(e.In); err != nil {
			return err
		}
	}
	if err := b.enter(false); err != nil {
		return err
	}
	n := b.next("exec", b.path, plan.Do{Exec: b.l.program(e, "", b.s.src.InterruptedOrDefault())})
	n.Undo = revert(e, e.In)
	return nil
}

// revert is what undoes a command. Compensation is repeated until it succeeds, so an interrupted one starts again.
func revert(e schema.Exec, env schema.EnvName) *plan.Do {
	if e.Revert == nil {
		return nil
	}
	return &plan.Do{Exec: command(*e.Revert, env, schema.InterruptedRerun)}
}
