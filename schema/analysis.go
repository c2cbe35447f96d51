package schema

// Analysis says how a new version is judged: compared with the stable one by
// SLOs, and held to absolute limits.
type Analysis struct {
	SLOs   map[SLOName]Judgement `json:"slos,omitempty"`
	Limits map[LimitName]Limit   `json:"limits,omitempty"`
	// Expect is the traffic expected; vet computes from it what can be detected.
	Expect *Expect `json:"expect,omitempty"`
	// Require is what must be shown before the new version is promoted.
	Require Require `json:"require,omitempty"`
	// Inconclusive is what happens when Require is not shown by the end of the hold.
	Inconclusive Inconclusive `json:"inconclusive,omitempty"`
	// Alpha is the probability of a false alarm over the whole watch.
	Alpha *float64 `json:"alpha,omitempty"`
	// Minimum is the number of requests to the new version below which there is no verdict.
	Minimum *int `json:"minimum,omitempty"`
	// Sticky declares that clients stay with a version, which switches the check of the traffic split off.
	Sticky bool `json:"sticky,omitempty"`
}

// Judgement is how one SLO is used in an analysis.
type Judgement struct {
	// Tolerate is how many times as often as stable the new version may fail.
	Tolerate *float64 `json:"tolerate,omitempty"`
	// Prove is the ratio that ProvenSafe must show the new version to be below; Tolerate when absent.
	Prove *float64 `json:"prove,omitempty"`
	// Critical makes harm in this SLO alone decide, whatever the others say.
	Critical bool `json:"critical,omitempty"`
	// Weight is this SLO's part of alpha relative to the others.
	Weight *float64 `json:"weight,omitempty"`
	// DryRun reports the verdict and does not act on it.
	DryRun bool `json:"dryRun,omitempty"`
}

// Limit bounds the value of a query. At least one of above and below is present.
type Limit struct {
	// Query is PromQL with one value as result.
	Query string `json:"query"`
	// Above is what the value must stay above.
	Above *float64 `json:"above,omitempty"`
	// Below is what the value must stay below.
	Below *float64 `json:"below,omitempty"`
}

// Expect is the traffic of the whole service in the environment.
type Expect struct {
	// RPS is requests per second.
	RPS float64 `json:"rps"`
	// Errors is the share of bad requests in percent.
	Errors float64 `json:"errors"`
}

// Require is what a judgement must show.
type Require string

// The values of Require.
const (
	// NoHarm promotes unless harm is shown. It is the default.
	NoHarm Require = "no-harm"
	// ProvenSafe promotes only when the tolerated ratio is shown to hold.
	ProvenSafe Require = "proven-safe"
)

// Inconclusive says what happens when the requirement is not shown in time.
type Inconclusive string

// The values of Inconclusive.
const (
	// InconclusiveRollback goes back. It is the default.
	InconclusiveRollback Inconclusive = "rollback"
	// InconclusiveHold watches on until a verdict, for at most the stage's timeout.
	InconclusiveHold Inconclusive = "hold"
	// InconclusiveApprove parks and asks a person.
	InconclusiveApprove Inconclusive = "approve"
)

// Verify holds and judges a workload that is already released. Its analysis
// fields are those of Analysis.
type Verify struct {
	Workload     WorkloadName          `json:"workload"`
	In           EnvName               `json:"in"`
	Hold         Duration              `json:"hold"`
	SLOs         map[SLOName]Judgement `json:"slos,omitempty"`
	Limits       map[LimitName]Limit   `json:"limits,omitempty"`
	Expect       *Expect               `json:"expect,omitempty"`
	Require      Require               `json:"require,omitempty"`
	Inconclusive Inconclusive          `json:"inconclusive,omitempty"`
	Alpha        *float64              `json:"alpha,omitempty"`
	Minimum      *int                  `json:"minimum,omitempty"`
	Sticky       bool                  `json:"sticky,omitempty"`
}

// Analysis returns the analysis fields of v.
func (v Verify) Analysis() Analysis {
	return Analysis{
		SLOs: v.SLOs, Limits: v.Limits, Expect: v.Expect, Require: v.Require,
		Inconclusive: v.Inconclusive, Alpha: v.Alpha, Minimum: v.Minimum, Sticky: v.Sticky,
	}
}
