package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
)

// place is an environment as its target knows it.
func (d *driver) place(env string) targets.Place {
	e := d.o.Plan.Envs[env]
	return targets.Place{ID: e.Place, Env: env, Config: e.Config}
}

// locker is the target that keeps an environment's lock.
func (d *driver) locker(ctx context.Context, env string) (targets.Locker, error) {
	drv, err := d.o.Exec.Driver(ctx, d.o.Plan.Envs[env].Kind)
	if err != nil {
		return nil, err
	}
	l, ok := drv.(targets.Locker)
	if !ok {
		return nil, fmt.Errorf("the %s target keeps no locks", drv.Kind())
	}
	return l, nil
}

// whole asks a target something whose answer must not get lost: the question isn't cut off when the driver stops.
func (d *driver) whole(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d.o.CallLimit)
}

// acquire tries to get a lock for as long as the run goes on. What is answered when nobody listens any more is given back.
func (d *driver) acquire(ctx context.Context, c machine.AcquireLock) {
	w := lockWait{pause: d.o.LockEvery, since: time.Now()}
	for {
		fence, err := d.lock(ctx, c.Env)
		if err == nil {
			got := event.Event{Type: event.LockAcquired, Env: c.Env}.With(event.Lock{Place: c.Place, Fence: fence})
			if d.send(answer{events: []event.Event{got}, then: func() error { d.strays.clear(c.Env); d.held[c.Env] = fence; return nil }}) {
				return
			}
			if d.unlock(ctx, c.Env, fence) == nil { // else the next resume of the run gives it back
				d.strays.clear(c.Env)
			}
			return
		}
		var locked *targets.LockedError
		if errors.As(err, &locked) {
			d.strays.clear(c.Env)
			w.since = time.Now()
			d.meet(ctx, c, &w, locked.Holder)
		} else {
			d.cannotLock(c, &w, err)
		}
		if !sleep(ctx, jittered(w.pause)) {
			return
		}
		w.pause = min(2*w.pause, 10*d.o.LockEvery)
	}
}

func (d *driver) lock(ctx context.Context, env string) (uint64, error) {
	ctx, stop := d.whole(ctx)
	defer stop()
	l, err := d.locker(ctx, env)
	if err != nil {
		return 0, err
	}
	h := d.o.Holder
	h.Since = time.Now().UTC()
	d.strays.suspect(env)
	return l.Lock(ctx, d.place(env), h)
}

func (d *driver) unlock(ctx context.Context, env string, fence uint64) error {
	ctx, stop := d.whole(ctx)
	defer stop()
	l, err := d.locker(ctx, env)
	if err != nil {
		return err
	}
	return l.Unlock(ctx, d.place(env), fence)
}

// lockWait is one wait for a lock.
type lockWait struct {
	holder string // whose run was last seen
	pause  time.Duration
	since  time.Time // when the target last answered
	given  int       // how often this was given up
	asked  bool      // the holder was asked to make room
}

// meet deals with a lock that another run holds, as the plan's concurrency says.
func (d *driver) meet(ctx context.Context, c machine.AcquireLock, w *lockWait, h targets.Holder) {
	if h.Run != w.holder {
		w.holder, w.asked = h.Run, false
		d.sendEvents(event.Event{Type: event.LockWaiting, Env: c.Env}.With(event.Lock{Place: c.Place, Holder: holderText(h)}))
	}
	if w.asked {
		return
	}
	w.asked = true
	switch d.o.Plan.Concurrency {
	case plan.ConcurrencyReject:
		d.giveUp("rejected: " + c.Env + " is locked by " + holderText(h))
	case plan.ConcurrencySupersede:
		d.supersede(ctx, c, h)
	}
}

// giveUp has the run aborted by penstock itself.
func (d *driver) giveUp(reason string) {
	a := event.Abort{Kind: "abort", By: event.Actor{Name: "penstock", How: "penstock"}, Reason: reason}
	d.sendEvents(event.Event{Type: event.RunAbort}.With(a))
}

// supersede asks an older run to return to stable, where this run's commit descends from that run's. A run whose commit is
// an ancestor of the holder's is out of date and given up; of two that are on different lines neither replaces the other,
// and this one waits.
func (d *driver) supersede(ctx context.Context, c machine.AcquireLock, h targets.Holder) {
	if d.o.Descends == nil || d.o.Commit == "" || h.Commit == "" || h.Commit == d.o.Commit {
		d.sendEvents(note("run %s is not superseded: it is not known that this commit descends from its commit; waiting", h.Run))
		return
	}
	ok, err := d.o.Descends(ctx, d.o.Commit, h.Commit)
	switch {
	case err != nil:
		d.sendEvents(note("run %s is not superseded: %s; waiting", h.Run, oneLine(err)))
		return
	case !ok:
		if older, err := d.o.Descends(ctx, h.Commit, d.o.Commit); err == nil && older {
			d.giveUp(fmt.Sprintf("run %s releases commit %s to %s, which is newer than %s", h.Run, h.Commit, c.Env, d.o.Commit))
			return
		}
		d.sendEvents(note("run %s is not superseded: commit %s does not descend from its commit %s; waiting", h.Run, d.o.Commit, h.Commit))
		return
	}
	reached := d.requestAtTarget(ctx, c.Env, h.Run)
	if !reached {
		reached = d.requestByInbox(ctx, h)
	}
	if !reached {
		d.sendEvents(note("run %s can't be asked to make room from here; waiting", h.Run))
		return
	}
	d.sendEvents(note("run %s was asked to return to stable and make room", h.Run))
}

// requestAtTarget leaves the wish where the lock is, for the run that was seen to hold it.
func (d *driver) requestAtTarget(ctx context.Context, env, older string) bool {
	ctx, stop := d.whole(ctx)
	defer stop()
	l, err := d.locker(ctx, env)
	if err != nil {
		return false
	}
	s, ok := l.(targets.Superseder)
	return ok && s.RequestSupersede(ctx, d.place(env), older, d.o.Holder, "commit "+d.o.Commit) == nil
}

// requestByInbox leaves the wish with the run itself, when it is in this very store.
func (d *driver) requestByInbox(ctx context.Context, h targets.Holder) bool {
	if d.o.Inbox == nil {
		return false
	}
	a := event.Event{}.With(event.Abort{Kind: "supersede", By: d.o.By, Reason: "commit " + d.o.Commit, Successor: d.run})
	_, err := d.o.Inbox.Post(ctx, store.Message{Run: event.RunID(h.Run), Kind: store.Supersede, Body: a.Data, At: time.Now().UTC(), From: d.o.By})
	return err == nil
}

// cannotLock deals with a target that doesn't answer: after a while the run is aborted, and when that needs the lock too,
// it is left unsettled.
func (d *driver) cannotLock(c machine.AcquireLock, w *lockWait, err error) {
	if w.holder != "?" {
		w.holder = "?"
		d.sendEvents(note("the lock of %s can't be asked for: %s; trying again", c.Env, oneLine(err)))
	}
	if time.Since(w.since) < d.o.Patience {
		return
	}
	w.since = time.Now()
	w.given++
	reason := fmt.Sprintf("the lock of %s can't be asked for: %s", c.Env, oneLine(err))
	a := event.Abort{Kind: "abort", By: event.Actor{Name: "penstock", How: "penstock"}, Reason: reason, Hard: w.given > 1}
	d.sendEvents(event.Event{Type: event.RunAbort}.With(a))
}

// release gives a lock back. One that can't be given back although it is tried for long is left behind, and said: nothing
// of this run needs it any more.
func (d *driver) release(ctx context.Context, c machine.ReleaseLock) {
	began, pause := time.Now(), d.o.LockEvery
	lock := event.Lock{Place: c.Place, Fence: c.Fence}
	for {
		err := d.unlock(ctx, c.Env, c.Fence)
		switch {
		case err == nil:
			d.sendEvents(event.Event{Type: event.LockReleased, Env: c.Env}.With(lock))
			return
		case errors.Is(err, targets.ErrStaleFence):
			d.sendEvents(event.Event{Type: event.LockLost, Env: c.Env}.With(lock))
			return
		case time.Since(began) > d.o.Patience:
			d.sendEvents(
				note("the lock of %s could not be given back: %s; it is left behind", c.Env, oneLine(err)),
				event.Event{Type: event.LockLost, Env: c.Env}.With(lock),
			)
			return
		}
		if !sleep(ctx, jittered(pause)) {
			return
		}
		pause = min(2*pause, 10*d.o.LockEvery)
	}
}

// pollSupersede watches, where locks are, for the wish of a newer run.
func (d *driver) pollSupersede(ctx context.Context) {
	if d.o.Plan.Concurrency != plan.ConcurrencySupersede {
		return
	}
	for sleep(ctx, jittered(2*d.o.LockEvery)) {
		held := make(chan []string, 1)
		if !d.send(answer{then: func() error { held <- sortedKeys(d.held); return nil }}) {
			return
		}
		select {
		case <-d.gone:
			return
		case envs := <-held:
			for _, env := range envs {
				if by, ok := d.supersededBy(ctx, env); ok {
					a := event.Abort{Kind: "supersede", By: event.Actor{Name: by.Actor, How: "penstock"}, Successor: event.RunID(by.Run)}
					if by.Commit != "" {
						a.Reason = "commit " + by.Commit
					}
					d.sendEvents(event.Event{Type: event.RunAbort}.With(a))
					return
				}
			}
		}
	}
}

func (d *driver) supersededBy(ctx context.Context, env string) (targets.Holder, bool) {
	ctx, stop := context.WithTimeout(ctx, d.o.CallLimit)
	defer stop()
	l, err := d.locker(ctx, env)
	if err != nil {
		return targets.Holder{}, false
	}
	s, ok := l.(targets.Superseder)
	if !ok {
		return targets.Holder{}, false
	}
	by, asked, err := s.SupersedeRequested(ctx, d.place(env), string(d.run))
	return by, asked && err == nil
}

// holderText says to whoever waits who holds a lock, and what to do when nobody is there any more.
func holderText(h targets.Holder) string {
	s := "run " + h.Run
	if h.Actor != "" {
		s += " of " + h.Actor
	}
	if h.PID != 0 {
		s += fmt.Sprintf(" (process %d on %s, since %s)", h.PID, h.Host, h.Since.UTC().Format(time.RFC3339))
	}
	if gone(h) {
		s += fmt.Sprintf("; that process is gone: `penstock resume %s` where it was started settles it", h.Run)
	}
	return s
}

// jittered spreads a pause by a quarter, so that those who wait don't ask together.
func jittered(d time.Duration) time.Duration {
	return d - d/8 + rand.N(d/4+1)
}

// sleep waits and reports whether it was not cut short.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
