package machine

// mutation seeds one known mistake into the machine. Only tests set it, to show that the exploration notices.
type mutation uint32

const (
	mutDropUndo         mutation = 1 << iota // compensation forgets one node
	mutSwapUndo                              // compensation runs in forward order
	mutSkipMonitorClose                      // commits without a final verdict
	mutNoLock                                // writes without the environment's lock
	mutRetryAlways                           // retries what isn't transient, without bound
	mutIgnoreHarm                            // goes on after proven harm
	mutForgetTimedOut                        // doesn't undo an attempt that timed out
	mutEarlyCommit                           // doesn't wait for the hold
	mutBlindResume                           // repeats on resume without looking, as if nothing had been in flight
	mutReleaseUnsettled                      // gives the lock back although the environment isn't settled
	mutForgetRollback                        // onFailure.rollback is ignored
	mutSettledAnyway                         // reports an exhausted undo as rolled back
)

func (s *State) mutated(m mutation) bool { return s.mut&m != 0 }
