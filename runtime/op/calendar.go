package op

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/calendar"
)

// Calendar says whether the windows allow a change now, why not, and when they next do (zero: not within 400 days).
// Without an allow window every time is allowed; a deny window always wins.
func Calendar(windows []plan.Window, now time.Time) (open bool, reason string, next time.Time, err error) {
	stretches := make([][]calendar.Span, len(windows))
	for i, w := range windows {
		if stretches[i], err = window(w).Spans(now); err != nil {
			return false, "", time.Time{}, fmt.Errorf("calendar %q: %w", w.Name, err)
		}
	}
	if open, reason = allows(windows, stretches, now); open {
		return true, reason, now, nil
	}
	var edges []time.Time
	for _, s := range stretches {
		for _, i := range s {
			edges = append(edges, i.From, i.To)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	for _, e := range edges {
		if !e.After(now) || e.Sub(now) > calendar.Horizon {
			continue
		}
		if ok, _ := allows(windows, stretches, e); ok {
			return false, reason, e, nil
		}
	}
	return false, reason, time.Time{}, nil
}

func window(w plan.Window) calendar.Window {
	return calendar.Window{Days: w.Days, From: w.From, To: w.To, Timezone: w.Timezone}
}

func allows(windows []plan.Window, stretches [][]calendar.Span, t time.Time) (bool, string) {
	allowed, asked := false, false
	inside := ""
	for i, w := range windows {
		hit := slices.ContainsFunc(stretches[i], func(s calendar.Span) bool { return s.Holds(t) })
		switch {
		case w.Deny && hit:
			return false, because(w, "is closed by "+w.Name)
		case !w.Deny:
			asked = true
			if hit {
				allowed, inside = true, "inside "+w.Name
			}
		}
	}
	if asked && !allowed {
		var names []string
		for _, w := range windows {
			if !w.Deny {
				names = append(names, w.Name)
			}
		}
		return false, "is outside " + strings.Join(names, ", ")
	}
	return true, inside
}

func because(w plan.Window, text string) string {
	if w.Reason != "" {
		return text + " (" + w.Reason + ")"
	}
	return text
}
