package schema

// SLO is a service level objective.
type SLO struct {
	Description string `json:"description,omitempty"`
	// Objective is the share of good requests in percent.
	Objective float64 `json:"objective"`
	// Over is the rolling window.
	Over Duration `json:"over"`
	SLI  SLI      `json:"sli"`
	// Labels are added to the rules generated from this SLO.
	Labels map[string]string `json:"labels,omitempty"`
}

// SLI is what is counted. Exactly one field is present.
type SLI struct {
	Events   *EventsSLI   `json:"events,omitempty" penstock:"variant"`
	Latency  *LatencySLI  `json:"latency,omitempty" penstock:"variant"`
	Requests *RequestsSLI `json:"requests,omitempty" penstock:"variant"`
}

// EventsSLI counts events by two counters. Exactly one of bad and good is present.
type EventsSLI struct {
	// Bad, Good and Total are PromQL counter selectors.
	Bad   string `json:"bad,omitempty" penstock:"variant"`
	Good  string `json:"good,omitempty" penstock:"variant"`
	Total string `json:"total"`
}

// LatencySLI counts requests slower than a threshold, from a histogram.
type LatencySLI struct {
	// Histogram is the selector of a histogram without _bucket.
	Histogram string `json:"histogram"`
	// Below is the threshold; it must be a bucket boundary.
	Below Duration `json:"below"`
}

// RequestsSLI takes the target's own counts; bad is what the target calls an error (HTTP status >= 500, a failed invocation).
type RequestsSLI struct {
	Workload WorkloadName `json:"workload"`
}
