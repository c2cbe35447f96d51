package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// Shift gives the staged version its share of traffic and returns what the proxy routes now.
func (d *Driver) Shift(ctx context.Context, c targets.Call, dep targets.Deploy, to plan.Shift) (float64, error) {
	if to.Mirror > 0 {
		return 0, fmt.Errorf("%s: the process target does not mirror requests", dep.Ref)
	}
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return 0, err
	}
	req := control.Shift{Op: op(c, dep), Version: dep.Version, Weight: to.Weight, Lease: time.Duration(to.Lease)}
	for _, m := range to.Match {
		req.Matches = append(req.Matches, proxy.Match{Header: m.Header, Cookie: m.Cookie, Exact: m.Exact, Prefix: m.Prefix})
	}
	st, err := cl.Shift(ctx, req)
	if err != nil {
		return 0, refused(c, err)
	}
	got := share(st, dep.Version)
	if v, _ := st.In(control.Stable); v.Version != dep.Version && got != to.Weight {
		return got, &targets.TransientError{Err: fmt.Errorf("%s: weight is %v %%, want %v %%", dep.Ref, got, to.Weight)}
	}
	return got, nil
}

// share is the part of the traffic that a version gets, in percent.
func share(st control.Status, version string) float64 {
	for _, v := range st.Versions {
		switch {
		case v.Version != version:
		case v.Role == control.Canary:
			return st.Weight
		case v.Role == control.Stable:
			return 100 - st.Weight
		}
	}
	return 0
}

// RenewLease prolongs the exposure of the staged version.
func (d *Driver) RenewLease(ctx context.Context, c targets.Call, dep targets.Deploy, lease time.Duration) error {
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return err
	}
	_, err = cl.Renew(ctx, control.Renew{Op: op(c, dep), Version: dep.Version, Lease: lease})
	return refused(c, err)
}

// Commit makes the staged version the stable one.
func (d *Driver) Commit(ctx context.Context, c targets.Call, dep targets.Deploy, _ plan.Commit) error {
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return err
	}
	_, err = cl.Commit(ctx, control.Commit{Op: op(c, dep), Version: dep.Version})
	return refused(c, err)
}

// Restore makes the prior version the only one with traffic again, from the host's store if it no longer runs.
func (d *Driver) Restore(ctx context.Context, c targets.Call, dep targets.Deploy, prior targets.Prior) error {
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return err
	}
	req := control.Restore{Op: op(c, dep)}
	if !prior.Absent {
		req.Version = prior.Version
		if len(prior.Spec) > 0 {
			spec, err := d.spec(dep, prior.Spec, prior.Version)
			if err != nil {
				return err
			}
			req.Spec, req.Secrets = &spec, secrets(c, spec)
			if f, ok := fileOf(dep, spec.Digest); ok {
				req.Artifact = f.Path
			}
		}
	}
	_, err = cl.Restore(ctx, req)
	return refused(c, err)
}

// fileOf returns the bound file with a digest.
func fileOf(dep targets.Deploy, digest string) (targets.File, bool) {
	for _, f := range dep.Files {
		if f.Digest == digest {
			return f, true
		}
	}
	return targets.File{}, false
}

// Counts returns the numbers of the deployed version as Canary and those of what it is compared with as Stable: the stable
// version, or the one before it once the deployed version is stable itself. A version that is not there has zeros.
func (d *Driver) Counts(ctx context.Context, dep targets.Deploy, slowerThan time.Duration) (targets.Pair, error) {
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return targets.Pair{}, err
	}
	c, err := cl.Counts(ctx, service(dep), slowerThan)
	if errors.Is(err, &control.Error{Code: control.NotFound}) {
		return targets.Pair{At: time.Now().UTC()}, nil // nothing was ever deployed there
	}
	if err != nil {
		return targets.Pair{}, refused(targets.Call{}, err)
	}
	pair := targets.Pair{At: c.At, Canary: countsOf(c, dep.Version, slowerThan), Weight: c.Weight}
	other := c.Stable
	if c.Stable == dep.Version {
		other, pair.Weight = c.Prior, 100
	}
	pair.Stable = countsOf(c, other, slowerThan)
	return pair, nil
}

// countsOf translates the numbers of one version.
func countsOf(c control.Counts, version string, slowerThan time.Duration) targets.Counts {
	v, ok := c.Versions[version]
	if !ok {
		return targets.Counts{}
	}
	out := targets.Counts{Total: v.Requests, Bad: v.Bad, Since: v.Since}
	if slowerThan > 0 {
		out.Slow = v.SlowerThan(slowerThan)
	}
	return out
}
