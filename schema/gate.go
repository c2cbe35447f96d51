package schema

// Gate is a condition asked when a stage is ready. Exactly one of errorBudget,
// window, soak, query, alert and exec is present.
type Gate struct {
	// Every is how often a closed gate is asked again.
	Every Duration `json:"every,omitempty"`
	// Expires is how long a closed gate may stay closed before the stage fails.
	Expires Duration `json:"expires,omitempty"`

	ErrorBudget *ErrorBudget `json:"errorBudget,omitempty" penstock:"variant"`
	// Window opens the gate inside these hours or days.
	Window *Window `json:"window,omitempty" penstock:"variant"`
	Soak   *Soak   `json:"soak,omitempty" penstock:"variant"`
	// Query opens the gate while the limit holds.
	Query *GateQuery `json:"query,omitempty" penstock:"variant"`
	// Alert closes the gate while the alert fires.
	Alert *GateAlert `json:"alert,omitempty" penstock:"variant"`
	// Exec asks a program: exit 0 open, 1 closed, else an error.
	Exec *Command `json:"exec,omitempty" penstock:"variant"`
}

// ErrorBudget asks how much of an SLO's budget is left.
type ErrorBudget struct {
	SLO SLOName `json:"slo"`
	// In is the environment asked; the stage's own when empty.
	In EnvName `json:"in,omitempty"`
	// AtLeast is the share of the budget that must be left, in percent.
	AtLeast *float64 `json:"atLeast,omitempty"`
	// BurnRateBelow is the burn rate that must not be reached; 1 spends the budget exactly in the SLO's window.
	BurnRateBelow *float64 `json:"burnRateBelow,omitempty"`
}

// Window is a recurring or a single span of time. From and To are both clock
// times ("09:00", recurring on Days) or both dates ("2026-12-18") or both
// date-times ("2026-12-18T18:00"). A clock time To is exclusive; a date To
// includes that whole day.
type Window struct {
	Days     []Weekday `json:"days,omitempty"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Timezone Timezone  `json:"timezone"`
	Reason   string    `json:"reason,omitempty"`
}

// Weekday is a day of the week.
type Weekday string

// The weekdays.
const (
	Monday    Weekday = "mon"
	Tuesday   Weekday = "tue"
	Wednesday Weekday = "wed"
	Thursday  Weekday = "thu"
	Friday    Weekday = "fri"
	Saturday  Weekday = "sat"
	Sunday    Weekday = "sun"
)

// Soak asks how long what is to be released has run somewhere else.
type Soak struct {
	In      EnvName  `json:"in"`
	AtLeast Duration `json:"atLeast"`
}

// GateQuery is a Limit with the environment it is asked for.
type GateQuery struct {
	Query string   `json:"query"`
	In    EnvName  `json:"in,omitempty"`
	Above *float64 `json:"above,omitempty"`
	Below *float64 `json:"below,omitempty"`
}

// Limit returns the bound of q.
func (q GateQuery) Limit() Limit { return Limit{Query: q.Query, Above: q.Above, Below: q.Below} }

// GateAlert names a Prometheus alert.
type GateAlert struct {
	Name   string            `json:"name"`
	In     EnvName           `json:"in,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}
