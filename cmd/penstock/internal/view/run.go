package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// Run shows a run's facts as they come: plain lines in a pipe, and below them a block that is redrawn on a terminal.
// A live run, `penstock status` and `penstock logs` show the same facts through it. It may be called concurrently.
type Run struct {
	w    io.Writer
	st   Style
	plan *plan.Plan

	mu     sync.Mutex
	stages map[string]*stageLine
	tick   map[plan.MonitorID]string
	ended  bool
	drawn  int // lines of the block on the screen
}

// stageLine is what the block says of a stage.
type stageLine struct {
	state  string // waiting, running, done, failed, undoing, undone
	node   plan.NodeID
	weight float64
	shown  bool // weight is meaningful
	note   string
	done   int
}

// NewRun returns a view of a run of the plan.
func NewRun(w io.Writer, st Style, p *plan.Plan) *Run {
	v := &Run{w: w, st: st, plan: p, stages: map[string]*stageLine{}, tick: map[plan.MonitorID]string{}}
	for _, s := range p.Stages {
		v.stages[s.Name] = &stageLine{state: "waiting"}
	}
	return v
}

// Event shows one fact.
func (v *Run) Event(e event.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	line := v.fold(e)
	v.erase()
	if line != "" {
		fmt.Fprintf(v.w, "%s  %s\n", v.st.paint(dim, e.Time.Local().Format(time.TimeOnly)), line)
	}
	v.draw()
}

// Evidence shows a monitor's newest tick: one line with numbers. It is not part of the journal's facts.
func (v *Run) Evidence(at time.Time, m plan.MonitorID, line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.erase()
	if v.st.Live {
		v.tick[m] = line
	} else {
		fmt.Fprintf(v.w, "%s  %-22s %s\n", at.Local().Format(time.TimeOnly), m, line)
	}
	v.draw()
}

// Close removes the block, so that what follows stands below plain lines.
func (v *Run) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.erase()
	v.ended = true
}

func (v *Run) erase() {
	if v.drawn > 0 {
		fmt.Fprintf(v.w, "\x1b[%dA\x1b[J", v.drawn)
		v.drawn = 0
	}
}

func (v *Run) draw() {
	if !v.st.Live || v.ended {
		return
	}
	var b strings.Builder
	n := 0
	add := func(s string) {
		b.WriteString(v.cut(s) + "\n")
		n++
	}
	add("")
	for _, s := range v.plan.Stages {
		l := v.stages[s.Name]
		sign, colour := sign(l.state)
		text := fmt.Sprintf("  %s %-16s %-9s", sign, s.Name, l.state)
		if l.shown {
			text += fmt.Sprintf(" %s %3.0f %%", bar(l.weight, 20), l.weight)
		}
		if l.note != "" && l.state != "waiting" {
			text += "  " + l.note
		}
		add(v.st.paint(colour, text))
	}
	for _, m := range v.plan.Monitors {
		if t := v.tick[m.ID]; t != "" {
			add(v.st.paint(blue, "    "+string(m.ID)+": ") + t)
		}
	}
	io.WriteString(v.w, b.String())
	v.drawn = n
}

// cut keeps a line of the block within the terminal's width; a line that wraps could not be erased.
func (v *Run) cut(s string) string {
	if v.st.Width <= 0 {
		return s
	}
	width, esc := 0, false
	for i, r := range s {
		switch {
		case r == '\x1b':
			esc = true
		case esc:
			esc = r != 'm'
		default:
			if width++; width >= v.st.Width {
				return s[:i] + "\x1b[0m"
			}
		}
	}
	return s
}

func sign(state string) (string, string) {
	switch state {
	case "done":
		return "✓", green
	case "failed":
		return "✗", red
	case "running":
		return "▸", blue
	case "undoing", "undone":
		return "↩", yellow
	}
	return "·", dim
}

func bar(percent float64, width int) string {
	full := int(percent/100*float64(width) + 0.5)
	full = max(0, min(width, full))
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

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
		return ""
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
		return name + v.st.paint(yellow, "cancelled") + after(f.Message)
	}
	l.state = "failed"
	return name + v.st.paint(red, "failed: "+f.Message)
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
	text := "done"
	if d.Weight != nil {
		text = fmt.Sprintf("%g %% of traffic on the new version, read back", *d.Weight)
		if d.Detail != "" {
			return v.st.paint(green, d.Detail)
		}
	}
	return v.st.paint(green, text) + after(d.Detail)
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
		text += "\n" + strings.Repeat(" ", 12) + x
	}
	return text
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
		return v.st.paint(yellow, fmt.Sprintf("%s asked for by %s%s", d.Kind, d.By.Name, after(d.Reason)))
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

func after(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// short cuts a digest for people: the algorithm and twelve digits.
func short(id string) string {
	algo, hex, ok := strings.Cut(id, ":")
	if !ok || len(hex) < 12 {
		return id
	}
	return algo + ":" + hex[:12]
}
