// Package judge turns counts of failed and total requests into verdicts about a new version.
//
// It takes a [Config] (what is judged and how strictly), one [Tick] of counts after the other and a [State] that holds the
// evidence. It is pure: no clock, no goroutine, no input or output. The same ticks give the same verdict, so a recorded run
// can be judged again, and a state that went through JSON continues exactly where it was. Evidence is never reset: judging
// again from nothing would spend the error probability twice.
//
// Verdicts: harm (proven, latched, the release has to go back), safe (proven below the ratio that counts as safe) and
// inconclusive, which always says what is missing. Missing data is never a pass: no series, a stale series, no traffic, a
// split that is not the configured one are each a [Code] of their own and keep [Conclude] from passing.
//
// # What is guaranteed
//
// The chance of a harm verdict, over the whole watch and however often it is looked at, is at most Alpha when no SLI's
// failure ratio is above what it tolerates. Alpha is split among the SLIs that decide ([Config.Alphas]). The claim "all
// are safe" needs each of them to be proven at Alpha and is wrong with chance at most Alpha without any splitting.
// Method, assumptions and measured rates: internal/evidence and docs/judging.md.
//
// # Against an objective
//
// Where no stable version exists ([AgainstObjective]) each SLI is a one-sample test of the canary's failure share against
// Tolerate times the error budget 1-Objective. Harm uses the robust factor over whole ticks, so a burst counts once. Safe
// (below Safe times the budget) counts requests and therefore supposes that they fail independently of each other: no
// number of quiet minutes excludes a rare burst.
//
// A tick must not span a change of weight: while the failure rate of the whole service moves, mixing two splits in one
// tick could make equal versions look different. The driver closes a tick when it shifts.
package judge
