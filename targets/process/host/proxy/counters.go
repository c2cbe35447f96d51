package proxy

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Buckets are the upper bounds of the latency histogram that every version has. Thresholds that somebody asks for are
// counted beside it, see [Upstream.CountOver].
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
	// Slow counts those that took longer than a threshold that was asked for.
	Slow []Slow `json:"slow,omitempty"`
}

// Slow is the number of answered requests that took longer than Over. What was answered before the threshold was first
// asked for is taken from the histogram; differences between two readings are exact.
type Slow struct {
	Over time.Duration `json:"overNanos"`
	N    uint64        `json:"n"`
}

// SlowerThan returns the number of answered requests over a threshold: counted, or else estimated from the histogram.
func (c Counts) SlowerThan(d time.Duration) uint64 {
	for _, s := range c.Slow {
		if s.Over == d {
			return s.N
		}
	}
	n, _ := c.Over(d)
	return n
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
	for _, s := range other.Slow {
		if i := slices.IndexFunc(c.Slow, func(o Slow) bool { return o.Over == s.Over }); i >= 0 {
			c.Slow[i].N += s.N
		} else {
			c.Slow = append(c.Slow, s)
		}
	}
	return c
}

// counters is the live form of Counts.
type counters struct {
	requests, bad, retried, canceled, matched atomic.Uint64
	bounds                                    []time.Duration
	latency                                   []atomic.Uint64

	thresholds atomic.Pointer[[]*threshold]
	mu         sync.Mutex // of whoever adds a threshold
}

// threshold is the live form of Slow.
type threshold struct {
	over time.Duration
	n    atomic.Uint64
}

// newCounters returns zeroed counters.
func newCounters() *counters {
	c := &counters{bounds: Buckets(), latency: make([]atomic.Uint64, len(Buckets())+1)}
	c.thresholds.Store(new([]*threshold))
	return c
}

// watch begins to count requests over d, with n to start from. A threshold that is counted already stays as it is.
func (c *counters) watch(d time.Duration, n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := *c.thresholds.Load()
	if slices.ContainsFunc(old, func(t *threshold) bool { return t.over == d }) {
		return
	}
	t := &threshold{over: d}
	t.n.Store(n)
	next := append(slices.Clone(old), t)
	c.thresholds.Store(&next)
}

// observe counts one answered request by how long it took.
func (c *counters) observe(d time.Duration) {
	i, _ := slices.BinarySearch(c.bounds, d)
	c.latency[i].Add(1)
	for _, t := range *c.thresholds.Load() {
		if d > t.over {
			t.n.Add(1)
		}
	}
}

// snapshot reads the counters. Bad is read before Requests, so that a reader never sees more bad requests than requests.
func (c *counters) snapshot() Counts {
	out := Counts{
		Bad: c.bad.Load(), Retried: c.retried.Load(), Canceled: c.canceled.Load(), Matched: c.matched.Load(),
		Bounds: slices.Clone(c.bounds), Latency: make([]uint64, len(c.latency)),
	}
	for _, t := range *c.thresholds.Load() {
		out.Slow = append(out.Slow, Slow{Over: t.over, N: t.n.Load()})
	}
	for i := range c.latency {
		out.Latency[i] = c.latency[i].Load()
	}
	out.Requests = c.requests.Load()
	return out
}
