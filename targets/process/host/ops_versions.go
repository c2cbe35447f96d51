package host

import (
	"context"
	"errors"
	"io/fs"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/content"
)

// Stage brings a version up beside the stable one.
func (h *Host) Stage(ctx context.Context, req *control.Stage) (control.Answer, error) {
	release, err := h.receive(ctx, req.Artifact, req.Spec.Digest)
	if err != nil {
		return control.Answer{}, err
	}
	defer release()
	first := true
	return h.do(ctx, req.Op, req.Spec, func(s *service, next *record) (bool, error) {
		v := next.named(req.Spec.Version)
		if v == nil || v.Role == control.Prior {
			if err := next.clear(req.Op); err != nil {
				return false, err
			}
		}
		if v == nil {
			return false, h.bring(s, next, req.Spec, control.Canary, req.Secrets)
		}
		if v.Role == control.Prior { // a release goes back to the version before: it is still there
			v.Role, v.Fence = control.Canary, req.Fence
		}
		if r := s.runners[v.Generation]; first && r != nil {
			r.again(complete(req.Spec, req.Secrets))
		}
		first = false
		return s.ready(v)
	})
}

// clear makes room for a version to be staged. What a run has left that lost the lock since is taken away; what the same
// run has staged is a conflict.
func (r *record) clear(op control.Op) error {
	c := r.role(control.Canary)
	if c == nil {
		return nil
	}
	if c.Fence >= op.Fence {
		return control.Errorf(control.Conflict, "%s: version %s is staged already", r.Service, c.Spec.Version)
	}
	c.Role = control.Leaving
	r.unexpose()
	return nil
}

// bring adds a version to the record, with what it needs to start. The caller holds h.mu.
func (h *Host) bring(s *service, next *record, spec control.Spec, role control.Role, secrets control.Secrets) error {
	full := complete(spec, secrets)
	if full == nil {
		return control.Errorf(control.MissSecrets, "version %s needs the values of its %d secrets", spec.Version, len(spec.Secrets))
	}
	if err := h.openDoor(s, spec.Listen); err != nil {
		if len(s.rec.Versions) == 0 && s.front != nil {
			front := s.front
			s.front = nil
			h.tasks.Go(func() { h.closeFront(front) })
		}
		return err
	}
	next.add(spec, role)
	s.secrets[next.Generation] = full
	return nil
}

// complete returns the secrets that a spec names, or nil when one is missing.
func complete(spec control.Spec, secrets control.Secrets) control.Secrets {
	out := control.Secrets{}
	for _, name := range spec.Secrets {
		value, ok := secrets[name]
		if !ok {
			return nil
		}
		out[name] = value
	}
	return out
}

// receive puts an artifact into the content store, before and outside of any lock: copying may take long. Until release is
// called the content is not swept away.
func (h *Host) receive(ctx context.Context, path, digest string) (release func(), err error) {
	h.mu.Lock()
	h.incoming[digest]++
	h.mu.Unlock()
	release = func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.incoming[digest]--; h.incoming[digest] == 0 {
			delete(h.incoming, digest)
		}
	}
	if path == "" {
		err = h.store.Verify(digest)
	} else {
		_, err = h.store.Put(ctx, path, digest)
	}
	if err == nil {
		return release, nil
	}
	release()
	switch {
	case errors.Is(err, content.ErrDigest), errors.Is(err, fs.ErrNotExist):
		return nil, control.Errorf(control.BadDigest, "%v", err)
	}
	return nil, err
}

// Commit makes the staged version the stable one.
func (h *Host) Commit(ctx context.Context, req *control.Commit) (control.Answer, error) {
	return h.do(ctx, req.Op, req.Version, func(s *service, next *record) (bool, error) {
		if v := next.role(control.Stable); v != nil && v.Spec.Version == req.Version {
			return true, nil
		}
		v := next.role(control.Canary)
		if v == nil || v.Spec.Version != req.Version {
			return false, control.Errorf(control.NoVersion, "%s: version %s is not staged", req.Service, req.Version)
		}
		if next.Lease != nil && next.Lease.Expired {
			return false, leaseExpired(next)
		}
		if ok, err := s.ready(v); err != nil || !ok {
			return false, err
		}
		next.promote(v.Generation, control.Prior)
		return true, nil
	})
}

// promote makes a version stable and gives the former stable one a new role; whoever had that role leaves.
func (r *record) promote(gen uint64, former control.Role) {
	for i := range r.Versions {
		v := &r.Versions[i]
		switch {
		case v.Generation == gen || v.Role == control.Leaving:
		case v.Role == former:
			v.Role = control.Leaving
		}
	}
	if old := r.role(control.Stable); old != nil {
		old.Role = former
	}
	r.generation(gen).Role = control.Stable
	r.unexpose()
}

// Restore makes a version the stable one again. The version that was stable until then stays staged without traffic,
// so that removing it is a step of its own.
func (h *Host) Restore(ctx context.Context, req *control.Restore) (control.Answer, error) {
	if req.Version == "" {
		return h.restoreNothing(ctx, req)
	}
	if req.Spec != nil {
		if release, err := h.receive(ctx, req.Artifact, req.Spec.Digest); err == nil {
			defer release()
		} else if !h.runs(req.Service, req.Version) {
			return control.Answer{}, err
		}
	}
	first := true
	return h.do(ctx, req.Op, req.Version, func(s *service, next *record) (bool, error) {
		v := next.named(req.Version)
		if v == nil {
			if req.Spec == nil {
				return false, control.Errorf(control.NoVersion, "%s: version %s is not here and came without its spec", req.Service, req.Version)
			}
			if old := next.role(control.Prior); old != nil {
				old.Role = control.Leaving
			}
			return false, h.bring(s, next, *req.Spec, control.Prior, req.Secrets)
		}
		if r := s.runners[v.Generation]; first && r != nil {
			r.again(complete(v.Spec, req.Secrets))
		}
		first = false
		if v.Role == control.Stable && (next.Weight > 0 || len(next.Matches) > 0 || next.Lease != nil) {
			next.unexpose() // recorded by itself: traffic leaves the new version even if stable is in trouble
			return false, nil
		}
		if ok, err := s.ready(v); err != nil || !ok {
			return false, err
		}
		if v.Role != control.Stable {
			next.promote(v.Generation, control.Canary)
		}
		return true, nil
	})
}

// runs reports whether a service has a version.
func (h *Host) runs(id control.Service, version string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.services[id.String()]
	return s != nil && s.rec.named(version) != nil
}

// restoreNothing ends every version of a service.
func (h *Host) restoreNothing(ctx context.Context, req *control.Restore) (control.Answer, error) {
	return h.do(ctx, req.Op, req.Version, func(_ *service, next *record) (bool, error) {
		for i := range next.Versions {
			next.Versions[i].Role = control.Leaving
		}
		next.unexpose()
		return len(next.Versions) == 0, nil
	})
}

// Remove ends a version that is not stable.
func (h *Host) Remove(ctx context.Context, req *control.Remove) (control.Answer, error) {
	return h.do(ctx, req.Op, req.Version, func(_ *service, next *record) (bool, error) {
		if v := next.role(control.Canary); v != nil && v.Spec.Version == req.Version {
			v.Role = control.Leaving
			next.unexpose()
		}
		return !next.isLeaving(req.Version), nil
	})
}

// Retire ends the version that was stable before.
func (h *Host) Retire(ctx context.Context, req *control.Retire) (control.Answer, error) {
	return h.do(ctx, req.Op, req.Version, func(_ *service, next *record) (bool, error) {
		if v := next.role(control.Prior); v != nil && (req.Version == "" || v.Spec.Version == req.Version) {
			v.Role = control.Leaving
		}
		for _, v := range next.Versions {
			if v.Role == control.Leaving && (req.Version == "" || v.Spec.Version == req.Version) {
				return false, nil
			}
		}
		return true, nil
	})
}
