// Package local executes what the machine decides, on this host: it is the embedded default.
//
// [Run] takes a run's journal so far and goes on until the run has ended, is parked, or this process has to stop. One
// goroutine, the owner, holds all state: it folds facts into the machine, appends them, and starts what the machine
// commands. Everything that waits (instructions, locks, gates, judges, leases, timers) runs beside it and answers with
// events. Facts that arrive while others are being written are written together, so that many share one fsync.
//
// What it guarantees: a fact is durable before anything follows from it, so no effect is without its node.dispatched; the
// first write that fails stops the run, and nothing is begun after it; every goroutine that was started has ended when
// Run returns.
//
// # Time
//
// Judged time is the sum of a monitor's ticks whose counts could be read; a hold under a monitor waits for that much of
// it, wall time in which no process ran included in nothing. Ticks are closed when traffic is about to be shifted and
// begin again afterwards, so that none spans two weights.
package local
