// Package drive drives a run in this process: it carries out what the machine decides and journals what comes of it.
//
// [Run] is its one door. It folds the journal, or begins it, and then goes round: take every fact that has come in, fold
// them, ask the machine what to do, journal all of it in one append, and only then begin the effects. One goroutine owns
// the machine's state; workers, timers, monitors, locks, the inbox and signals hand it facts and never wait for it. So
// what is on disk is always ahead of what was done, and a hundred answers cost one sync.
//
// # Monitors
//
// Each open monitor has a goroutine that reads counters at every tick, hands what was added to package judge, and stores
// the tick with the raw counters, the weight and the judge's state before it says anything: a later process goes on with
// the very evidence. A tick ends before an instruction changes the split and the next begins after it. Held time under a
// monitor is the time of ticks whose numbers could be read.
//
// # What ends a run early
//
// A journal that fails, a fact that contradicts the journal, or a context that is done: nothing is started any more,
// workers are cancelled and waited for, and the error is returned. Exposure isn't kept up then: leases are renewed by
// the same process that watches.
package drive
