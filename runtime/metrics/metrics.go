// Package metrics is where counts come from: what a counter is, and what was added between two looks at it.
//
// A provider answers with monotone counters, never with points or rates, and says [ErrNoData] or [ErrStale] where it has
// nothing to say: that is never zero. A [Meter] turns two readings into what was counted between them.
package metrics

import (
	"context"
	"errors"
	"time"
)

// What a provider answers instead of a number. All come wrapped.
var (
	// ErrNoData means that there is no series to read. It is not zero.
	ErrNoData = errors.New("no data")
	// ErrStale means that the series was not updated in time.
	ErrStale = errors.New("stale data")
	// ErrUnsupported means that this can't be asked here, now or later.
	ErrUnsupported = errors.New("not supported")
)

// Counter is a pair of monotone counters of one version.
type Counter struct {
	Bad   uint64 `json:"bad"`
	Total uint64 `json:"total"`
	// Since is when counting began; a change means that it began anew. Zero means that there is no such version.
	Since time.Time `json:"since,omitzero"`
}

// Pair is the counters of both versions at one moment.
type Pair struct {
	At     time.Time `json:"at"`
	Canary Counter   `json:"canary,omitzero"`
	Stable Counter   `json:"stable,omitzero"`
	// Weight is the configured share of the canary in percent, as the target said at that moment.
	Weight float64 `json:"weight"`
}

// Querier answers a query with one number.
type Querier interface {
	// Query evaluates query at a time. No series, or more than one, is an error; no series is [ErrNoData].
	Query(ctx context.Context, query string, at time.Time) (float64, error)
}
