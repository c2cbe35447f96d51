package host

import (
	"context"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
)

// Shift gives the staged version its share of traffic.
func (h *Host) Shift(ctx context.Context, req *control.Shift) (control.Answer, error) {
	identity := struct {
		Version string
		Weight  float64
		Matches any
	}{req.Version, req.Weight, req.Matches}
	exposes := req.Weight > 0 || len(req.Matches) > 0
	ans, err := h.do(ctx, req.Op, identity, func(s *service, next *record) (bool, error) {
		if v := next.role(control.Stable); v != nil && v.Spec.Version == req.Version {
			return true, nil // it has all traffic already
		}
		v := next.role(control.Canary)
		if v == nil || v.Spec.Version != req.Version {
			if !exposes {
				return true, nil // what is not there has no traffic
			}
			return false, control.Errorf(control.NoVersion, "%s: version %s is not staged", req.Service, req.Version)
		}
		if !exposes {
			next.unexpose()
			return true, nil
		}
		if next.role(control.Stable) == nil && (req.Weight < 100 || len(req.Matches) > 0) {
			return false, control.Errorf(control.Conflict, "%s: without a stable version a share of %v %% leaves the rest unserved", req.Service, req.Weight)
		}
		if ok, err := s.ready(v); err != nil || !ok {
			return false, err
		}
		next.Weight, next.Matches, next.Lease = req.Weight, slices.Clone(req.Matches), nil
		if req.Lease > 0 {
			next.Lease = &control.Lease{Run: req.Run, Span: req.Lease, Until: time.Now().Add(req.Lease).UTC()}
		}
		return true, nil
	})
	if err == nil && ans.Repeated && ans.Status.Lease != nil && ans.Status.Lease.Expired {
		return ans, control.Errorf(control.LeaseExpired, "%s: the lease ran out since this request was executed", req.Service)
	}
	return ans, err
}

// Renew prolongs a lease. It does not count as an instruction: whoever renews does so beside the run's other requests.
func (h *Host) Renew(_ context.Context, req *control.Renew) (control.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frozen {
		return control.Answer{}, errReplaced()
	}
	l := h.locks[req.Service.Place]
	if l.Holder == nil || l.Fence != req.Fence {
		return control.Answer{}, control.Errorf(control.StaleFence, "fencing number %d of %s is stale: the lock has %d now", req.Fence, req.Service.Place, l.Fence)
	}
	s := h.services[req.Service.String()]
	if s != nil {
		if v := s.rec.role(control.Stable); v != nil && v.Spec.Version == req.Version {
			return control.Answer{Done: true, Status: h.status(s)}, nil // committed meanwhile: it needs no lease
		}
	}
	if s == nil || s.rec.role(control.Canary) == nil || s.rec.role(control.Canary).Spec.Version != req.Version {
		return control.Answer{}, control.Errorf(control.NoVersion, "%s: version %s is not staged", req.Service, req.Version)
	}
	next := s.rec.clone()
	switch {
	case next.Lease == nil:
		return control.Answer{}, control.Errorf(control.Conflict, "%s: version %s has no lease", req.Service, req.Version)
	case next.Lease.Expired:
		return control.Answer{}, leaseExpired(&next)
	}
	next.Lease.Span, next.Lease.Until = req.Lease, time.Now().Add(req.Lease).UTC()
	if err := h.put(s, next); err != nil {
		return control.Answer{}, err
	}
	return control.Answer{Done: true, Status: h.status(s)}, nil
}

// leaseExpired says that the host has taken traffic back, and when.
func leaseExpired(r *record) error {
	return control.Errorf(control.LeaseExpired, "%s: lease of run %s expired %s, traffic was taken back",
		r.Service, r.Lease.Run, r.Lease.Until.Format(time.RFC3339))
}
