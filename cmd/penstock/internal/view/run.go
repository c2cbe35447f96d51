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
	last   map[plan.MonitorID]string // in a pipe: the tick that was written last, whole
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
	first  bool // nothing ran before
	done   int
}

// NewRun returns a view of a run of the plan.
func NewRun(w io.Writer, st Style, p *plan.Plan) *Run {
	v := &Run{w: w, st: st, plan: p, stages: map[string]*stageLine{}, tick: map[plan.MonitorID]string{}, last: map[plan.MonitorID]string{}}
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

// Evidence shows a monitor's newest tick: one line with numbers. It is not part of the journal's facts. In a pipe a tick
// that says what the last one said is left out, and of the others what is new is written.
func (v *Run) Evidence(at time.Time, m plan.MonitorID, line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.erase()
	switch {
	case v.st.Live:
		v.tick[m] = line
	case v.last[m] != line:
		fmt.Fprintf(v.w, "%s  %-22s %s\n", at.Local().Format(time.TimeOnly), m, news(v.last[m], line))
		v.last[m] = line
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
