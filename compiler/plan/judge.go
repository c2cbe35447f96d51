package plan

// Monitor watches while nodes run: it opens when Opens starts and closes when Closes starts or the stage ends.
type Monitor struct {
	ID       MonitorID `json:"id"`
	Stage    string    `json:"stage"`
	Workload Ref       `json:"workload"`
	Opens    NodeID    `json:"opens"`
	Closes   NodeID    `json:"closes"`
	When     *When     `json:"when,omitempty"`
	Judge    Judge     `json:"judge"`
}

// Judge is how the monitor decides.
type Judge struct {
	// Against is "stable" (comparison in the same window) or "objective" (absolute, where no stable version exists).
	Against string `json:"against"`
	// SLIs are judged by counts.
	SLIs []JudgedSLI `json:"slis,omitempty"`
	// Limits are absolute bounds on queries.
	Limits []Limit  `json:"limits,omitempty"`
	Alpha  float64  `json:"alpha"`
	Tick   Duration `json:"tick"`
	// Require is "no-harm" or "proven-safe".
	Require string `json:"require"`
	// Inconclusive is what happens when Require is not shown by the end: "rollback" (the default), "hold" (on, for at most
	// HoldMore), "ask" (people) or "promote" (a first deploy that nobody used yet).
	Inconclusive string   `json:"inconclusive"`
	HoldMore     Duration `json:"hold_more,omitempty"` // bound of a longer hold
	// MinRequests is the least number of requests on the new version without which there is no verdict but "no data".
	MinRequests int `json:"min_requests,omitempty"`
	// Sticky switches the split check off: sessions stick to a version.
	Sticky bool    `json:"sticky,omitempty"`
	Expect *Expect `json:"expect,omitempty"`
}

// JudgedSLI is one SLO under judgement.
type JudgedSLI struct {
	SLO      string  `json:"slo"`
	Tolerate float64 `json:"tolerate"` // rate ratio that is still fine, at least 1
	Safe     float64 `json:"safe"`     // ratio below which "proven-safe" holds
	Critical bool    `json:"critical,omitempty"`
	DryRun   bool    `json:"dry_run,omitempty"`
	Weight   float64 `json:"weight"` // share of alpha, relative
}

// Limit is an absolute bound on a query in an environment. At least one bound is set.
type Limit struct {
	Name        string   `json:"name"`
	Environment string   `json:"environment"`
	Query       string   `json:"query"`
	Above       *float64 `json:"above,omitempty"`
	Below       *float64 `json:"below,omitempty"`
}

// Expect is the user's forecast: requests per second of the whole service and its error percentage.
type Expect struct {
	RPS    float64 `json:"rps"`
	Errors float64 `json:"errors"` // percent
}
