package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// DecisionFormat is the format_version of the decisions this package makes.
const DecisionFormat = 1

// Severity is what a result does: deny stops a run, the others are shown.
type Severity string

// The severities, most severe first. Each is the name of the partial set that a rule adds to.
const (
	Deny Severity = "deny"
	Warn Severity = "warn"
	Info Severity = "info"
)

// severities lists them, most severe first.
func severities() []Severity { return []Severity{Deny, Warn, Info} }

// Decision says whether one plan may run. It is the same for the same plan, facts and rules; its JSON form is stored.
type Decision struct {
	Format int `json:"format_version"`
	// ID is "sha256:" and 64 hex digits over the JSON of the decision with this field empty.
	ID string `json:"id"`
	// Plan is the plan that was judged: a decision is about no other.
	Plan plan.ID `json:"plan"`
	// Policies is the digest of all rules and data that judged it.
	Policies string `json:"policies"`
	Facts    Facts  `json:"facts"`
	Allowed  bool   `json:"allowed"`
	// Results are what stands, most severe first, then by code and place. Never null.
	Results []Result `json:"results"`
	// Waived are denials and warnings that a waiver of the pipeline excuses. Never null.
	Waived []Waived `json:"waived"`
}

// Result is one message of one rule.
type Result struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`
	// Stage and Node name what is judged; both are empty when the result is about the pipeline.
	Stage string      `json:"stage,omitempty"`
	Node  plan.NodeID `json:"node,omitempty"`
	// Origin is the line of the user's file that asked for it; its zero value means that it is unknown.
	Origin plan.Origin `json:"origin,omitzero"`
}

// Waived is a result with the waiver that excuses it.
type Waived struct {
	Result
	Waiver plan.Waiver `json:"waiver"`
}

// Count returns how many standing results have the severity.
func (d Decision) Count(s Severity) int {
	n := 0
	for _, r := range d.Results {
		if r.Severity == s {
			n++
		}
	}
	return n
}

// seal orders the decision, says whether it allows the plan and computes its id.
func (d Decision) seal() (Decision, error) {
	slices.SortFunc(d.Results, compareResults)
	d.Results = slices.Compact(d.Results)
	slices.SortFunc(d.Waived, func(a, b Waived) int { return compareResults(a.Result, b.Result) })
	d.Waived = slices.CompactFunc(d.Waived, func(a, b Waived) bool { return a.Result == b.Result })
	d.Allowed = d.Count(Deny) == 0
	d.ID = ""
	b, err := json.Marshal(d)
	if err != nil {
		return Decision{}, fmt.Errorf("write decision: %w", err)
	}
	d.ID = digest(b)
	return d, nil
}

// Verify reports whether d is unchanged since it was made, and about the plan.
func (d Decision) Verify(id plan.ID) error {
	again, err := d.seal()
	if err != nil {
		return err
	}
	if again.ID != d.ID || again.Allowed != d.Allowed {
		return fmt.Errorf("decision %s was changed after it was made", d.ID)
	}
	if d.Plan != id {
		return fmt.Errorf("decision %s is about plan %s, not %s", d.ID, d.Plan, id)
	}
	return nil
}

func compareResults(a, b Result) int {
	return cmp.Or(
		cmp.Compare(slices.Index(severities(), a.Severity), slices.Index(severities(), b.Severity)),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Origin.File, b.Origin.File),
		cmp.Compare(a.Origin.Line, b.Origin.Line),
		cmp.Compare(a.Origin.Column, b.Origin.Column),
		cmp.Compare(a.Stage, b.Stage),
		cmp.Compare(a.Node, b.Node),
		cmp.Compare(a.Message, b.Message),
		cmp.Compare(a.Hint, b.Hint),
	)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
