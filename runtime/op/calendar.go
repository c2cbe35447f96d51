package op

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// horizon is how far a calendar is searched for its next opening.
const horizon = 400 * 24 * time.Hour

// interval is a stretch of time, end exclusive.
type interval struct{ from, to time.Time }

func (i interval) holds(t time.Time) bool { return !t.Before(i.from) && t.Before(i.to) }

// Calendar says whether the windows allow a change now, why not, and when they next do (zero: not within 400 days).
// Without an allow window every time is allowed; a deny window always wins.
func Calendar(windows []plan.Window, now time.Time) (open bool, reason string, next time.Time, err error) {
	stretches := make([][]interval, len(windows))
	for i, w := range windows {
		if stretches[i], err = intervals(w, now); err != nil {
			return false, "", time.Time{}, fmt.Errorf("calendar %q: %w", w.Name, err)
		}
	}
	if open, reason = allows(windows, stretches, now); open {
		return true, reason, now, nil
	}
	var edges []time.Time
	for _, s := range stretches {
		for _, i := range s {
			edges = append(edges, i.from, i.to)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	for _, e := range edges {
		if !e.After(now) || e.Sub(now) > horizon {
			continue
		}
		if ok, _ := allows(windows, stretches, e); ok {
			return false, reason, e, nil
		}
	}
	return false, reason, time.Time{}, nil
}

func allows(windows []plan.Window, stretches [][]interval, t time.Time) (bool, string) {
	allowed, asked := false, false
	inside := ""
	for i, w := range windows {
		hit := slices.ContainsFunc(stretches[i], func(s interval) bool { return s.holds(t) })
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

// intervals lists a window's stretches around now, as far as the horizon.
func intervals(w plan.Window, now time.Time) ([]interval, error) {
	loc, err := time.LoadLocation(w.Timezone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", w.Timezone, err)
	}
	if _, err := time.Parse("15:04", w.From); err == nil {
		return daily(w, now.In(loc), loc)
	}
	from, _, err := moment(w.From, loc)
	if err != nil {
		return nil, err
	}
	to, date, err := moment(w.To, loc)
	if err != nil {
		return nil, err
	}
	if date {
		to = to.AddDate(0, 0, 1)
	}
	whole := interval{from, to}
	if len(w.Days) == 0 {
		return []interval{whole}, nil
	}
	var out []interval
	for d := startOfDay(later(from, now.AddDate(0, 0, -1)).In(loc)); d.Before(to) && d.Sub(now) < horizon; d = d.AddDate(0, 0, 1) {
		if onDay(w, d) {
			out = append(out, interval{later(d, from), earlier(d.AddDate(0, 0, 1), to)})
		}
	}
	return out, nil
}

// daily lists the stretches of clock times; one that ends before it begins runs over midnight.
func daily(w plan.Window, now time.Time, loc *time.Location) ([]interval, error) {
	from, err := time.Parse("15:04", w.From)
	if err != nil {
		return nil, fmt.Errorf("from %q: %w", w.From, err)
	}
	to, err := time.Parse("15:04", w.To)
	if err != nil {
		return nil, fmt.Errorf("to %q: %w", w.To, err)
	}
	var out []interval
	for d := startOfDay(now).AddDate(0, 0, -1); d.Sub(now) < horizon; d = d.AddDate(0, 0, 1) {
		if !onDay(w, d) {
			continue
		}
		end := d
		if !to.After(from) {
			end = d.AddDate(0, 0, 1)
		}
		out = append(out, interval{
			time.Date(d.Year(), d.Month(), d.Day(), from.Hour(), from.Minute(), 0, 0, loc),
			time.Date(end.Year(), end.Month(), end.Day(), to.Hour(), to.Minute(), 0, 0, loc),
		})
	}
	return out, nil
}

// moment reads "2026-12-18" or "2026-12-18T18:00"; date says that it is a whole day.
func moment(s string, loc *time.Location) (t time.Time, date bool, err error) {
	if t, err = time.ParseInLocation(time.DateOnly, s, loc); err == nil {
		return t, true, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err = time.ParseInLocation(layout, s, loc); err == nil {
			return t, false, nil
		}
	}
	return t, false, fmt.Errorf("%q is no date and no time", s)
}

func startOfDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func onDay(w plan.Window, d time.Time) bool {
	return len(w.Days) == 0 || slices.Contains(w.Days, strings.ToLower(d.Weekday().String()[:3]))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
