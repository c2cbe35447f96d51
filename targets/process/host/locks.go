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
	holder := req.Holder // also of the same run: another process may go on with it
	if holder.Since.IsZero() {
		holder.Since = time.Now().UTC()
	}
	next.Holder = &holder
	if !same {
		next.Fence++
		next.Wish = nil
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
	next.Holder, next.Until, next.Wish = nil, time.Time{}, nil
	return next, h.putLock(next)
}

// AskLock leaves a wish with a lock, for its holder to find. The latest wish counts.
func (h *Host) AskLock(req *control.AskLock) (control.Lock, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := h.locks[req.Place]
	if next.Holder == nil || next.Holder.Run != req.Of {
		return next, nil // it changed hands since it was looked at
	}
	wish := req.Wish
	switch {
	case next.Wish != nil && next.Wish.Run == wish.Run:
		wish.Since = next.Wish.Since
	case wish.Since.IsZero():
		wish.Since = time.Now().UTC()
	}
	next.Wish = &wish
	return next, h.putLock(next)
}

// Lock returns the lock of a place as it is now.
func (h *Host) Lock(place string) control.Lock {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.locks[place]
	l.Place = place
	return l
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
