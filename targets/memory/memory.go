// Package memory is a target that exists only in this process: for tests of drivers and commands, and for dry runs.
//
// It keeps the whole contract of package targets (keys, fences, orders, looking before acting, read-back, locks) and
// passes targets/targettest. Traffic is arithmetic: a workload is said to receive so many requests a second, and versions
// to fail such a share of them; [Driver.Counts] integrates that over the time that passed at each weight, so that a judge
// sees what it would see of a real service. Time is time.Now and may be that of testing/synctest. [Driver.Inject] makes
// operations fail, hang, or lose their answer.
package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
)

// Driver is the target. Its zero value is ready; it is safe for concurrent use.
type Driver struct {
	mu     sync.Mutex
	sites  map[site]*service
	locks  map[plan.Place]*lock
	inject func(Operation) Fault
	done   []Operation
	kind   string
}

// site is one workload in one place.
type site struct {
	place plan.Place
	ref   plan.Ref
}

// version is a version that can serve.
type version struct {
	name  string
	spec  json.RawMessage
	total float64
	bad   float64
	slow  float64
	since time.Time
}

// service is what runs of one workload in one place.
type service struct {
	stable, canary, prior *version
	weight                float64
	lease                 time.Time
	note                  string
	fence, order          uint64
	traffic               Traffic
	counted               time.Time
}

type lock struct {
	holder targets.Holder
	held   bool
	fence  uint64
	wish   *targets.Holder // who wants the holder to make room
}

var (
	_ targets.Driver     = (*Driver)(nil)
	_ targets.Observer   = (*Driver)(nil)
	_ targets.Stager     = (*Driver)(nil)
	_ targets.Router     = (*Driver)(nil)
	_ targets.Committer  = (*Driver)(nil)
	_ targets.Locker     = (*Driver)(nil)
	_ targets.LockTeller = (*Driver)(nil)
	_ targets.Superseder = (*Driver)(nil)
	_ targets.Leaser     = (*Driver)(nil)
	_ targets.Counter    = (*Driver)(nil)
	_ targets.Drifter    = (*Driver)(nil)
)

// New returns an empty world that answers for the given kind of target ("" is "memory").
func New(kind string) *Driver { return &Driver{kind: kind} }

// Kind returns the kind it stands for.
func (d *Driver) Kind() string {
	if d.kind == "" {
		return "memory"
	}
	return d.kind
}

// Close does nothing: the world lasts as long as the driver.
func (d *Driver) Close() error { return nil }

// at returns the service of a deployment, creating it when something is to be written. The caller holds d.mu.
func (d *Driver) at(dep targets.Deploy) *service {
	k := site{dep.Place.ID, dep.Ref}
	s := d.sites[k]
	if s == nil {
		s = &service{counted: time.Now()}
		if d.sites == nil {
			d.sites = map[site]*service{}
		}
		d.sites[k] = s
	}
	s.settle(time.Now())
	return s
}

// Observe tells what runs now.
func (d *Driver) Observe(ctx context.Context, dep targets.Deploy) (targets.Observed, error) {
	return call(ctx, d, Operation{Name: "observe", Ref: dep.Ref}, func() (targets.Observed, error) { return d.at(dep).observed(), nil })
}

func (s *service) observed() targets.Observed {
	o := targets.Observed{Weight: s.weight, Note: s.note}
	if s.stable != nil {
		o.Stable, o.StableSpec, o.StableReady = s.stable.name, s.stable.spec, true
	}
	if s.canary != nil {
		o.Canary, o.CanaryReady = s.canary.name, true
	}
	if s.prior != nil {
		o.Prior = s.prior.name
	}
	return o
}

// Lock takes the place's lock for a run.
func (d *Driver) Lock(ctx context.Context, p targets.Place, h targets.Holder) (uint64, error) {
	return d.lock(ctx, p, h, false)
}

// Break takes the place's lock away from whoever holds it.
func (d *Driver) Break(ctx context.Context, p targets.Place, h targets.Holder) (uint64, error) {
	return d.lock(ctx, p, h, true)
}

func (d *Driver) lock(ctx context.Context, p targets.Place, h targets.Holder, force bool) (uint64, error) {
	return call(ctx, d, Operation{Name: "lock"}, func() (uint64, error) {
		if d.locks == nil {
			d.locks = map[plan.Place]*lock{}
		}
		l := d.locks[p.ID]
		if l == nil {
			l = &lock{}
			d.locks[p.ID] = l
		}
		if l.held && l.holder.Run != h.Run && !force {
			return 0, &targets.LockedError{Holder: l.holder}
		}
		if !l.held || l.holder.Run != h.Run {
			l.fence++
			l.wish = nil
		}
		l.held, l.holder = true, h
		return l.fence, nil
	})
}

// Unlock gives the lock up.
func (d *Driver) Unlock(ctx context.Context, p targets.Place, fence uint64) error {
	_, err := call(ctx, d, Operation{Name: "unlock"}, func() (struct{}, error) {
		l := d.locks[p.ID]
		if l == nil || !l.held || l.fence != fence {
			return struct{}{}, fmt.Errorf("unlock %s: %w", p.ID, targets.ErrStaleFence)
		}
		l.held, l.wish = false, nil
		return struct{}{}, nil
	})
	return err
}

// Holder returns who holds a place's lock; ok is false when nobody does.
func (d *Driver) Holder(place plan.Place) (h targets.Holder, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.locks[place]
	if l == nil || !l.held {
		return targets.Holder{}, false
	}
	return l.holder, true
}

// LockHolder tells who holds a place's lock.
func (d *Driver) LockHolder(ctx context.Context, p targets.Place) (h targets.Holder, fence uint64, held bool, err error) {
	l, err := call(ctx, d, Operation{Name: "holder"}, func() (lock, error) {
		if l := d.locks[p.ID]; l != nil {
			return *l, nil
		}
		return lock{}, nil
	})
	if err != nil || !l.held {
		return targets.Holder{}, l.fence, false, err
	}
	return l.holder, l.fence, true, nil
}

// RequestSupersede leaves a newer run's wish with the lock of the older one.
func (d *Driver) RequestSupersede(ctx context.Context, p targets.Place, older string, h targets.Holder, _ string) error {
	_, err := call(ctx, d, Operation{Name: "supersede"}, func() (struct{}, error) {
		if l := d.locks[p.ID]; l != nil && l.held && l.holder.Run == older {
			l.wish = &h
		}
		return struct{}{}, nil
	})
	return err
}

// SupersedeRequested tells the holder of a lock who wants it to make room.
func (d *Driver) SupersedeRequested(ctx context.Context, p targets.Place, run string) (by targets.Holder, requested bool, err error) {
	w, err := call(ctx, d, Operation{Name: "superseded"}, func() (*targets.Holder, error) {
		if l := d.locks[p.ID]; l != nil && l.held && l.holder.Run == run {
			return l.wish, nil
		}
		return nil, nil
	})
	if err != nil || w == nil {
		return targets.Holder{}, false, err
	}
	return *w, true, nil
}

// Drift compares what runs with d.
func (d *Driver) Drift(ctx context.Context, dep targets.Deploy) ([]targets.Difference, error) {
	o, err := d.Observe(ctx, dep)
	if err != nil {
		return nil, err
	}
	var out []targets.Difference
	add := func(field, want, got string) {
		if want != got {
			out = append(out, targets.Difference{Place: dep.Place.ID, Object: string(dep.Ref), Field: field, Want: want, Got: got})
		}
	}
	add("stable", dep.Version, o.Stable)
	add("canary", "", o.Canary)
	return out, nil
}
