package view

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// canary is a plan with one stage that a monitor watches.
func canary() *plan.Plan {
	return &plan.Plan{
		Pipeline: "shop",
		Stages:   []plan.Stage{{Name: "release", Nodes: []plan.NodeID{"release/shift-10"}}},
		Monitors: []plan.Monitor{{ID: "release/judge"}},
	}
}

func TestEvidenceInPipe(t *testing.T) {
	var b bytes.Buffer
	v := NewRun(&b, Style{}, canary())
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.Local)
	for _, line := range []string{
		"inconclusive: availability: nothing failed, 0 of 3; harm 1:1 (proof at 20:1); missing: no-traffic",
		"inconclusive: availability: nothing failed, 0 of 3; harm 1:1 (proof at 20:1); missing: no-traffic",
		"inconclusive: availability: nothing failed, 0 of 9; harm 1:1 (proof at 20:1); missing: no-traffic",
		"harm: availability: 4 of 9; harm 31:1 (proof at 20:1)",
	} {
		v.Evidence(at, "release/judge", line)
	}
	want := `09:00:00  release/judge          inconclusive: availability: nothing failed, 0 of 3; harm 1:1 (proof at 20:1); missing: no-traffic
09:00:00  release/judge          inconclusive: availability: nothing failed, 0 of 9
09:00:00  release/judge          harm: availability: 4 of 9; harm 31:1
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// TestBlock draws on a terminal that becomes narrower: what is erased is what stands there, and only facts stay.
func TestBlock(t *testing.T) {
	var b bytes.Buffer
	cols := 80
	v := NewRun(&b, Style{Live: true, Colour: true, Size: func() (int, int) { return cols, 40 }}, canary())
	weight := 10.0
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.Local)
	v.Event(event.Event{Type: event.NodeDispatched, Node: "release/shift-10", Time: at})
	v.Evidence(at, "release/judge", strings.Repeat("nothing failed ", 20))
	for _, next := range []int{80, 30, 200} {
		_, block, _ := strings.Cut(b.String(), "\x1b[J") // what was drawn after the last erasure
		b.Reset()
		cols = next
		rows := 0
		for line := range strings.Lines(block) {
			_, width := cut(strings.TrimRight(line, "\n"), 0)
			rows += max(1, (width+cols-1)/cols) // as a terminal wraps it
		}
		v.Evidence(at, "release/judge", strings.Repeat("nothing failed ", 20))
		if up := fmt.Sprintf("\x1b[%dA\r\x1b[J", rows); !strings.HasPrefix(b.String(), up) {
			t.Errorf("%d columns: the erasure is not of %d rows: %q", cols, rows, b.String())
		}
		_, drawn, _ := strings.Cut(b.String(), "\x1b[J")
		for line := range strings.Lines(drawn) {
			if text, width := cut(strings.TrimRight(line, "\n"), 0); width >= cols {
				t.Errorf("%d columns: %q would wrap", cols, text)
			}
		}
	}
	b.Reset()
	v.Event(event.Event{Type: event.NodeDone, Node: "release/shift-10", Time: at}.With(event.Done{Weight: &weight}))
	v.Close()
	if out := b.String(); !strings.Contains(out, "10 % of traffic on the new version, read back") || !strings.HasSuffix(out, "\x1b[J") {
		t.Errorf("the end is %q", out)
	}
}

// TestLowWindow draws more stages than there are rows: those that move are shown, the others are counted.
func TestLowWindow(t *testing.T) {
	p := &plan.Plan{}
	for i := range 30 {
		name := fmt.Sprintf("s%02d", i)
		p.Stages = append(p.Stages, plan.Stage{Name: name, Nodes: []plan.NodeID{plan.NodeID(name + "/exec")}})
	}
	var b bytes.Buffer
	v := NewRun(&b, Style{Live: true, Size: func() (int, int) { return 80, 12 }}, p)
	v.Event(event.Event{Type: event.NodeDone, Node: "s00/exec"}.With(event.Done{}))
	b.Reset()
	v.Event(event.Event{Type: event.NodeDispatched, Node: "s29/exec"})
	_, block, _ := strings.Cut(b.String(), "\x1b[J")
	if n := strings.Count(block, "\n"); n >= 12 {
		t.Errorf("%d lines in 12 rows:\n%s", n, block)
	}
	for _, want := range []string{"s29", "1 more done, 21 more waiting"} {
		if !strings.Contains(block, want) {
			t.Errorf("no %q in\n%s", want, block)
		}
	}
}
