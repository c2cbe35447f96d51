package machine_test

import (
	"testing"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

// TestMutants seeds one mistake after the other and shows that exploring the plans notices each: were the oracle blind to
// one, the exploration of the true machine would mean nothing.
func TestMutants(t *testing.T) {
	for _, m := range machine.Mutations() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			caught := ""
			for _, x := range handmade.All() {
				sc := simulate.Scope{Most: 1, Every: 5, Options: simulate.Options{
					Plan: "sha256:test", MaxEvents: 1000,
					New: func(p *plan.Plan, o machine.Options) (*machine.State, error) {
						s, err := machine.New(p, o)
						if err == nil {
							machine.Mutate(s, m.Bit)
						}
						return s, err
					},
				}}
				r, err := simulate.Explore(t.Context(), x.Plan, sc)
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Violations) > 0 {
					caught = x.Name + ": " + r.Violations[0].String()
					break
				}
			}
			if caught == "" {
				t.Fatal("no scenario notices this mistake")
			}
			t.Logf("%s: caught by %s", m.Name, caught)
		})
	}
}
