// Package machine decides what a run does next. It is pure: no clock, no goroutine, no I/O.
//
//	s, err := machine.New(p, machine.Options{})
//	for each event e, in order:   machine.Apply(s, e)      // folds a fact, in place
//	then:                         machine.Next(s)          // says what to do now
//
// [Apply] and [Next] are the two doors. The State is the fold of the journal and nothing else: replaying a prefix gives
// the state that the live run had there. Time enters only as [event.Event.Time].
//
// # How a command is never issued twice
//
// Beside the folded state there is an outbox that is not journaled: which commands were issued and not yet answered.
// Next reads the folded state, issues what is due and not in the outbox, and notes it there; the answering event takes
// it out again. So a driver may call Next as often as it likes, and must journal the immediate answers to the commands
// of one Next (node.dispatched, approval.requested) in their order before it applies any other event.
//
// Folding a journal issues nothing. A process that takes a run over folds its journal and then appends run.resumed:
// that empties the outbox, and whatever was in flight is decided again. Attempts that were dispatched and had no end are
// dispatched with Recover first; locks are acquired again (the same number means that nobody came in between); open
// monitors are opened again and go on with the evidence they have; holds, timers and questions are repeated with the
// times they had.
//
// # What happens when something fails
//
// The failing stage stops: what hasn't begun is skipped, interruptible attempts are cancelled, others are waited for.
// Then every instruction of the stage that was ever dispatched and has an Undo is undone, latest first, whatever became
// of it: a failed, cancelled or timed-out attempt may have had its effect. Other stages that already had effects run to
// their end, none begins; after that the stages named in Stage.Rollback are undone in reverse dependency order. An undo
// is repeated with back-off and, when that is no use, the run ends unsettled with its locks kept; resuming it tries again.
package machine
