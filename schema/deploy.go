package schema

// Deploy brings a workload into an environment by a strategy. Exactly one of
// allAtOnce, rolling, canary, linear, blueGreen and apply is present.
type Deploy struct {
	Workload WorkloadName `json:"workload"`
	In       EnvName      `json:"in"`

	AllAtOnce *AllAtOnce `json:"allAtOnce,omitempty" penstock:"variant"`
	Rolling   *Rolling   `json:"rolling,omitempty" penstock:"variant"`
	Canary    *Canary    `json:"canary,omitempty" penstock:"variant"`
	Linear    *Linear    `json:"linear,omitempty" penstock:"variant"`
	BlueGreen *BlueGreen `json:"blueGreen,omitempty" penstock:"variant"`
	Apply     *Apply     `json:"apply,omitempty" penstock:"variant"`
}

// AllAtOnce moves all traffic in one step.
type AllAtOnce struct {
	// Hold is how long the new version is watched before it is committed.
	Hold     Duration  `json:"hold,omitempty"`
	Analysis *Analysis `json:"analysis,omitempty"`
	Keep     Duration  `json:"keep,omitempty"`
}

// Rolling replaces instances batch by batch.
type Rolling struct {
	// Batch is the share of instances replaced at a time, in percent.
	Batch    *float64  `json:"batch,omitempty"`
	Hold     Duration  `json:"hold,omitempty"`
	Analysis *Analysis `json:"analysis,omitempty"`
	Keep     Duration  `json:"keep,omitempty"`
}

// Canary gives the new version a growing share of the traffic and compares it with the stable one.
type Canary struct {
	Steps    []Step    `json:"steps"`
	Analysis *Analysis `json:"analysis,omitempty"`
	// Keep is how long the old version stays able to serve after the commit.
	Keep Duration `json:"keep,omitempty"`
}

// Step is one step of a canary. Exactly one of weight, match, mirror and approve is present.
type Step struct {
	// Weight is the new version's share of the traffic, in percent.
	Weight *float64 `json:"weight,omitempty" penstock:"variant"`
	Match  *Match   `json:"match,omitempty" penstock:"variant"`
	Mirror *Mirror  `json:"mirror,omitempty" penstock:"variant"`
	// Approve asks people before the next step.
	Approve *Approve `json:"approve,omitempty" penstock:"variant"`
	// Capacity is the new version's share of the full capacity in percent, where it differs from weight.
	Capacity *float64 `json:"capacity,omitempty"`
	// Hold is how long the step is watched, in judged time.
	Hold Duration `json:"hold,omitempty"`
	// During runs load or checks while the step lasts.
	During *During `json:"during,omitempty"`
}

// Match sends the requests that carry all given headers and cookies to the new version, and no others.
type Match struct {
	Headers map[string]ValueMatch `json:"headers,omitempty"`
	Cookies map[string]ValueMatch `json:"cookies,omitempty"`
}

// ValueMatch compares one value. Exactly one field is present.
type ValueMatch struct {
	Exact  string `json:"exact,omitempty" penstock:"variant"`
	Prefix string `json:"prefix,omitempty" penstock:"variant"`
	// Regex is an RE2 expression that must match the whole value.
	Regex string `json:"regex,omitempty" penstock:"variant"`
}

// Mirror copies requests to the new version and throws its answers away.
type Mirror struct {
	// Weight is the share of requests that is copied, in percent.
	Weight *float64 `json:"weight,omitempty"`
}

// During is work that goes on while a step lasts.
type During struct {
	Exec        *Exec       `json:"exec,omitempty" penstock:"variant"`
	Interrupted Interrupted `json:"interrupted,omitempty"`
}

// Before is asked before traffic is switched. Exactly one of exec and approve is present.
type Before struct {
	Exec        *Exec       `json:"exec,omitempty" penstock:"variant"`
	Approve     *Approve    `json:"approve,omitempty" penstock:"variant"`
	Interrupted Interrupted `json:"interrupted,omitempty"`
}

// Linear raises the share in equal steps at equal intervals.
type Linear struct {
	// Step is the rise in percent.
	Step     float64   `json:"step"`
	Every    Duration  `json:"every"`
	Analysis *Analysis `json:"analysis,omitempty"`
	Keep     Duration  `json:"keep,omitempty"`
}

// BlueGreen brings up a full second side and switches all traffic at once.
type BlueGreen struct {
	// Before runs against the new side before anybody is on it; PENSTOCK_PREVIEW holds that side's address, host:port.
	Before *Before `json:"before,omitempty"`
	// After watches the new side once everybody is on it.
	After *After   `json:"after,omitempty"`
	Keep  Duration `json:"keep,omitempty"`
}

// After is a time under watch after a switch.
type After struct {
	Hold     Duration  `json:"hold"`
	Analysis *Analysis `json:"analysis,omitempty"`
}

// Apply executes a previewed change, for Terraform.
type Apply struct {
	// Destroys is the largest number of resources that the change may destroy; nil is no bound.
	Destroys *int `json:"destroys,omitempty"`
	// Replaces is the largest number of resources that the change may replace; nil is no bound.
	Replaces *int `json:"replaces,omitempty"`
}
