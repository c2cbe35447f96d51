package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
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
	drawn  []int // the widths of the lines of the block on the screen
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
		v.tick[m] = proof.ReplaceAllString(line, "")
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
	if len(v.drawn) == 0 {
		return
	}
	rows := 0
	cols, _ := v.st.size()
	for _, width := range v.drawn {
		rows++
		if cols > 0 && width > cols { // the window became narrower: the terminal has wrapped the line
			rows += (width - 1) / cols
		}
	}
	fmt.Fprintf(v.w, "\x1b[%dA\r\x1b[J", rows)
	v.drawn = nil
}

func (v *Run) draw() {
	if !v.st.Live || v.ended {
		return
	}
	var b strings.Builder
	cols, rows := v.st.size()
	add := func(s string) {
		s, width := cut(s, cols)
		b.WriteString(s + "\n")
		v.drawn = append(v.drawn, width)
	}
	add("")
	shown, left := v.visible(rows - len(v.tick) - 4)
	for _, name := range shown {
		l := v.stages[name]
		sign, colour := sign(l.state)
		text := fmt.Sprintf("  %s %-16s %-9s", sign, name, l.state)
		if l.shown {
			text += fmt.Sprintf(" %s %3.0f %%", bar(l.weight, 20), l.weight)
		}
		if l.note != "" && l.state != "waiting" {
			text += "  " + l.note
		}
		add(v.st.paint(colour, text))
	}
	if left != "" {
		add(v.st.paint(dim, "  … "+left))
	}
	for _, m := range v.plan.Monitors {
		if t := v.tick[m.ID]; t != "" {
			add(v.st.paint(blue, "    "+string(m.ID)+": ") + t)
		}
	}
	io.WriteString(v.w, b.String())
}

// visible returns the stages that the block shows and, where the window is too low for all, what the others do: what stands
// above the window could not be erased. Finished stages give way first, then those that wait.
func (v *Run) visible(room int) (shown []string, left string) {
	for _, s := range v.plan.Stages {
		shown = append(shown, s.Name)
	}
	if _, rows := v.st.size(); rows == 0 || len(shown) <= room {
		return shown, ""
	}
	hidden := map[string]int{}
	for _, state := range []string{"done", "waiting", "undone", "failed", "running", "undoing"} {
		shown = slices.DeleteFunc(shown, func(name string) bool {
			hide := len(shown)-hidden[state] > max(1, room) && v.stages[name].state == state
			if hide {
				hidden[state]++
			}
			return hide
		})
	}
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(hidden)) {
		if hidden[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d more %s", hidden[state], state))
		}
	}
	return shown, strings.Join(parts, ", ")
}

// cut keeps a line of the block within the terminal's width, as a line that wraps takes two to erase, and returns the
// width that is left. Escape sequences take no room.
func cut(s string, cols int) (string, int) {
	width, esc := 0, false
	for i, r := range s {
		switch {
		case r == '\x1b':
			esc = true
		case esc:
			esc = r != 'm'
		case cols > 0 && width == cols-1:
			return s[:i] + "\x1b[0m", width
		default:
			width++
		}
	}
	return s, width
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
