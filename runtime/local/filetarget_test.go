package local

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
)

// fileTarget is a target whose world is a file, so that it outlives the process that is killed. It keeps the contract of
// package targets: guards first, then a look, then the change.
type fileTarget struct{ path string }

// fileWorld is what the file holds.
type fileWorld struct {
	Stable, Canary, Prior string
	Weight                float64
	Fence, Order          uint64
	Holder                targets.Holder
	Held                  bool
	Lock                  uint64
	// Began is when counting began: 1,000 requests a second since then.
	Began time.Time
	// Changes counts the effects.
	Changes int
}

func (f *fileTarget) Kind() string { return "process" }
func (f *fileTarget) Close() error { return nil }

// with reads the world, lets change work on it, and writes it back in one step.
func (f *fileTarget) with(change func(*fileWorld) error) error {
	lock, err := os.OpenFile(f.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	var w fileWorld
	b, err := os.ReadFile(f.path)
	if err == nil {
		err = json.Unmarshal(b, &w)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := change(&w); err != nil {
		return err
	}
	if b, err = json.Marshal(w); err != nil {
		return err
	}
	if err := os.WriteFile(f.path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(f.path+".new", f.path)
}

// write makes a change through the guards; it takes a moment, so that processes are killed in the middle of it.
func (f *fileTarget) write(c targets.Call, change func(*fileWorld) error) error {
	time.Sleep(5 * time.Millisecond)
	err := f.with(func(w *fileWorld) error {
		if !w.Held || w.Lock != c.Fence {
			return targets.ErrStaleFence
		}
		if w.Fence == c.Fence && c.Order < w.Order {
			return targets.ErrStaleOrder
		}
		w.Fence, w.Order = c.Fence, c.Order
		w.Changes++
		return change(w)
	})
	time.Sleep(5 * time.Millisecond)
	return err
}

func (f *fileTarget) Observe(context.Context, targets.Deploy) (targets.Observed, error) {
	var o targets.Observed
	err := f.with(func(w *fileWorld) error {
		o = targets.Observed{Stable: w.Stable, Canary: w.Canary, Prior: w.Prior, Weight: w.Weight, CanaryReady: w.Canary != "", StableReady: w.Stable != ""}
		return nil
	})
	return o, err
}

func (f *fileTarget) Stage(_ context.Context, c targets.Call, d targets.Deploy, _ plan.StageOp) (targets.Staged, error) {
	return targets.Staged{Version: d.Version}, f.write(c, func(w *fileWorld) error {
		if w.Stable != d.Version {
			w.Canary = d.Version
		}
		return nil
	})
}

func (f *fileTarget) Unstage(_ context.Context, c targets.Call, d targets.Deploy) error {
	return f.write(c, func(w *fileWorld) error {
		if w.Canary == d.Version {
			w.Canary, w.Weight = "", 0
		}
		return nil
	})
}

func (f *fileTarget) Shift(_ context.Context, c targets.Call, d targets.Deploy, to plan.Shift) (float64, error) {
	return to.Weight, f.write(c, func(w *fileWorld) error {
		switch {
		case w.Canary == d.Version:
			w.Weight = to.Weight
		case to.Weight > 0:
			return targets.ErrNoVersion
		}
		return nil
	})
}

func (f *fileTarget) Commit(_ context.Context, c targets.Call, d targets.Deploy, _ plan.Commit) error {
	return f.write(c, func(w *fileWorld) error {
		if w.Stable == d.Version {
			return nil
		}
		if w.Canary != d.Version {
			return targets.ErrNoVersion
		}
		w.Prior, w.Stable, w.Canary, w.Weight = w.Stable, d.Version, "", 0
		return nil
	})
}

func (f *fileTarget) Restore(_ context.Context, c targets.Call, d targets.Deploy, prior targets.Prior) error {
	return f.write(c, func(w *fileWorld) error {
		if w.Stable == d.Version {
			w.Stable, w.Prior = prior.Version, ""
		}
		w.Canary, w.Weight = "", 0
		return nil
	})
}

func (f *fileTarget) Retire(_ context.Context, c targets.Call, _ targets.Deploy, _ targets.Prior) error {
	return f.write(c, func(w *fileWorld) error { w.Prior = ""; return nil })
}

func (f *fileTarget) Lock(_ context.Context, _ targets.Place, h targets.Holder) (uint64, error) {
	var fence uint64
	err := f.with(func(w *fileWorld) error {
		if w.Held && w.Holder.Run != h.Run {
			return &targets.LockedError{Holder: w.Holder}
		}
		if !w.Held {
			w.Lock++
		}
		w.Held, w.Holder, fence = true, h, w.Lock
		return nil
	})
	return fence, err
}

func (f *fileTarget) Unlock(_ context.Context, _ targets.Place, fence uint64) error {
	return f.with(func(w *fileWorld) error {
		if !w.Held || w.Lock != fence {
			return targets.ErrStaleFence
		}
		w.Held = false
		return nil
	})
}

func (f *fileTarget) Break(ctx context.Context, p targets.Place, h targets.Holder) (uint64, error) {
	return 0, errors.New("not in this test")
}

// Counts gives both versions a thousand requests a second, whatever the weight: the split is not looked at (sticky).
func (f *fileTarget) Counts(_ context.Context, d targets.Deploy, _ time.Duration) (targets.Pair, error) {
	p := targets.Pair{At: time.Now()}
	err := f.with(func(w *fileWorld) error {
		if w.Began.IsZero() {
			w.Began = time.Now()
		}
		all := time.Since(w.Began).Seconds() * 1000
		p.Weight = w.Weight
		p.Stable = targets.Counts{Total: uint64(all), Bad: uint64(all / 1000), Since: w.Began}
		p.Canary = targets.Counts{Total: uint64(all), Bad: uint64(all * badShare(d)), Since: w.Began}
		return nil
	})
	return p, err
}

// badShare is what the new version fails of its requests.
func badShare(d targets.Deploy) float64 {
	var spec struct {
		Bad bool `json:"bad"`
	}
	if json.Unmarshal(d.Spec, &spec) == nil && spec.Bad {
		return 0.4
	}
	return 0.001
}
