package local

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/targets"
)

// strayTries is how often a target is asked whether the run still holds a lock there, before the run ends without knowing.
const strayTries = 3

// strays are the environments whose lock the run may hold although no fact says so: it was asked for, and the answer is
// not recorded, by this process or by one that died in between.
type strays struct {
	mu   sync.Mutex
	envs map[string]bool
}

func (s *strays) suspect(env string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.envs[env] = true
}

func (s *strays) clear(env string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.envs, env)
}

func (s *strays) sorted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.envs))
}

// suspectAll doubts every lock of the plan: a former process may have died between taking one and recording it.
func (d *driver) suspectAll() {
	for i := range d.o.Plan.Nodes {
		if env := d.o.Plan.Nodes[i].Lock; env != "" {
			d.strays.suspect(env)
		}
	}
}

// acquiring is a goroutine that asks for a lock.
type acquiring struct {
	stop context.CancelFunc
	done chan struct{}
}

// beginAcquire asks for a lock beside the owner.
func (d *driver) beginAcquire(ctx context.Context, c machine.AcquireLock) {
	ctx, stop := context.WithCancel(ctx)
	a := acquiring{stop: stop, done: make(chan struct{})}
	d.acquires[c.Env] = a
	d.spawn(func() {
		defer close(a.done)
		defer stop()
		d.acquire(ctx, c)
	})
}

// giveBackStrays leaves no lock behind when the run ends or parks: nobody asks for one any more, and what was taken without
// being recorded is given back.
func (d *driver) giveBackStrays(ctx context.Context) error {
	late := time.NewTimer(d.o.Linger)
	defer late.Stop()
	for _, a := range d.acquires {
		a.stop()
	}
	for _, env := range sortedKeys(d.acquires) {
		select {
		case <-d.acquires[env].done:
		case <-late.C:
			late.Reset(0) // the others get no more time
		}
	}
	var said []event.Event
	for _, env := range d.strays.sorted() {
		gave, err := d.giveBackStray(ctx, env)
		if ctx.Err() != nil {
			return context.Cause(ctx) // the run goes on when it is resumed
		}
		switch {
		case err != nil:
			said = append(said, note("the lock of %s may be left behind: %s", env, oneLine(err)))
		case gave:
			said = append(said, note("the lock of %s had been taken and not recorded; it was given back", env))
		}
		d.strays.clear(env)
	}
	return d.fold(said)
}

// giveBackStray gives an environment's lock back if it is this run's; false means that it isn't, or that the target can't
// tell.
func (d *driver) giveBackStray(ctx context.Context, env string) (gave bool, err error) {
	for try := range strayTries {
		if try > 0 && !sleep(ctx, jittered(d.o.LockEvery)) {
			return false, context.Cause(ctx)
		}
		var h targets.Holder
		var fence uint64
		var held bool
		if h, fence, held, err = d.lockHolder(ctx, env); err != nil {
			continue
		}
		if !held || h.Run != string(d.run) {
			return false, nil
		}
		if err = d.unlock(ctx, env, fence); err == nil {
			return true, nil
		}
		if errors.Is(err, targets.ErrStaleFence) {
			return false, nil
		}
	}
	return false, err
}

func (d *driver) lockHolder(ctx context.Context, env string) (h targets.Holder, fence uint64, held bool, err error) {
	ctx, stop := context.WithTimeout(ctx, d.o.CallLimit)
	defer stop()
	l, err := d.locker(ctx, env)
	if err != nil {
		return h, 0, false, err
	}
	t, ok := l.(targets.LockTeller)
	if !ok {
		return h, 0, false, nil
	}
	return t.LockHolder(ctx, d.place(env))
}
