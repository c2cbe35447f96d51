package machine_test

import (
	"math/rand/v2"
	"testing"

	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

// TestRandomFacts folds long random sequences, most of whose facts could be true.
func TestRandomFacts(t *testing.T) {
	plans := handmade.All()
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := plans[seed%uint64(len(plans))].Plan
		s := newState(t, p)
		for n := range 400 {
			b := []byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()) | 64, byte(r.Uint32())}
			if n == 0 {
				b = []byte{0, 0, 64, 0}
			}
			_ = machine.Apply(s, fuzzEvent(p, b, s))
			machine.Next(s)
		}
	}
}
