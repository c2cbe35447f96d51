// Package calendar knows when windows of time are open: hours of some days of the week, or dates. The runtime asks it whether
// a gate is open now, vet whether one ever will be.
//
// It takes windows and a moment, and has no clock. Days are days where the window's clock hangs: a change of clocks makes
// them longer or shorter.
package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Horizon is how far ahead windows are followed.
const Horizon = 400 * 24 * time.Hour

// Window is a recurring or a single span of time. From and To are both clock times ("09:00", To exclusive, over midnight
// where it is not later), both dates ("2026-12-18", To included) or both date-times ("2026-12-18T18:00", To exclusive).
type Window struct {
	Days     []string // "mon" … "sun"; all when empty
	From, To string
	Timezone string // IANA name
}

// Span is a stretch of time, end exclusive.
type Span struct{ From, To time.Time }

// Holds reports whether t lies in the span.
func (s Span) Holds(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// Clock reports whether the window recurs at times of day; otherwise it has dates.
func (w Window) Clock() bool {
	_, err := time.Parse("15:04", w.From)
	return err == nil
}

// Spans lists the window's stretches from the day before now up to the horizon, in their order. Those of dates are listed
// wherever they lie.
func (w Window) Spans(now time.Time) ([]Span, error) {
	loc, err := time.LoadLocation(w.Timezone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", w.Timezone, err)
	}
	if w.Clock() {
		return w.daily(now.In(loc), loc)
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
	if len(w.Days) == 0 {
		return []Span{{from, to}}, nil
	}
	var out []Span
	for d := startOfDay(later(from, now.AddDate(0, 0, -1)).In(loc)); d.Before(to) && d.Sub(now) < Horizon; d = d.AddDate(0, 0, 1) {
		if w.on(d) {
			out = append(out, Span{later(d, from), earlier(d.AddDate(0, 0, 1), to)})
		}
	}
	return out, nil
}

// daily lists the stretches of clock times; one that ends before it begins runs over midnight.
func (w Window) daily(now time.Time, loc *time.Location) ([]Span, error) {
	from, err := time.Parse("15:04", w.From)
	if err != nil {
		return nil, fmt.Errorf("from %q: %w", w.From, err)
	}
	to, err := time.Parse("15:04", w.To)
	if err != nil {
		return nil, fmt.Errorf("to %q: %w", w.To, err)
	}
	var out []Span
	for d := startOfDay(now).AddDate(0, 0, -1); d.Sub(now) < Horizon; d = d.AddDate(0, 0, 1) {
		if !w.on(d) {
			continue
		}
		end := d
		if !to.After(from) {
			end = d.AddDate(0, 0, 1)
		}
		out = append(out, Span{
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

func (w Window) on(d time.Time) bool {
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
