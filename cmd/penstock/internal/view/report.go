package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
)

// Report writes how a run ended or where it stands: the outcome first, root causes as headlines, then the stages.
func Report(w io.Writer, st Style, r runtime.Report) {
	word := outcomeText(st, r.Outcome)
	if r.Outcome == "" {
		word = st.paint(yellow, string(r.State))
	}
	fmt.Fprintf(w, "run %s of %s: %s\n", r.Run, r.Pipeline, word)
	if r.Emergency != "" {
		fmt.Fprintf(w, "  %s %s\n", st.paint(yellow, "emergency, without approvals, gates and policies:"), r.Emergency)
	}
	for _, c := range r.Causes {
		fmt.Fprintf(w, "  %s %s\n", st.paint(red, "because"), causeText(c))
	}
	for _, s := range r.Stages {
		status, note := stageStatus(s)
		mark, colour := stageMark(status)
		fmt.Fprintln(w, st.paint(colour, fmt.Sprintf("  %s %-16s %s", mark, s.Name, status))+note)
	}
	for _, q := range r.Waiting {
		fmt.Fprintf(w, "  %s waits for %s: penstock approve %s %s\n", q.Node, strings.Join(q.By, ", "), r.Run, q.Node)
	}
	if r.Outcome == event.Unsettled {
		fmt.Fprintf(w, "  the lock is kept; when the cause is gone: penstock resume %s\n", r.Run)
	}
	fmt.Fprintf(w, "  plan %s, release %s, anchor %s\n", short(string(r.Plan)), r.Release, r.Head)
}

// causeText is a cause in one line; an interruption has no other words than its kind.
func causeText(c event.Cause) string {
	if c.Node == "" && c.Monitor == "" && c.Message == "signal" {
		return "it was interrupted"
	}
	return runtime.CauseText(c)
}

// stageStatus is a stage's status in people's words, and what stands behind it. The causes are the report's headlines
// already, so that here their place is enough.
func stageStatus(s runtime.StageReport) (status, note string) {
	has := func(want machine.NodeStatus) bool {
		return slices.ContainsFunc(s.Nodes, func(n runtime.NodeReport) bool { return n.Status == want })
	}
	switch {
	case s.Status == "not-run":
		place, _, _ := strings.Cut(s.Because, ": ")
		if place == "because of signal" {
			return "not run", ""
		}
		return "not run", " " + place
	case s.Status == "undone" && !has(machine.NodeUndone) && has(machine.NodeFailed):
		return "failed", ""
	case s.Status == "undone" && !has(machine.NodeUndone):
		return "stopped", ""
	case s.Status == "active" && has(machine.NodeWaiting):
		return "waiting", ""
	}
	return s.Status, ""
}

func stageMark(status string) (string, string) {
	switch status {
	case "done":
		return "✓", green
	case "failed", "failing", "stuck":
		return "✗", red
	case "undone", "undoing", "stopped":
		return "↩", yellow
	case "active", "waiting":
		return "▸", blue
	}
	return "·", dim
}

// RunProcess says whether a process drives a run that hasn't ended.
func RunProcess(w io.Writer, st Style, r runtime.Report, owner *store.Owner) {
	switch {
	case r.State == store.Ended:
	case owner != nil:
		fmt.Fprintf(w, "  driven by process %d on %s since %s (%s)\n", owner.PID, owner.Host, owner.Since.Local().Format(time.DateTime), owner.Command)
	default:
		fmt.Fprintf(w, "  %s: penstock resume %s\n", st.paint(yellow, "no process drives it"), r.Run)
	}
}

// ReportJSON writes the report as one line: {"format_version", "report"}.
func ReportJSON(w io.Writer, r runtime.Report) error {
	return line(w, struct {
		Format int            `json:"format_version"`
		Report runtime.Report `json:"report"`
	}{1, r})
}

// Runs writes the history of runs.
func Runs(w io.Writer, st Style, output string, runs []store.RunInfo) error {
	if output == "json" {
		return JSON(w, map[string]any{"format_version": 1, "runs": orEmpty(runs)})
	}
	for _, r := range runs {
		word := outcomeText(st, r.Outcome)
		if r.Outcome == "" {
			word = st.paint(yellow, string(r.State))
		}
		took := ""
		if !r.Ended.IsZero() {
			took = r.Ended.Sub(r.Started).Round(100 * time.Millisecond).String()
		}
		fmt.Fprintf(w, "%s  %s  %-12s %8s  release %s  commit %.12s  by %s\n", r.ID, r.Started.Local().Format(time.DateTime), word, took, r.Release, orDash(r.Commit), r.Actor.Name)
	}
	if len(runs) == 0 {
		fmt.Fprintln(w, "nothing has run yet")
	}
	return nil
}

// Releases writes releases with their digests.
func Releases(w io.Writer, output string, list []store.Release) error {
	if output == "json" {
		return JSON(w, map[string]any{"format_version": 1, "releases": orEmpty(list)})
	}
	for _, r := range list {
		fmt.Fprintf(w, "%s  %s  %s  commit %.12s\n", r.ID, r.Created.Local().Format(time.DateTime), r.Pipeline, orDash(r.Commit))
		for _, name := range slices.Sorted(maps.Keys(r.Digests)) {
			fmt.Fprintf(w, "    %s %s\n", name, r.Digests[name])
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "there is no release yet: a run makes one when it builds an artifact")
	}
	return nil
}

// Deployments writes what went to an environment.
func Deployments(w io.Writer, output, env string, list []store.Deployment) error {
	if output == "json" {
		return JSON(w, map[string]any{"format_version": 1, "deployments": orEmpty(list)})
	}
	for _, d := range list {
		fmt.Fprintf(w, "%s  %-16s %-12s release %s  run %s  plan %s\n", d.At.Local().Format(time.DateTime), d.Workload, d.Outcome, d.Release, d.Run, short(string(d.Plan)))
	}
	if len(list) == 0 {
		fmt.Fprintf(w, "nothing went to %q yet\n", env)
	}
	return nil
}

// Audit writes what verifying found.
func Audit(w io.Writer, st Style, output string, reports []store.VerifyReport) error {
	if output == "json" {
		return JSON(w, map[string]any{"format_version": 1, "runs": reports})
	}
	bad := 0
	for _, r := range reports {
		word := st.paint(green, "intact")
		if !r.OK() {
			word = st.paint(red, "CHANGED")
			bad++
		}
		fmt.Fprintf(w, "%s  %s  %d events, head %s\n", r.Run, word, r.Events, r.Head)
		for _, p := range r.Problems {
			fmt.Fprintf(w, "    %s at event %d: %s\n", p.Kind, p.Seq, p.Detail)
		}
	}
	fmt.Fprintf(w, "%s, %d changed\n", count(len(reports), "run"), bad)
	return nil
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
