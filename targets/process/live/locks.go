package live

import (
	"context"

	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/process/control"
)

var (
	_ targets.Locker     = (*Driver)(nil)
	_ targets.Superseder = (*Driver)(nil)
	_ targets.LockTeller = (*Driver)(nil)
)

// Lock takes the place's lock.
func (d *Driver) Lock(ctx context.Context, p targets.Place, h targets.Holder) (uint64, error) {
	return d.acquire(ctx, p, h, false)
}

// Break takes the place's lock away from whoever holds it.
func (d *Driver) Break(ctx context.Context, p targets.Place, h targets.Holder) (uint64, error) {
	return d.acquire(ctx, p, h, true)
}

func (d *Driver) acquire(ctx context.Context, p targets.Place, h targets.Holder, force bool) (uint64, error) {
	cl, _, err := d.client(p)
	if err != nil {
		return 0, err
	}
	l, err := cl.Acquire(ctx, control.Acquire{Place: string(p.ID), Break: force, Holder: controlHolder(h)})
	if err != nil {
		return 0, refused(targets.Call{}, err)
	}
	return l.Fence, nil
}

// Unlock gives the place's lock up.
func (d *Driver) Unlock(ctx context.Context, p targets.Place, fence uint64) error {
	cl, _, err := d.client(p)
	if err != nil {
		return err
	}
	_, err = cl.Release(ctx, control.Release{Place: string(p.ID), Fence: fence})
	return refused(targets.Call{}, err)
}

// LockHolder tells who holds the place's lock. Where nothing was ever released it starts no host to find that out.
func (d *Driver) LockHolder(ctx context.Context, p targets.Place) (h targets.Holder, fence uint64, held bool, err error) {
	l, err := d.look(ctx, p)
	return holderOf(l.Holder), l.Fence, l.Holder != nil, err
}

// RequestSupersede leaves the wish of a newer run with the lock that the older one holds.
func (d *Driver) RequestSupersede(ctx context.Context, p targets.Place, older string, h targets.Holder, reason string) error {
	cl, _, err := d.client(p)
	if err != nil {
		return err
	}
	wish := control.Wish{Holder: controlHolder(h), Reason: reason}
	_, err = cl.AskLock(ctx, control.AskLock{Place: string(p.ID), Of: older, Wish: wish})
	return refused(targets.Call{}, err)
}

// SupersedeRequested tells the run that holds the place's lock who wants it to make room.
func (d *Driver) SupersedeRequested(ctx context.Context, p targets.Place, run string) (by targets.Holder, requested bool, err error) {
	l, err := d.look(ctx, p)
	if err != nil || l.Wish == nil || l.Holder == nil || l.Holder.Run != run {
		return targets.Holder{}, false, err
	}
	return holderOf(&l.Wish.Holder), true, nil
}

// look asks for the place's lock; where no host ever had anything to keep it is free.
func (d *Driver) look(ctx context.Context, p targets.Place) (control.Lock, error) {
	cl, dirs, err := d.client(p)
	if err != nil || !hasState(dirs) {
		return control.Lock{}, err
	}
	l, err := cl.Lock(ctx, string(p.ID))
	return l, refused(targets.Call{}, err)
}

// holderOf and controlHolder translate who holds a lock.
func holderOf(h *control.Holder) targets.Holder {
	if h == nil {
		return targets.Holder{}
	}
	return targets.Holder{Run: h.Run, Actor: h.Actor, Command: h.Command, Host: h.Host, PID: h.PID, Since: h.Since, Commit: h.Commit}
}

func controlHolder(h targets.Holder) control.Holder {
	return control.Holder{Run: h.Run, Actor: h.Actor, Command: h.Command, Host: h.Host, PID: h.PID, Since: h.Since, Commit: h.Commit}
}
