package calendar

import (
	"slices"
	"time"
)

// Open lists when a calendar is open between now and the horizon: inside some window of allow, where there is one, and
// outside every window of deny.
func Open(allow, deny []Window, now time.Time) ([]Span, error) {
	open := []Span{{now, now.Add(Horizon)}}
	if len(allow) > 0 {
		inside, err := union(allow, now)
		if err != nil {
			return nil, err
		}
		open = Both(open, inside)
	}
	outside, err := union(deny, now)
	if err != nil {
		return nil, err
	}
	return without(open, outside), nil
}

// union joins the spans of windows: sorted, none touching the next.
func union(windows []Window, now time.Time) ([]Span, error) {
	var all []Span
	for _, w := range windows {
		spans, err := w.Spans(now)
		if err != nil {
			return nil, err
		}
		all = append(all, spans...)
	}
	all = slices.DeleteFunc(all, func(s Span) bool { return !s.From.Before(s.To) })
	slices.SortFunc(all, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range all {
		if n := len(out); n > 0 && !s.From.After(out[n-1].To) {
			out[n-1].To = later(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out, nil
}

// Both is where two sorted lists of spans overlap.
func Both(a, b []Span) []Span {
	var out []Span
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if s := (Span{later(a[i].From, b[j].From), earlier(a[i].To, b[j].To)}); s.From.Before(s.To) {
			out = append(out, s)
		}
		if a[i].To.Before(b[j].To) {
			i++
		} else {
			j++
		}
	}
	return out
}

// without is what of a lies outside b; both are sorted.
func without(a, b []Span) []Span {
	var out []Span
	j := 0
	for _, s := range a {
		for j < len(b) && !b[j].To.After(s.From) {
			j++
		}
		for k := j; k < len(b) && b[k].From.Before(s.To); k++ {
			if s.From.Before(b[k].From) {
				out = append(out, Span{s.From, b[k].From})
			}
			s.From = later(s.From, b[k].To)
		}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}

// Longest is the length of the longest span.
func Longest(spans []Span) time.Duration {
	var longest time.Duration
	for _, s := range spans {
		longest = max(longest, s.To.Sub(s.From))
	}
	return longest
}
