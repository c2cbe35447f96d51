package view

import (
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/event"
)

func TestReportEmergency(t *testing.T) {
	for reason, want := range map[string]int{"": 0, "pager 4711: checkout is down": 1} {
		var b strings.Builder
		Report(&b, Style{}, runtime.Report{Run: "r1", Pipeline: "shop", Outcome: event.Succeeded, Emergency: reason})
		got := 0
		for line := range strings.Lines(b.String()) {
			if strings.HasPrefix(line, "  emergency") && strings.HasSuffix(line, ": "+reason+"\n") {
				got++
			}
		}
		if got != want || strings.Count(b.String(), "emergency") != want {
			t.Errorf("reason %q has %d lines, want %d, in\n%s", reason, got, want, b.String())
		}
	}
}
