package judge

// Counts is what one SLI showed in one tick, per version. Against an objective the stable fields are not read.
type Counts struct {
	CanaryBad   uint64 `json:"canary_bad"`
	CanaryTotal uint64 `json:"canary_total"`
	StableBad   uint64 `json:"stable_bad"`
	StableTotal uint64 `json:"stable_total"`
	// Missing says that there was no series to read; the numbers are then not read.
	Missing bool `json:"missing,omitempty"`
	// Late says that the series had not been updated when it was read; the numbers are then not read. What arrives later
	// belongs into a later tick.
	Late bool `json:"late,omitempty"`
}

// Tick is one look at the counters: what was added since the tick before.
type Tick struct {
	// Elapsed is the judged time at the end of the tick, in seconds since the watch opened. It rises from tick to tick,
	// across resumes too; a tick that does not is taken for a repetition and changes nothing.
	Elapsed float64 `json:"elapsed"`
	// Weight is the configured share of the canary in percent. 0 and 100 are not checked against the counts.
	Weight float64 `json:"weight"`
	// Counts is keyed by the name of the SLI; one that is absent is missing.
	Counts map[string]Counts `json:"counts"`
}

// add adds the numbers of d, not its flags.
func (c *Counts) add(d Counts) {
	c.CanaryBad += d.CanaryBad
	c.CanaryTotal += d.CanaryTotal
	c.StableBad += d.StableBad
	c.StableTotal += d.StableTotal
}

// total is all requests of the tick.
func (c Counts) total() float64 { return float64(c.CanaryTotal) + float64(c.StableTotal) }

// maxCount bounds what one tick or one sum may hold: beyond 2^53 a float64 no longer tells neighbours apart.
const maxCount = 1 << 53

// valid says whether the numbers can be counts of one tick.
func (c Counts) valid() bool {
	return c.CanaryBad <= c.CanaryTotal && c.StableBad <= c.StableTotal && c.CanaryTotal < maxCount && c.StableTotal < maxCount
}
