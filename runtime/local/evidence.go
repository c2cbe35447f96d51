package local

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/judge"
	"github.com/penstock-dev/penstock/runtime/metrics"
)

// TickFormat is the format_version of the ticks this package writes.
const TickFormat = 1

// Tick is one entry of a monitor's stream of evidence: what was read, what was judged, and everything with which another
// process goes on.
type Tick struct {
	Format  int            `json:"format_version"`
	Monitor plan.MonitorID `json:"monitor"`
	// At is its end, Span its length.
	At   time.Time     `json:"at"`
	Span plan.Duration `json:"span"`
	// Counted says that it is held time: its numbers could be read and the split was the one that was configured.
	Counted bool `json:"counted"`
	// Elapsed and Judged sum Span over all ticks, and over those that counted.
	Elapsed plan.Duration `json:"elapsed"`
	Judged  plan.Duration `json:"judged"`
	// Weight is the share of the new version in percent from the end of the tick on.
	Weight float64 `json:"weight"`
	// Counters are the readings by SLO at its end, Errors what couldn't be read, by SLO or limit.
	Counters map[string]metrics.Pair `json:"counters,omitempty"`
	Errors   map[string]string       `json:"errors,omitempty"`
	// Given is what the judge was given, State what it made of it; nil without SLIs.
	Given *judge.Tick  `json:"given,omitempty"`
	State *judge.State `json:"state,omitempty"`
	// Limits are the bounded values by name.
	Limits map[string]LimitState `json:"limits,omitempty"`
	// Line explains it to people.
	Line string `json:"line"`
}

// LimitState is what has become of one limit.
type LimitState struct {
	// Value is the latest one; nil when there was none.
	Value *float64 `json:"value,omitempty"`
	// Breaches are the ticks in a row in which it was out of bounds, Missing all ticks in which it couldn't be read.
	Breaches int `json:"breaches,omitempty"`
	Missing  int `json:"missing,omitempty"`
	// Harm is latched once there were enough breaches.
	Harm string `json:"harm,omitempty"`
}

// span is a stretch of held time.
type span struct{ from, to time.Time }

// since returns how much of the stretches lies behind a time.
func since(spans []span, t time.Time) time.Duration {
	var sum time.Duration
	for _, s := range spans {
		from := s.from
		if from.Before(t) {
			from = t
		}
		if s.to.After(from) {
			sum += s.to.Sub(from)
		}
	}
	return sum
}

// add appends a stretch, joined to the one before where they touch.
func add(spans []span, s span) []span {
	if n := len(spans); n > 0 && spans[n-1].to.Equal(s.from) {
		spans[n-1].to = s.to
		return spans
	}
	return append(spans, s)
}

// past is what a stream of evidence says.
type past struct {
	last  *Tick
	count int
	spans []span
}

// readTicks decodes a stream; the judge's state is read from the last tick only.
func readTicks(raw [][]byte) (past, error) {
	p := past{count: len(raw)}
	for i, b := range raw {
		var t struct {
			Format  int           `json:"format_version"`
			At      time.Time     `json:"at"`
			Span    plan.Duration `json:"span"`
			Counted bool          `json:"counted"`
		}
		if err := json.Unmarshal(b, &t); err != nil {
			return p, fmt.Errorf("tick %d: %w", i+1, err)
		}
		if t.Format != TickFormat {
			return p, fmt.Errorf("tick %d: format %d is not known", i+1, t.Format)
		}
		if t.Counted {
			p.spans = add(p.spans, span{t.At.Add(-time.Duration(t.Span)), t.At})
		}
	}
	if len(raw) == 0 {
		return p, nil
	}
	p.last = &Tick{}
	if err := json.Unmarshal(raw[len(raw)-1], p.last); err != nil {
		return p, fmt.Errorf("tick %d: %w", len(raw), err)
	}
	return p, nil
}
