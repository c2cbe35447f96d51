package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
)

// step executes a request on a copy of the service's record, as far as it can at the moment. It is called again after each
// change of the service until it reports that the request has its full effect, so it looks before it acts.
type step func(s *service, next *record) (done bool, err error)

// do executes a request that changes a service. identity is what must be equal in two requests with one key.
func (h *Host) do(ctx context.Context, op control.Op, identity any, run step) (control.Answer, error) {
	hash, err := hashOf(identity)
	if err != nil {
		return control.Answer{}, err
	}
	late := time.NewTimer(op.Wait)
	defer late.Stop()
	for {
		ans, changed, err := h.once(op, hash, run)
		if err != nil || ans.Done || op.Wait <= 0 {
			return ans, err
		}
		select {
		case <-changed:
		case <-late.C:
			return ans, nil
		case <-ctx.Done():
			return ans, nil
		}
	}
}

// once makes one attempt at a request. The channel is closed when it is worth another.
func (h *Host) once(op control.Op, hash string, run step) (control.Answer, <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frozen {
		return control.Answer{}, nil, errReplaced()
	}
	s := h.services[op.Service.String()]
	if s == nil {
		s = newService(record{Service: op.Service})
	}
	changed := s.changed
	next := s.rec.clone()
	repeated, err := h.admit(op, hash, &next)
	if err != nil {
		return control.Answer{}, nil, err
	}
	if repeated {
		return control.Answer{Done: true, Repeated: true, Status: h.status(s)}, nil, nil
	}
	admitted := next.clone()
	done, err := run(s, &next)
	if err != nil {
		// Even a request that failed makes older ones stale: what it found must not be changed behind its back.
		return control.Answer{}, nil, errors.Join(err, h.putIfChanged(s, admitted))
	}
	if done {
		next.Keys = remember(next.Keys, keyRecord{Key: op.Key, Hash: hash, Order: op.Order})
	}
	h.services[op.Service.String()] = s
	if err := h.putIfChanged(s, next); err != nil {
		return control.Answer{}, nil, err
	}
	return control.Answer{Done: done, Status: h.status(s)}, changed, nil
}

// putIfChanged saves a sync when a request finds everything as it should be. The caller holds h.mu.
func (h *Host) putIfChanged(s *service, next record) error {
	before, err1 := json.Marshal(s.rec)
	after, err2 := json.Marshal(next)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if string(before) == string(after) {
		return nil
	}
	if h.services[s.rec.Service.String()] == nil {
		return nil // a request for a service that does not exist leaves nothing behind
	}
	return h.put(s, next)
}

// admit refuses requests of runs that have lost the lock, and requests that a later one has overtaken. It reports whether
// this very request was executed before. The caller holds h.mu.
func (h *Host) admit(op control.Op, hash string, next *record) (repeated bool, err error) {
	l := h.locks[op.Service.Place]
	if l.Holder == nil || l.Fence != op.Fence || op.Fence < next.Fence {
		return false, control.Errorf(control.StaleFence, "fencing number %d of %s is stale: the lock has %d now", op.Fence, op.Service.Place, l.Fence)
	}
	if op.Fence > next.Fence {
		next.Fence, next.Order = op.Fence, 0
	}
	if op.Order != 0 && op.Order < next.Order {
		return false, control.Errorf(control.StaleOrder, "request %d came after request %d of the same run", op.Order, next.Order)
	}
	next.Order = max(next.Order, op.Order)
	for _, k := range next.Keys {
		if k.Key != op.Key {
			continue
		}
		if k.Hash != hash {
			return false, control.Errorf(control.KeyReused, "key %q belongs to a different request", op.Key)
		}
		return k.Order == op.Order, nil
	}
	return false, nil
}

// remember adds an executed request, once per key.
func remember(keys []keyRecord, k keyRecord) []keyRecord {
	for i := range keys {
		if keys[i].Key == k.Key {
			keys[i] = k
			return keys
		}
	}
	keys = append(keys, k)
	return keys[max(0, len(keys)-keptKeys):]
}

// hashOf returns a digest of what a request asks for.
func hashOf(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), nil
}

// ready reports whether a version can serve, and says why it never will without help.
func (s *service) ready(v *versionRecord) (bool, error) {
	r := s.runners[v.Generation]
	if r == nil {
		return false, nil // recorded in this step; it is started when the record is written
	}
	st, reason, log := r.status()
	switch st {
	case control.Running:
		return true, nil
	case control.Failed:
		e := control.Errorf(control.NotReady, "%s: version %s is not ready: %s", s.rec.Service, v.Spec.Version, reason)
		e.Log = log
		return false, e
	case control.NeedsSecrets:
		return false, control.Errorf(control.MissSecrets, "%s: version %s: %s", s.rec.Service, v.Spec.Version, reason)
	}
	return false, nil
}
