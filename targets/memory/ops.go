package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
)

// write runs one changing operation: fault first, then the guards, then the change. It returns the weight that is read back.
func (d *Driver) write(ctx context.Context, name string, c targets.Call, dep targets.Deploy, change func(*service) error) (float64, error) {
	o := Operation{Name: name, Ref: dep.Ref, Key: c.Key}
	return call(ctx, d, o, func() (float64, error) {
		s := d.at(dep)
		err := d.admit(s, c, dep)
		if err == nil {
			err = change(s)
		}
		if err != nil {
			return 0, fmt.Errorf("%s %s: %w", name, dep.Ref, err)
		}
		return s.weight, nil
	})
}

// admit refuses a lost lock and what a later instruction has overtaken.
func (d *Driver) admit(s *service, c targets.Call, dep targets.Deploy) error {
	l := d.locks[dep.Place.ID]
	if l == nil || !l.held || l.fence != c.Fence {
		return targets.ErrStaleFence
	}
	if c.Fence > s.fence {
		s.fence, s.order = c.Fence, 0
	}
	if c.Order != 0 && c.Order < s.order {
		return targets.ErrStaleOrder
	}
	s.order = max(s.order, c.Order)
	return nil
}

// Stage brings a version up without traffic. One that is stable already is there.
func (d *Driver) Stage(ctx context.Context, c targets.Call, dep targets.Deploy, _ plan.StageOp) (targets.Staged, error) {
	_, err := d.write(ctx, "stage", c, dep, func(s *service) error {
		switch {
		case s.stable != nil && s.stable.name == dep.Version, s.canary != nil && s.canary.name == dep.Version:
		default:
			s.canary, s.weight = newVersion(dep.Version, dep.Spec), 0
		}
		return nil
	})
	return targets.Staged{Version: dep.Version, Detail: "in memory"}, err
}

func newVersion(name string, spec json.RawMessage) *version {
	return &version{name: name, spec: spec, since: time.Now()}
}

// Unstage takes a version's traffic away and removes it.
func (d *Driver) Unstage(ctx context.Context, c targets.Call, dep targets.Deploy) error {
	_, err := d.write(ctx, "unstage", c, dep, func(s *service) error {
		if s.canary != nil && s.canary.name == dep.Version {
			s.canary, s.weight, s.lease = nil, 0, time.Time{}
		}
		return nil
	})
	return err
}

// Shift gives the staged version its share.
func (d *Driver) Shift(ctx context.Context, c targets.Call, dep targets.Deploy, op plan.Shift) (float64, error) {
	return d.write(ctx, "shift", c, dep, func(s *service) error {
		if op.Weight < 0 || op.Weight > 100 {
			return fmt.Errorf("weight %g is not a percentage", op.Weight)
		}
		if s.canary == nil || s.canary.name != dep.Version {
			if op.Weight == 0 {
				return nil // there is nothing to take traffic from
			}
			return targets.ErrNoVersion
		}
		s.weight, s.note, s.lease = op.Weight, "", time.Time{}
		if op.Weight > 0 && op.Lease > 0 {
			s.lease = time.Now().Add(time.Duration(op.Lease))
		}
		return nil
	})
}

// Commit makes a version the stable one; the former one stays able to serve.
func (d *Driver) Commit(ctx context.Context, c targets.Call, dep targets.Deploy, _ plan.Commit) error {
	_, err := d.write(ctx, "commit", c, dep, func(s *service) error {
		switch {
		case s.stable != nil && s.stable.name == dep.Version:
		case s.canary != nil && s.canary.name == dep.Version:
			s.prior, s.stable = s.stable, s.canary
		default:
			return targets.ErrNoVersion
		}
		if s.canary != nil && s.canary.name == dep.Version {
			s.canary, s.weight = nil, 0
		}
		s.lease = time.Time{}
		return nil
	})
	return err
}

// Restore makes prior the only version with traffic. What somebody else brought since is left alone.
func (d *Driver) Restore(ctx context.Context, c targets.Call, dep targets.Deploy, prior targets.Prior) error {
	_, err := d.write(ctx, "restore", c, dep, func(s *service) error {
		ours := s.stable == nil || s.stable.name == dep.Version || s.stable.name == prior.Version
		if !ours {
			return nil
		}
		if s.canary != nil && s.canary.name == dep.Version {
			s.canary = nil
		}
		s.weight, s.lease = 0, time.Time{}
		if prior.Absent {
			s.stable, s.prior = nil, nil
			return nil
		}
		if s.stable != nil && s.stable.name == prior.Version {
			return nil
		}
		switch {
		case s.prior != nil && s.prior.name == prior.Version:
			s.stable = s.prior
		case len(prior.Spec) > 0:
			s.stable = newVersion(prior.Version, prior.Spec)
		default:
			return targets.ErrNoVersion
		}
		s.prior = nil
		return nil
	})
	return err
}

// Retire drops the version that was stable before.
func (d *Driver) Retire(ctx context.Context, c targets.Call, dep targets.Deploy, prior targets.Prior) error {
	_, err := d.write(ctx, "retire", c, dep, func(s *service) error {
		if s.prior != nil && s.prior.name == prior.Version {
			s.prior = nil
		}
		return nil
	})
	return err
}

// RenewLease gives a staged version with traffic more time.
func (d *Driver) RenewLease(ctx context.Context, c targets.Call, dep targets.Deploy, lease time.Duration) error {
	_, err := call(ctx, d, Operation{Name: "renew-lease", Ref: dep.Ref, Key: c.Key}, func() (struct{}, error) {
		s := d.at(dep)
		l := d.locks[dep.Place.ID]
		switch {
		case l == nil || !l.held || l.fence != c.Fence:
			return struct{}{}, targets.ErrStaleFence
		case s.canary == nil || s.canary.name != dep.Version:
			return struct{}{}, targets.ErrNoVersion
		case s.weight > 0:
			s.lease = time.Now().Add(lease)
		}
		return struct{}{}, nil
	})
	return err
}
