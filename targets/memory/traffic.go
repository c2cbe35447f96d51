package memory

import (
	"context"
	"time"

	"github.com/penstock-dev/penstock/targets"
)

// Traffic says what a workload receives, and how its versions take it.
type Traffic struct {
	// RPS is the requests per second of the whole service.
	RPS float64
	// Bad and Slow are shares in [0,1] by version name; a version that isn't named has none.
	Bad, Slow map[string]float64
}

// SetTraffic changes a workload's traffic from now on.
func (d *Driver) SetTraffic(dep targets.Deploy, t Traffic) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at(dep).traffic = t
}

// settle counts the traffic since the last look, at the weights that held, and takes an expired exposure back. Every
// change goes through at, which settles first, so that weights are constant within one span.
func (s *service) settle(now time.Time) {
	end := now
	if !s.lease.IsZero() && !now.Before(s.lease) {
		end = s.lease
	}
	s.count(end)
	if end.Before(now) || !s.lease.IsZero() && end.Equal(s.lease) {
		s.weight, s.note, s.lease = 0, "exposure lease expired "+s.lease.UTC().Format("15:04:05"), time.Time{}
		s.count(now)
	}
}

func (s *service) count(end time.Time) {
	requests := s.traffic.RPS * end.Sub(s.counted).Seconds()
	s.counted = end
	if requests <= 0 {
		return
	}
	share := s.weight / 100
	if s.canary == nil {
		share = 0
	}
	s.serve(s.canary, requests*share)
	s.serve(s.stable, requests*(1-share))
}

func (s *service) serve(v *version, n float64) {
	if v == nil {
		return
	}
	v.total += n
	v.bad += n * s.traffic.Bad[v.name]
	v.slow += n * s.traffic.Slow[v.name]
}

// Counts returns the counters of d's version as Canary, and of what it is compared with as Stable.
func (d *Driver) Counts(ctx context.Context, dep targets.Deploy, slowerThan time.Duration) (targets.Pair, error) {
	return call(ctx, d, Operation{Name: "counts", Ref: dep.Ref}, func() (targets.Pair, error) {
		s := d.at(dep)
		p := targets.Pair{At: time.Now(), Weight: s.weight}
		new, old := s.canary, s.stable
		if s.stable != nil && s.stable.name == dep.Version {
			new, old, p.Weight = s.stable, s.prior, 100
		}
		p.Canary, p.Stable = new.counts(slowerThan), old.counts(slowerThan)
		return p, nil
	})
}

func (v *version) counts(slowerThan time.Duration) targets.Counts {
	if v == nil {
		return targets.Counts{}
	}
	c := targets.Counts{Total: uint64(v.total), Bad: uint64(v.bad), Since: v.since}
	if slowerThan > 0 {
		c.Slow = uint64(v.slow)
	}
	return c
}

// Serve sends requests, chosen by the given source of numbers in [0,1), and says which version answered how many.
func (d *Driver) Serve(dep targets.Deploy, requests int, random func() float64) map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.at(dep)
	out := map[string]int{}
	for range requests {
		v := s.stable
		if s.canary != nil && random()*100 < s.weight {
			v = s.canary
		}
		if v == nil {
			continue
		}
		out[v.name]++
		v.total++
	}
	return out
}
