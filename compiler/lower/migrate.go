package lower

import (
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
)

// migrateStage checks, then applies; what undoes it is its revert, or nothing for a declared reason.
func migrateStage(b *builder) error {
	m := *b.s.src.Migrate
	if _, err := b.in(m.In); err != nil {
		return err
	}
	if err := b.enter(true); err != nil {
		return err
	}
	n := b.next("migrate", b.path, plan.Do{Migrate: b.migration(m, m.Apply)})
	n.Irreversible = m.Irreversible
	if m.Revert != nil {
		n.Undo = &plan.Do{Revert: b.migration(m, *m.Revert)}
	}
	return nil
}

// migration is one direction of a migration. The check is the same for both.
func (b *builder) migration(m schema.Migrate, c schema.Command) *plan.Migrate {
	return &plan.Migrate{
		Environment: string(m.In), Check: m.Check.Command, CheckIn: apart(m.Check, c), Command: c.Command, Surroundings: surroundings(c),
		Lock: m.Lock, Interrupted: plan.Interrupted(b.s.src.InterruptedOrDefault()),
	}
}
