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
	"github.com/penstock-dev/penstock/targets"
)

// How often a lock's keeper may fail in a row before the run is stopped, and by how much the pauses between grow.
const (
	lockTries   = 8
	lockBackoff = 15 * time.Second
)

// penstock is who acts when no person does.
func penstock() event.Actor { return event.Actor{Name: "penstock", How: "penstock"} }

// locks takes and gives back the locks of environments.
type locks struct {
	d *driver
	// held is what the journal says: the fencing number of each environment whose lock the run has.
	held map[string]uint64
	// got are the locks taken in this process.
	got map[string]lock
}

// lock is one that this process took.
type lock struct {
	targets.Locker
	place targets.Place
	fence uint64
	// unwatch ends the questions whether a successor asked for it.
	unwatch context.CancelFunc
}

// fold follows the journal.
func (l *locks) fold(e event.Event) {
	switch e.Type {
	case event.LockAcquired:
		if x, err := event.Payload[event.Lock](e); err == nil {
			l.held[e.Env] = x.Fence
		}
	case event.LockReleased, event.LockLost:
		delete(l.held, e.Env)
		if g, ok := l.got[e.Env]; ok {
			g.unwatch()
			delete(l.got, e.Env)
		}
	}
}

// lost reports that somebody else has taken a lock, unless the journal knows.
func (l *locks) lost(env string, fence uint64) {
	if now, ok := l.held[env]; !ok || now != fence {
		return
	}
	x := event.Lock{Place: l.d.o.Plan.Envs[env].Place, Fence: fence}
	l.d.emit(event.Event{Type: event.LockLost, Env: env}.With(x), nil)
	delete(l.held, env) // once, also when several attempts come back with it
}

// acquire goes on trying, in a goroutine of its own, until it has the lock or the run is over.
func (l *locks) acquire(c machine.AcquireLock) {
	_, mine := l.held[c.Env]
	w := &waiter{l: l, c: c, mine: mine, told: map[string]bool{}}
	l.d.tasks.spawn(w.run)
}

// locker finds the keeper of an environment's lock.
func (l *locks) locker(ctx context.Context, env string) (targets.Locker, targets.Place, error) {
	if l.d.o.Locks == nil {
		return nil, targets.Place{}, errors.New("nothing here keeps locks")
	}
	return l.d.o.Locks.Locker(ctx, env)
}

// bounded is a context for one call to a keeper. It outlives the run's: a lock that was taken must not go unnoticed.
func (d *driver) bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(d.ctx), d.o.ReadTimeout)
}

// sleep waits for about d, between one and two times, and reports whether the run goes on.
func (d *driver) sleep(ctx context.Context, t time.Duration) bool {
	timer := time.NewTimer(t + rand.N(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// waiter is one attempt to take a lock.
type waiter struct {
	l *locks
	c machine.AcquireLock
	// mine says that the run held it before: then it has something there to settle, and waits whatever the plan says.
	mine     bool
	told     map[string]bool // holders that were reported
	failures int
}

func (w *waiter) run() {
	d := w.l.d
	for d.ctx.Err() == nil {
		pause := d.o.Poll
		k, place, fence, err := w.try()
		var locked *targets.LockedError
		switch {
		case err == nil:
			d.post(func() { w.l.acquired(w.c, lock{Locker: k, place: place, fence: fence}) })
			return
		case errors.As(err, &locked):
			w.failures = 0
			w.blocked(k, place, locked.Holder)
		default:
			w.failed(err)
			pause = min(pause<<min(w.failures, 10), lockBackoff)
		}
		if !d.sleep(d.ctx, pause) {
			return
		}
	}
}

func (w *waiter) try() (targets.Locker, targets.Place, uint64, error) {
	d := w.l.d
	ctx, cancel := d.bounded()
	defer cancel()
	k, place, err := w.l.locker(ctx, w.c.Env)
	if err != nil {
		return nil, place, 0, err
	}
	h := d.o.Holder
	h.Since = d.now()
	fence, err := k.Lock(ctx, place, h)
	return k, place, fence, err
}

// blocked reports a holder once, and does about it what the plan says.
func (w *waiter) blocked(k targets.Locker, place targets.Place, h targets.Holder) {
	d := w.l.d
	if w.told[h.Run] {
		return
	}
	w.told[h.Run] = true
	x := event.Lock{Place: w.c.Place, Holder: describe(h)}
	d.post(func() { d.emit(event.Event{Type: event.LockWaiting, Env: w.c.Env}.With(x), nil) })
	switch {
	case w.mine:
	case d.o.Plan.Concurrency == plan.ConcurrencyReject:
		reason := fmt.Sprintf("environment %s is locked by %s", w.c.Env, describe(h))
		d.post(func() {
			d.emit(event.Event{Type: event.RunAbort}.With(event.Abort{Kind: "abort", By: penstock(), Reason: reason}), nil)
		})
	case d.o.Plan.Concurrency == plan.ConcurrencySupersede:
		if err := w.supersede(k, place, h); err != nil {
			w.told[h.Run] = !targets.IsTransient(err)
			d.post(func() { d.note("%s isn't superseded: %v", describe(h), err) })
		}
	}
}

// supersede asks the holder to go back to stable and make room.
func (w *waiter) supersede(k targets.Locker, place targets.Place, h targets.Holder) error {
	d := w.l.d
	s, ok := k.(targets.Superseder)
	if !ok {
		return errors.New("where the lock is kept it can't be asked")
	}
	ctx, cancel := d.bounded()
	defer cancel()
	if d.o.Descends != nil {
		newer, err := d.o.Descends(ctx, h)
		if err != nil {
			return fmt.Errorf("whether this run is newer is unknown: %w", err)
		}
		if !newer {
			return errors.New("this run's commit doesn't descend from its")
		}
	}
	me := d.o.Holder
	me.Since = d.now()
	return s.RequestSupersede(ctx, place, me, "superseded by run "+me.Run)
}

// failed stops the run when the keeper can't be reached for long: softly, and when that is no use either, unsettled.
func (w *waiter) failed(err error) {
	d := w.l.d
	w.failures++
	if w.failures%lockTries != 0 {
		return
	}
	x := event.Abort{
		Kind: "abort", By: penstock(), Hard: w.failures > lockTries,
		Reason: fmt.Sprintf("the lock of environment %s can't be taken: %v", w.c.Env, err),
	}
	d.post(func() { d.emit(event.Event{Type: event.RunAbort}.With(x), nil) })
}

// acquired journals a lock, and listens whether a successor wants it.
func (l *locks) acquired(c machine.AcquireLock, g lock) {
	ctx, cancel := context.WithCancel(l.d.ctx)
	g.unwatch = cancel
	l.got[c.Env] = g
	x := event.Lock{Place: c.Place, Fence: g.fence}
	l.d.emit(event.Event{Type: event.LockAcquired, Env: c.Env}.With(x), nil)
	if s, ok := g.Locker.(targets.Superseder); ok && !l.d.over {
		l.d.tasks.spawn(func() { l.listen(ctx, s, g.place) })
	}
}

// listen asks whether a successor wants the lock, and has the run stopped when one does.
func (l *locks) listen(ctx context.Context, s targets.Superseder, place targets.Place) {
	d := l.d
	for d.sleep(ctx, d.o.Poll) {
		by, asked, err := s.SupersedeRequested(ctx, place, string(d.o.Run))
		if err != nil || !asked {
			continue
		}
		x := event.Abort{
			Kind: "supersede", By: event.Actor{Name: by.Actor, How: "penstock"}, Reason: "superseded by " + describe(by), Successor: event.RunID(by.Run),
		}
		d.post(func() { d.emit(event.Event{Type: event.RunAbort}.With(x), nil) })
		return
	}
}

// release gives a lock back, in a goroutine of its own.
func (l *locks) release(c machine.ReleaseLock) {
	d := l.d
	d.tasks.spawn(func() {
		err := l.unlock(c)
		if d.ctx.Err() != nil && err != nil && !errors.Is(err, targets.ErrStaleFence) {
			return
		}
		d.post(func() {
			e := event.Event{Type: event.LockReleased, Env: c.Env}
			if err != nil {
				e.Type = event.LockLost
			}
			if err != nil && !errors.Is(err, targets.ErrStaleFence) {
				d.note("the lock of environment %s could not be given back, it may stay there: %v", c.Env, err)
			}
			d.emit(e.With(event.Lock{Place: c.Place, Fence: c.Fence}), nil)
		})
	})
}

// unlock tries for a while.
func (l *locks) unlock(c machine.ReleaseLock) error {
	d := l.d
	for n := 1; ; n++ {
		err := func() error {
			ctx, cancel := d.bounded()
			defer cancel()
			k, place, err := l.locker(ctx, c.Env)
			if err != nil {
				return err
			}
			return k.Unlock(ctx, place, c.Fence)
		}()
		if err == nil || errors.Is(err, targets.ErrStaleFence) || n == lockTries {
			return err
		}
		if !d.sleep(d.ctx, min(d.o.Poll<<n, lockBackoff)) {
			return err
		}
	}
}

// giveBack releases what was taken and isn't in the journal: nobody would ever do it. What the journal has stays with the
// run, which may be resumed.
func (l *locks) giveBack() {
	for env, g := range l.got {
		g.unwatch()
		if fence, ok := l.held[env]; ok && fence == g.fence {
			continue
		}
		ctx, cancel := l.d.bounded()
		// Best effort: the process is about to end, and a resumed run gets the same lock again.
		_ = g.Unlock(ctx, g.place, g.fence)
		cancel()
	}
}

func describe(h targets.Holder) string {
	s := "run " + h.Run
	if h.Actor != "" {
		s += " of " + h.Actor
	}
	if h.Host != "" {
		s += " on " + h.Host
	}
	return s
}
