package view

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/simulate"
)

// Simulation writes the timeline of a simulated run: virtual time, what happened, what ran afterwards.
func Simulation(w io.Writer, st Style, p *plan.Plan, r *simulate.Result) {
	lines := NewRun(io.Discard, Style{Colour: st.Colour}, p)
	for _, m := range r.Timeline {
		if line := lines.fold(m.Event); line != "" {
			fmt.Fprintf(w, "%s  %s\n", st.paint(dim, fmt.Sprintf("%9s", clock(m.At))), line)
		}
		for _, d := range m.World {
			fmt.Fprintf(w, "%9s    %s\n", "", st.paint(blue, d.String()))
		}
	}
	for _, c := range r.Causes {
		fmt.Fprintf(w, "because: %s\n", runtime.CauseText(c))
	}
	fmt.Fprintf(w, "%s after %s of virtual time\n", outcomeText(st, r.Outcome), clock(r.Took))
	if r.First != "" && r.First != r.Outcome {
		fmt.Fprintf(w, "it had ended %s first; the fault was lifted and the run resumed\n", r.First)
	}
	for _, d := range r.World {
		fmt.Fprintf(w, "  %s\n", d)
	}
	for _, v := range r.Violations {
		fmt.Fprintf(w, "%s %s\n", st.paint(red, "broken rule:"), v)
	}
}

// SimulationJSON writes the same as {"format_version", "outcome", "causes", "world", "timeline", "violations"}.
func SimulationJSON(w io.Writer, r *simulate.Result) error {
	type moment struct {
		At    string                `json:"at"`
		Event event.Event           `json:"event"`
		World []simulate.Deployment `json:"world,omitempty"`
	}
	timeline := []moment{}
	for _, m := range r.Timeline {
		timeline = append(timeline, moment{clock(m.At), m.Event, m.World})
	}
	violations := r.Violations
	if violations == nil {
		violations = []string{}
	}
	return JSON(w, struct {
		Format     int                   `json:"format_version"`
		Outcome    event.Outcome         `json:"outcome"`
		First      event.Outcome         `json:"first_outcome,omitempty"`
		Causes     []event.Cause         `json:"causes,omitempty"`
		World      []simulate.Deployment `json:"world"`
		Timeline   []moment              `json:"timeline"`
		Violations []string              `json:"violations"`
	}{1, r.Outcome, r.First, r.Causes, r.World, timeline, violations})
}

// Exploration writes how many scenarios were played and which of them broke a rule.
func Exploration(w io.Writer, output string, r *simulate.Report) error {
	if output == "json" {
		type violation struct {
			Scenario []string `json:"scenario"`
			What     []string `json:"what"`
		}
		violations := []violation{}
		for _, v := range r.Violations {
			violations = append(violations, violation{v.Scenario, v.What})
		}
		return JSON(w, map[string]any{"format_version": 1, "cases": r.Cases, "by_kind": r.ByKind, "outcomes": r.Outcomes, "violations": violations})
	}
	fmt.Fprintln(w, r)
	for _, v := range r.Violations {
		fmt.Fprintln(w, v)
	}
	return nil
}

// EventJSON writes one event as one line.
func EventJSON(w io.Writer, e event.Event) error { return line(w, e) }

func line(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

func clock(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

func outcomeText(st Style, o event.Outcome) string {
	switch o {
	case event.Succeeded:
		return st.paint(green, "succeeded")
	case event.RolledBack, event.Aborted:
		return st.paint(yellow, string(o))
	}
	return st.paint(red, string(o))
}
