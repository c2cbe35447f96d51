package machine

import "reflect"

// Mutations are the seeded mistakes by name, in a fixed order.
func Mutations() []struct {
	Name string
	Bit  uint32
} {
	return []struct {
		Name string
		Bit  uint32
	}{
		{"dropped compensation", uint32(mutDropUndo)},
		{"swapped order of compensation", uint32(mutSwapUndo)},
		{"monitor not closed before commit", uint32(mutSkipMonitorClose)},
		{"no lock", uint32(mutNoLock)},
		{"retries what may not be repeated", uint32(mutRetryAlways)},
		{"ignores harm", uint32(mutIgnoreHarm)},
		{"forgets failed attempts in compensation", uint32(mutForgetTimedOut)},
		{"commits before the hold is over", uint32(mutEarlyCommit)},
		{"doesn't look after a resume", uint32(mutBlindResume)},
		{"gives the lock back unsettled", uint32(mutReleaseUnsettled)},
		{"forgets onFailure.rollback", uint32(mutForgetRollback)},
		{"reports unsettled as rolled back", uint32(mutSettledAnyway)},
	}
}

// Mutate seeds a mistake.
func Mutate(s *State, bit uint32) { s.mut = mutation(bit) }

// SameFold reports whether two states are the same but for what was issued.
func SameFold(a, b *State) bool {
	x, y := *a, *b
	x.out, y.out, x.g, y.g = outbox{}, outbox{}, nil, nil
	return reflect.DeepEqual(x, y)
}
