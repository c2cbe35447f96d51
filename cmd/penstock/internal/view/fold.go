package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// fold takes a fact into the block's state and returns its line, "" for facts that say nothing to people.
func (v *Run) fold(e event.Event) string {
	switch e.Type {
	case event.NodeDispatched, event.NodeDone, event.NodeFailed, event.NodeCancelled, event.NodeTimedOut, event.NodeObserved, event.NodeWoke:
		return v.foldNode(e)
	case event.MonitorOpened, event.MonitorVerdict, event.MonitorClosed:
		return v.foldMonitor(e)
	}
	return v.foldRun(e)
}

func (v *Run) foldNode(e event.Event) string {
	stage, _, _ := strings.Cut(string(e.Node), "/")
	l := v.stages[stage]
	if l == nil {
		l = &stageLine{}
		v.stages[stage] = l
	}
	l.node = e.Node
	undo := ""
	if e.Undo {
		undo = "undo "
	}
	name := fmt.Sprintf("%-22s ", undo+string(e.Node))
	switch e.Type {
	case event.NodeDispatched:
		l.state, l.note = "running", string(e.Node)
		if e.Undo {
			l.state = "undoing"
		}
		d, _ := event.Payload[event.Dispatched](e)
		switch {
		case d.Recover:
			return name + "looking at what an interrupted attempt left"
		case e.Attempt > 1:
			return name + fmt.Sprintf("attempt %d", e.Attempt)
		}
		return v.begins(name, e)
	case event.NodeDone:
		return name + v.done(e, l, stage)
	case event.NodeObserved:
		o, _ := event.Payload[event.Observed](e)
		return name + "found " + string(o.Effect) + after(o.Detail)
	case event.NodeTimedOut:
		return name + v.st.paint(yellow, "timed out")
	case event.NodeWoke:
		return ""
	}
	f, _ := event.Payload[event.Failure](e)
	if e.Type == event.NodeCancelled {
		return name + v.st.paint(yellow, "cancelled") + after(strings.TrimPrefix(f.Message, "cancelled: "))
	}
	l.state = "failed"
	return name + v.st.paint(red, "failed: "+f.Message)
}

// begins names the command that starts; other instructions speak when they are done.
func (v *Run) begins(name string, e event.Event) string {
	for i := range v.plan.Nodes {
		n := &v.plan.Nodes[i]
		if n.ID != e.Node {
			continue
		}
		do := &n.Do
		if e.Undo {
			do = n.Undo
		}
		if do == nil || do.Exec == nil {
			return ""
		}
		return name + v.st.paint(dim, "runs "+oneLine(strings.Join(do.Exec.Command, " "), 60))
	}
	return ""
}

// oneLine cuts a text to one line of at most n characters.
func oneLine(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func (v *Run) done(e event.Event, l *stageLine, stage string) string {
	d, _ := event.Payload[event.Done](e)
	if d.Weight != nil {
		l.weight, l.shown = *d.Weight, true
	}
	if e.Undo {
		l.state = "undone"
		return v.st.paint(yellow, "done") + after(d.Detail)
	}
	l.done++
	if l.done >= v.size(stage) {
		l.state, l.note = "done", ""
	}
	if d.Prior != nil {
		l.first = d.Prior.Absent
	}
	text := v.st.paint(green, "done") + after(d.Detail)
	switch {
	case d.Weight != nil && d.Detail != "":
		text = v.st.paint(green, d.Detail)
	case d.Weight != nil:
		text = v.st.paint(green, fmt.Sprintf("%g %% of traffic on the new version, read back", *d.Weight))
	}
	if l.first {
		return text
	}
	return text + v.kept(e.Node)
}

// kept says, once a version is committed, how long the one before is kept: until then the run goes on in silence.
func (v *Run) kept(commit plan.NodeID) string {
	for i := range v.plan.Nodes {
		n := &v.plan.Nodes[i]
		if r := n.Do.Retire; r != nil && r.After > 0 && slices.Contains(n.Needs, commit) {
			return fmt.Sprintf("; the one before stays able to serve for %s", r.After)
		}
	}
	return ""
}

func (v *Run) size(stage string) int {
	for _, s := range v.plan.Stages {
		if s.Name == stage {
			return len(s.Nodes)
		}
	}
	return 0
}

func (v *Run) foldMonitor(e event.Event) string {
	name := fmt.Sprintf("%-22s ", e.Monitor)
	if e.Type == event.MonitorOpened {
		return name + "watching"
	}
	d, _ := event.Payload[event.Verdict](e)
	colour := green
	switch d.Verdict {
	case "harm":
		colour = red
	case "inconclusive":
		colour = yellow
	}
	if e.Type == event.MonitorClosed {
		delete(v.tick, e.Monitor)
	}
	text := name + v.st.paint(colour, d.Verdict)
	for _, x := range d.Explain {
		pad := "\n" + strings.Repeat(" ", 12)
		if v.st.Live { // one clause a line: the terminal would wrap anywhere
			x = strings.ReplaceAll(x, "; ", ";"+pad)
		}
		text += pad + x
	}
	return text
}

// abortText says who ends a run, and what the person at the keyboard may do next.
func abortText(a event.Abort) string {
	switch {
	case a.Kind == "signal" && a.Hard:
		return "interrupted again by " + a.By.Name + ": it stops at once"
	case a.Kind == "signal":
		return "interrupted by " + a.By.Name + "; a second Ctrl-C stops at once and leaves it unsettled"
	case a.Kind == "supersede":
		return "superseded by run " + string(a.Successor) + " of " + a.By.Name + after(a.Reason)
	}
	return "abort asked for by " + a.By.Name + after(a.Reason)
}

func (v *Run) foldRun(e event.Event) string {
	switch e.Type {
	case event.RunStarted:
		d, _ := event.Payload[event.Started](e)
		return fmt.Sprintf("run %s of %s, plan %s, by %s", e.Run, v.plan.Pipeline, short(string(d.Plan)), d.Actor.Name)
	case event.RunResumed:
		d, _ := event.Payload[event.Resumed](e)
		return fmt.Sprintf("run %s resumed by %s", e.Run, d.Actor.Name)
	case event.RunParked:
		d, _ := event.Payload[event.Parked](e)
		return v.st.paint(yellow, "parked: "+d.Reason)
	case event.RunAbort:
		d, _ := event.Payload[event.Abort](e)
		return v.st.paint(yellow, abortText(d))
	case event.LockWaiting:
		d, _ := event.Payload[event.Lock](e)
		return v.st.paint(yellow, fmt.Sprintf("waiting for the lock of %s, held by %s", e.Env, d.Holder))
	case event.LockLost:
		return v.st.paint(red, "lost the lock of "+e.Env)
	case event.ApprovalRequested:
		return v.st.paint(yellow, fmt.Sprintf("%-22s waits for approval: penstock approve %s %s", e.Node, e.Run, e.Node))
	case event.ApprovalGiven, event.ApprovalRejected:
		d, _ := event.Payload[event.Approval](e)
		word := "approved"
		if e.Type == event.ApprovalRejected {
			word = "rejected"
		}
		return fmt.Sprintf("%-22s %s by %s%s", e.Node, word, d.By.Name, after(d.Reason))
	case event.ApprovalExpired:
		return v.st.paint(red, fmt.Sprintf("%-22s approval expired", e.Node))
	case event.GateAsked:
		d, _ := event.Payload[event.GateAnswer](e)
		word := "closed"
		if d.Open {
			word = "open"
		}
		return fmt.Sprintf("%-22s gate %s%s", e.Node, word, after(d.Reason))
	case event.Note:
		d, _ := event.Payload[event.Noted](e)
		return d.Text
	}
	return ""
}
