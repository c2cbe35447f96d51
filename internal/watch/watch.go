// Package watch bounds the time and the memory of work that can't be cancelled, such as the evaluation of CUE.
//
// The work runs in a goroutine of its own and is left to itself when it goes beyond a bound: its memory is free only once
// it ends. A command then says why and exits; a server should do the same with a process of its own, or restart.
package watch

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/penstock-dev/penstock/internal/diag"
)

// Limits bound work. Zero is no bound.
type Limits struct {
	// Timeout is how long the work may take, PerMB what it may take longer for each megabyte that it reads, up to Most.
	Timeout, PerMB, Most time.Duration
	// Memory is how many bytes the process may have from the system.
	Memory int64
	// Collect, when set, takes the garbage collector from Go: it runs when the work has begun to use so many bytes, and
	// whenever a quarter of that has come on top. It is for commands, where nearly all that is allocated stays live.
	Collect int64
}

// Reason says which bound was passed.
type Reason string

// The reasons.
const (
	Time   Reason = "time"
	Memory Reason = "memory"
	// Depth is a recursion that doesn't come back: the stack would end the process before the memory is used up.
	Depth Reason = "depth"
)

// Exceeded is the error of work that went beyond a bound.
type Exceeded struct {
	Reason Reason
	// Place is where the work was.
	Place diag.Range
	// Timeout is how long it could take, as a whole.
	Timeout time.Duration
}

func (e *Exceeded) Error() string {
	return fmt.Sprintf("%s: it goes beyond its bound of %s", e.Place, e.Reason)
}

const (
	// interval is how often the bounds are looked at. Go takes some 10 MB from the system in this time.
	interval = 5 * time.Millisecond
	// maxStack is far above what an evaluation needs, and far below the gigabyte at which Go ends the process.
	maxStack = 192 << 20
)

// Run does the work. Beyond a bound it returns an *Exceeded, when ctx ends the context's error; the work then goes on alone,
// with a context that has ended, and Go's collector stays off if Run had it.
func Run(ctx context.Context, l Limits, d *Doing, work func(context.Context) error) error {
	if l == (Limits{}) {
		return work(ctx)
	}
	w := &watcher{Limits: l, doing: d, start: time.Now(), next: l.Collect}
	w.total, w.stack = memory() // a stack that nobody uses any more is kept for a while
	giveBack := w.takeCollector()
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	done, broken := make(chan error, 1), make(chan string, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				broken <- fmt.Sprintf("%v\n\n%s", r, debug.Stack())
			}
		}()
		done <- work(inner)
	}()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			giveBack()
			return err
		case r := <-broken:
			giveBack()
			panic(r) // where the caller can recover it
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if e := w.look(); e != nil {
				return e
			}
		}
	}
}

// watcher looks at the bounds of one Run.
type watcher struct {
	Limits
	doing *Doing
	start time.Time
	// total and stack are what the process had when it was last looked at, and at the start.
	total, stack int64
	// next is the total at which it is collected.
	next int64
	// leapt says that something large was allocated at once. Go can't collect while it is filled, and nobody could look at the
	// bounds while Go waits for that: from then on nothing is collected.
	leapt bool
}

// look compares with the bounds. A part of each is kept back, so that what follows, a report at least, is inside it too.
func (w *watcher) look() *Exceeded {
	allowed := w.Timeout
	if allowed > 0 && w.PerMB > 0 {
		allowed = max(allowed, min(w.Most, allowed+time.Duration(float64(w.PerMB)*float64(w.doing.bytes())/1e6)))
	}
	total, stack := memory()
	w.leapt = w.leapt || total-w.total > leap
	w.total = total
	e := &Exceeded{Place: w.doing.place(), Timeout: allowed}
	switch {
	case allowed > 0 && time.Since(w.start) > allowed-allowed/20:
		e.Reason = Time
	case stack-w.stack > maxStack:
		e.Reason = Depth
	case w.Memory > 0 && total > w.Memory-w.Memory/4:
		e.Reason = Memory
	default:
		if w.Collect > 0 && total > w.next && !w.leapt {
			runtime.GC()
			w.total, _ = memory()
			w.next = w.total + w.Collect/4
		}
		return nil
	}
	return e
}

// leap is more than small objects take in an interval.
const leap = 64 << 20

// takeCollector switches Go's collector off where it is asked for.
func (w *watcher) takeCollector() (giveBack func()) {
	if w.Collect == 0 {
		return func() {}
	}
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(math.MaxInt64)
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}
}

// memory is what Go has from the system, and the part of it that is stacks. The text of the program comes on top.
func memory() (total, stack int64) {
	s := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"},
	}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64()), int64(s[2].Value.Uint64())
}

// Doing knows where work is, so that a bound that was passed has a place. A nil *Doing knows nothing.
type Doing struct {
	mu     sync.Mutex
	read   int64
	active []*step
	last   diag.Range
}

type step struct {
	at    diag.Range
	outer bool
}

// Begin notes what is worked on until the returned function is called. Outer steps are those that others lie in.
func (d *Doing) Begin(at diag.Range, outer bool) (end func()) {
	if d == nil {
		return func() {}
	}
	s := &step{at, outer}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.active, d.last = append(d.active, s), at
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for i, o := range d.active {
			if o == s {
				d.active = append(d.active[:i], d.active[i+1:]...)
				return
			}
		}
	}
}

// Read notes that n bytes of input were read.
func (d *Doing) Read(n int) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.read += int64(n)
}

func (d *Doing) bytes() int64 {
	if d == nil {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read
}

// place is where the oldest step is that no other lies in; between steps where the last one was.
func (d *Doing) place() diag.Range {
	if d == nil {
		return diag.Range{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	found := d.last
	for _, s := range d.active {
		if !s.outer {
			return s.at
		}
		found = s.at
	}
	return found
}
