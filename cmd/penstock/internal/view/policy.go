package view

import (
	"fmt"
	"io"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/policies/engine"
)

// Decision writes what the policies said, each result at the line that asked for what is judged.
func Decision(w io.Writer, st Style, src *Sources, d engine.Decision) {
	for _, r := range d.Results {
		place := originRange(src, r)
		prefix := ""
		if !place.IsZero() {
			prefix = place.String() + ": "
		}
		fmt.Fprintf(w, "%s%s: %s %s\n", st.paint(bold, prefix), st.paint(severityColour(r.Severity), string(r.Severity)), r.Message, st.paint(dim, "["+r.Code+"]"))
		sev := diag.SeverityError
		if r.Severity != engine.Deny {
			sev = diag.SeverityWarning
		}
		quote(w, st, src, place, sev)
		if r.Hint != "" {
			fmt.Fprintf(w, "    %s %s\n", st.paint(blue, "hint:"), r.Hint)
		}
	}
	for _, r := range d.Waived {
		fmt.Fprintf(w, "waived: %s [%s]: %s (%s, until %s)\n", r.Message, r.Code, r.Waiver.Reason, r.Waiver.Owner, r.Waiver.Expires)
	}
	word := st.paint(green, "allowed")
	if !d.Allowed {
		word = st.paint(red, "denied")
	}
	fmt.Fprintf(w, "policies: %s (%s, %s, %d waived) for plan %s\n",
		word, count(d.Count(engine.Deny), "denial"), count(d.Count(engine.Warn), "warning"), len(d.Waived), short(string(d.Plan)))
}

func originRange(src *Sources, r engine.Result) diag.Range {
	if r.Origin.File == "" {
		return diag.Range{}
	}
	return diag.Range{File: src.fromRoot(r.Origin.File), Start: diag.Position{Line: r.Origin.Line, Column: r.Origin.Column}}
}

func severityColour(s engine.Severity) string {
	switch s {
	case engine.Deny:
		return red
	case engine.Warn:
		return yellow
	}
	return blue
}

// PolicyTests writes the outcome of rule tests: failures one by one, the coverage per file, a closing line.
func PolicyTests(w io.Writer, st Style, r engine.TestReport) {
	for _, t := range r.Tests {
		if t.Passed || t.Skipped {
			continue
		}
		why := t.Error
		if why == "" {
			why = "is not true"
		}
		fmt.Fprintf(w, "%s: %s %s: %s\n", t.Range, st.paint(red, "fail"), t.Name, why)
	}
	for _, f := range r.Files {
		if len(f.Missed) > 0 {
			fmt.Fprintf(w, "%s: %.1f %% covered, not lines %v\n", f.File, f.Coverage, f.Missed)
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", r.Passed, r.Failed, r.Skipped)
	fmt.Fprintf(w, "coverage: %.1f %% of %s\n", r.Coverage, count(len(r.Files), "file"))
}
