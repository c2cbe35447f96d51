package host

import (
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
)

// Acquire takes the lock of a place. Its number grows with every holder and is never used again.
func (h *Host) Acquire(req *control.Acquire) (control.Lock, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.locks[req.Place]
	free := l.Holder == nil || !l.Until.IsZero() && time.Now().After(l.Until)
	if !free && l.Holder.Run != req.Holder.Run && !req.Break {
		e := control.Errorf(control.Locked, "%s is locked by run %s (%s) since %s", req.Place, l.Holder.Run, l.Holder.Actor, l.Holder.Since.UTC().Format(time.RFC3339))
		holder := *l.Holder
		e.Holder = &holder
		return l, e
	}
	same := !free && l.Holder.Run == req.Holder.Run && !req.Break
	next := l
	next.Place, next.Until = req.Place, time.Time{}
	if req.TTL > 0 {
		next.Until = time.Now().Add(req.TTL).UTC()
	}
	if !same {
		next.Fence++
		holder := req.Holder
		if holder.Since.IsZero() {
			holder.Since = time.Now().UTC()
		}
		next.Holder = &holder
	}
	return next, h.putLock(next)
}

// Release gives a lock up, or prolongs it.
func (h *Host) Release(req *control.Release) (control.Lock, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := h.locks[req.Place]
	if next.Holder == nil || next.Fence != req.Fence {
		return next, control.Errorf(control.StaleFence, "fencing number %d of %s is stale: the lock has %d now", req.Fence, req.Place, next.Fence)
	}
	if req.Renew > 0 {
		next.Until = time.Now().Add(req.Renew).UTC()
		return next, h.putLock(next)
	}
	next.Holder, next.Until = nil, time.Time{}
	return next, h.putLock(next)
}

// putLock makes a lock durable and then true. The caller holds h.mu.
func (h *Host) putLock(next control.Lock) error {
	if h.frozen {
		return errReplaced()
	}
	old, had := h.locks[next.Place]
	h.locks[next.Place] = next
	err := h.save(nil)
	if err == nil {
		return nil
	}
	if had {
		h.locks[next.Place] = old
	} else {
		delete(h.locks, next.Place)
	}
	return err
}
