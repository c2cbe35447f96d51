package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// PutRelease implements [History].
func (c *core) PutRelease(ctx context.Context, r Release) error {
	if r.ID == "" {
		return fmt.Errorf("store release: it has no id: %w", ErrInvalid)
	}
	r.Created = r.Created.Round(0).UTC()
	err := c.b.write(ctx, func(t tx) error {
		old, err := t.release(r.ID)
		if err != nil {
			return err
		}
		next := r
		if old != nil {
			if next, err = old.with(r); err != nil {
				return err
			}
		}
		return t.putRelease(next)
	})
	if err != nil {
		return fmt.Errorf("store release %s: %w", r.ID, err)
	}
	return nil
}

// with adds the digests of the same release; the first Created and Run stay.
func (r Release) with(more Release) (Release, error) {
	if r.Pipeline != more.Pipeline || r.Commit != more.Commit {
		return r, fmt.Errorf("it is of pipeline %q at commit %q: %w", r.Pipeline, r.Commit, ErrConflict)
	}
	out := maps.Clone(r.Digests)
	if out == nil {
		out = map[string]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(more.Digests)) {
		if old, ok := out[name]; ok && old != more.Digests[name] {
			return r, fmt.Errorf("its artifact %q is %s: %w", name, old, ErrConflict)
		}
		out[name] = more.Digests[name]
	}
	r.Digests = out
	return r, nil
}

// Release implements [History].
func (c *core) Release(ctx context.Context, id string) (Release, error) {
	r, err := read(ctx, c, func(v view) (*Release, error) { return v.release(id) })
	if err == nil && r == nil {
		err = ErrNotFound
	}
	if err != nil {
		return Release{}, fmt.Errorf("read release %s: %w", id, err)
	}
	return *r, nil
}

// Releases implements [History].
func (c *core) Releases(ctx context.Context, pipeline string) ([]Release, error) {
	out, err := read(ctx, c, func(v view) ([]Release, error) { return v.releases(pipeline) })
	if err != nil {
		return nil, fmt.Errorf("read releases: %w", err)
	}
	return out, nil
}

// RecordDeployment implements [History].
func (c *core) RecordDeployment(ctx context.Context, d Deployment) error {
	if d.Env == "" || d.Run == "" || !slices.Contains([]DeploymentOutcome{Committed, RolledBack, Failed}, d.Outcome) {
		return fmt.Errorf("record deployment: it needs an environment, a run and an outcome (%s, %s or %s): %w",
			Committed, RolledBack, Failed, ErrInvalid)
	}
	d.At = d.At.Round(0).UTC()
	if err := c.b.write(ctx, func(t tx) error { return t.addDeployment(d) }); err != nil {
		return fmt.Errorf("record deployment in %s: %w", d.Env, err)
	}
	return nil
}

// Deployments implements [History].
func (c *core) Deployments(ctx context.Context, env string) ([]Deployment, error) {
	out, err := read(ctx, c, func(v view) ([]Deployment, error) { return v.deployments(env) })
	if err != nil {
		return nil, fmt.Errorf("read deployments in %s: %w", env, err)
	}
	return out, nil
}

// LastExecuted implements [History].
func (c *core) LastExecuted(ctx context.Context, env, workload string) (Deployment, error) {
	history, err := c.Deployments(ctx, env)
	if err != nil {
		return Deployment{}, err
	}
	if workload != "" {
		if d, ok := Current(history, workload); ok {
			return d, nil
		}
		return Deployment{}, fmt.Errorf("read what runs as %s in %s: %w", workload, env, ErrNotFound)
	}
	// the history is ordered as it was recorded, which decides between equal times
	force := inForce(history)
	for _, d := range history {
		if s := force[d.Workload]; len(s) > 0 && s[len(s)-1].Deployment == d {
			return d, nil
		}
	}
	return Deployment{}, fmt.Errorf("read what runs in %s: %w", env, ErrNotFound)
}
