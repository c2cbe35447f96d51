package proxy

import (
	"slices"
	"sync/atomic"
	"time"
)

// Buckets are the upper bounds of the latency histogram that every version has; thresholds of SLOs are added to them, so
// that the share of requests over such a threshold is exact.
func Buckets() []time.Duration {
	const ms = time.Millisecond
	return []time.Duration{
		1 * ms, 2 * ms, 5 * ms, 10 * ms, 20 * ms, 50 * ms, 75 * ms, 100 * ms, 150 * ms, 200 * ms, 250 * ms, 300 * ms,
		400 * ms, 500 * ms, 750 * ms, 1000 * ms, 1500 * ms, 2000 * ms, 3000 * ms, 5000 * ms, 10000 * ms, 30000 * ms,
	}
}

// Counts are what a version has answered since it was first started. All of them only grow.
type Counts struct {
	// Requests is the number of tries sent to the version, answered or not.
	Requests uint64 `json:"requests"`
	// Bad is how many of them ended in a status of 500 or more, in no response, in a response cut short by the version,
	// or could not be sent because the version was down.
	Bad uint64 `json:"bad"`
	// Retried is how many of the bad tries were repeated elsewhere, so that the user did not see them.
	Retried uint64 `json:"retried"`
	// Canceled is how many requests the client gave up; they are in Requests and not in Bad.
	Canceled uint64 `json:"canceled"`
	// Matched is how many requests came by header or cookie and not by weight.
	Matched uint64 `json:"matched"`
	// Bounds are the upper bounds of Latency, ascending; one more bucket follows for everything slower.
	Bounds []time.Duration `json:"boundsNanos"`
	// Latency is the number of answered requests per bucket, from arrival to the last byte of the response
	// (to its header for event streams and upgrades).
	Latency []uint64 `json:"latency"`
}

// Over returns how many answered requests took longer than d, and how many were measured. It is exact when d is one of
// the bounds, and otherwise counts those over the next lower bound, which is never too few.
func (c Counts) Over(d time.Duration) (slow, measured uint64) {
	for i, n := range c.Latency {
		measured += n
		if i == len(c.Bounds) || c.Bounds[i] > d {
			slow += n
		}
	}
	return slow, measured
}

// plus returns the sum of c and other, which were counted with the same bounds. Where they were not, the buckets of c win.
func (c Counts) plus(other *Counts) Counts {
	if other == nil {
		return c
	}
	c.Requests += other.Requests
	c.Bad += other.Bad
	c.Retried += other.Retried
	c.Canceled += other.Canceled
	c.Matched += other.Matched
	if slices.Equal(c.Bounds, other.Bounds) && len(c.Latency) == len(other.Latency) {
		for i := range c.Latency {
			c.Latency[i] += other.Latency[i]
		}
	}
	return c
}

// counters is the live form of Counts.
type counters struct {
	requests, bad, retried, canceled, matched atomic.Uint64
	bounds                                    []time.Duration
	latency                                   []atomic.Uint64
}

// newCounters returns zeroed counters whose histogram has the default bounds and the given thresholds.
func newCounters(thresholds []time.Duration) *counters {
	bounds := append(Buckets(), thresholds...)
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	return &counters{bounds: bounds, latency: make([]atomic.Uint64, len(bounds)+1)}
}

// observe puts one answered request into its bucket.
func (c *counters) observe(d time.Duration) {
	i, _ := slices.BinarySearch(c.bounds, d)
	c.latency[i].Add(1)
}

// snapshot reads the counters. Bad is read before Requests, so that a reader never sees more bad requests than requests.
func (c *counters) snapshot() Counts {
	out := Counts{
		Bad: c.bad.Load(), Retried: c.retried.Load(), Canceled: c.canceled.Load(), Matched: c.matched.Load(),
		Bounds: slices.Clone(c.bounds), Latency: make([]uint64, len(c.latency)),
	}
	for i := range c.latency {
		out.Latency[i] = c.latency[i].Load()
	}
	out.Requests = c.requests.Load()
	return out
}
