package judge

// Verdict is what the evidence says.
type Verdict string

// The verdicts. Harm stays once it is reached.
const (
	Harm         Verdict = "harm"
	Safe         Verdict = "safe"
	Inconclusive Verdict = "inconclusive"
)

// Code names something that is missing or odd. None of them is ever a pass.
type Code string

// The codes.
const (
	NoSeries        Code = "no-series"         // there was no series to read
	Stale           Code = "stale-series"      // the series was not updated in time
	InvalidCounts   Code = "invalid-counts"    // more failures than requests, or impossibly many
	NoTraffic       Code = "no-traffic"        // the canary got no requests although some were due
	NoStableTraffic Code = "no-stable-traffic" // stable got none, so there is nothing to compare with
	SplitMismatch   Code = "split-mismatch"    // the requests were not split as configured
	Gaps            Code = "gaps"              // more than a fifth of the ticks brought no numbers
	TooFew          Code = "too-few-requests"  // fewer requests than the minimum
	TooBlind        Code = "too-blind"         // the data could not have shown the ratio that was asked for
	NotProven       Code = "not-proven-safe"   // safety was required and not shown
	NothingDecides  Code = "nothing-decides"   // every SLI is a dry run
	NeverWatched    Code = "never-watched"     // no tick was taken
	RepeatedTick    Code = "repeated-tick"     // the tick does not follow the last one; it was ignored
	InvalidTick     Code = "invalid-tick"      // its time or weight is impossible; it was ignored
	ConfigChanged   Code = "config-changed"    // the state belongs to another config; the tick was ignored
	InvalidConfig   Code = "invalid-config"    // the config cannot judge; the tick was ignored
)

// Finding is what the evidence says after a tick.
type Finding struct {
	Verdict Verdict      `json:"verdict"`
	Elapsed float64      `json:"elapsed"` // seconds of judged time
	Ticks   int          `json:"ticks"`
	Codes   []Code       `json:"codes,omitempty"` // about the watch as a whole
	SLIs    []SLIFinding `json:"slis,omitempty"`  // in the order of Config.SLIs
}

// SLIFinding is what the evidence says about one SLI.
type SLIFinding struct {
	Name     string  `json:"name"`
	Verdict  Verdict `json:"verdict"`
	Critical bool    `json:"critical,omitempty"`
	DryRun   bool    `json:"dry_run,omitempty"`
	Codes    []Code  `json:"codes,omitempty"`
	Against  Against `json:"against"`
	Counts   Counts  `json:"counts"` // totals of the watch
	// Expected is how many of the failures would be the canary's at equal failure shares; against an objective, how many
	// failures the budget allows for the canary's requests.
	Expected float64 `json:"expected"`
	// Tolerate and Safe are the ratios that the evidence is about, Budget the failure share of the objective.
	Tolerate float64 `json:"tolerate"`
	Safe     float64 `json:"safe"`
	Budget   float64 `json:"budget,omitempty"`
	// HarmLog and SafeLog are natural logarithms of the evidence now, HarmPeak the largest of harm so far.
	HarmLog  float64 `json:"harm_log"`
	HarmPeak float64 `json:"harm_peak"`
	SafeLog  float64 `json:"safe_log"`
	// HarmAlpha and SafeAlpha are the chances of error: evidence of 1/alpha is proof.
	HarmAlpha float64 `json:"harm_alpha"`
	SafeAlpha float64 `json:"safe_alpha"`
	// HarmAt is the elapsed time at which harm was proven.
	HarmAt *float64 `json:"harm_at,omitempty"`
	// Seen is filled in by Conclude.
	Seen *Seen `json:"seen,omitempty"`
}

// decides says whether the SLI may decide.
func (f SLIFinding) decides() bool { return !f.DryRun }
